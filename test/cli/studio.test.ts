/** The studio as users have it: beside a training and alone, from the built package; and what kills whom. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import type { Maps, ProbeImages, RunDetail, RunList } from "../../src/studio/protocol.ts";
import { buildPackage, tatami, tatamiServing, temporaryFolder } from "./command.test-helper.ts";

beforeAll(buildPackage, 120_000);

const timeout = 90_000;

async function get<T>(url: string, path: string): Promise<T> {
  return (await (await fetch(`${url}api/${path}`)).json()) as T;
}

/** Asks until it is so. */
async function until<T>(ask: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const value = await ask();
    if (isSo(value)) return value;
    if (attempt > 300) throw new Error(`still ${JSON.stringify(value).slice(0, 500)}`);
    await setTimeout(100);
  }
}

const isGone = async (url: string): Promise<boolean> =>
  fetch(url).then(
    () => false,
    () => true,
  );

describe("tatami studio", { timeout }, () => {
  it("shows what was trained, and looks into the network", async () => {
    await using folder = await temporaryFolder();
    const trained = await tatami(folder.path, ["train", "digits", "--epochs", "2", "--json"]);
    expect([trained.code, trained.stderr]).toEqual([0, ""]);
    // Not on a terminal: recorded, and not served.
    expect(trained.events.map((e) => e.event)).toEqual(["start", "epoch", "epoch", "done"]);
    await mkdir(join(folder.path, "page"));
    await writeFile(join(folder.path, "page", "index.html"), "<head></head>");
    const words = ["studio", "runs", "--port", "47100", "--page", "page"];
    const { child, url, ended } = await tatamiServing(folder.path, words);
    const [run] = (await get<RunList>(url, "runs")).runs;
    const id = run?.id ?? "";
    const detail = await get<RunDetail>(url, `runs/${id}`);
    expect(detail).toMatchObject({
      status: "done",
      stepCount: 80,
      stepsTotal: 80,
      classes: expect.arrayContaining(["7"]),
    });
    expect(detail.snapshots[0]).toBe(0);
    expect(detail.snapshots.at(-1)).toBe(80);
    const probe = await get<ProbeImages>(url, `runs/${id}/probe`);
    expect(probe.images[0]?.png).toMatch(/^data:image\/png;base64,iVBOR/);
    const named = await get<ProbeImages>(url, `runs/${id}/probe?image=${probe.count - 1}`);
    expect([named.images[0]?.index, named.images.length]).toEqual([probe.count - 1, probe.images.length + 1]);
    expect((await get<ProbeImages>(url, `runs/${id}/probe?image=${probe.count}`)).images[0]?.index).toBe(0);

    const token = /name="tatami-token" content="([^"]+)"/.exec(await (await fetch(url)).text())?.[1] ?? "";
    const headers = { "content-type": "application/json", "x-tatami-token": token };
    const body = JSON.stringify({ layer: "features.0", step: 70, image: { index: 0 }, filters: true });
    const answer = await fetch(`${url}api/runs/${id}/maps`, { method: "POST", headers, body });
    const maps = (await answer.json()) as Maps;
    expect([maps.maps.count, maps.maps.height, maps.filters?.count]).toEqual([32, 8, 32]);
    expect(maps.step).toBeLessThanOrEqual(70);
    expect(maps.probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
    const cam = await fetch(`${url}api/runs/${id}/cam`, {
      method: "POST",
      headers,
      body: JSON.stringify({ step: 80, image: { index: 0 }, target: 3 }),
    });
    expect(await cam.json()).toMatchObject({ step: 80, target: 3, heat: { count: 1, height: 8, width: 8 } });
    child.kill("SIGINT");
    expect(await ended).toBe(0);
    expect(await isGone(url)).toBe(true);

    const list = await tatami(folder.path, ["runs", "--json"]);
    expect(list.events[0]).toMatchObject({ id, status: "done", tags: [] });
  });

  it("says what is wrong with a network that begins with zeros", async () => {
    await using folder = await temporaryFolder();
    const trained = await tatami(folder.path, [
      "train",
      "digits",
      "--init",
      "zeros",
      "--epochs",
      "2",
      "--json",
    ]);
    expect([trained.code, trained.events[0]?.init]).toEqual([0, "zeros"]);
    const { child, url, ended } = await tatamiServing(folder.path, ["studio", "--port", "47100"]);
    const [run] = (await get<RunList>(url, "runs")).runs;
    const { verdicts } = await get<RunDetail>(url, `runs/${run?.id}`);
    expect(verdicts).toContainEqual(
      expect.objectContaining({ rule: "constant-outputs", severity: "error", current: true }),
    );
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  });

  it("shows a training that was killed outright as interrupted", async () => {
    await using folder = await temporaryFolder();
    const { child, url, ended } = await tatamiServing(folder.path, ["studio", "--port", "47100"]);
    await tatami(folder.path, ["train", "digits", "--epochs", "500", "--json"], (line, training) => {
      if (line.includes('"event":"epoch","epoch":2')) training.kill("SIGKILL");
    });
    const [run] = (await get<RunList>(url, "runs")).runs;
    expect(run?.status).toBe("interrupted");
    const detail = await get<RunDetail>(url, `runs/${run?.id}`);
    expect(detail.stepCount).toBeGreaterThanOrEqual(80);
    expect((await tatami(folder.path, ["runs"])).stdout).toContain("interrupted");
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  });

  it("serves beside a training, whose end is not its own affair", async () => {
    await using folder = await temporaryFolder();
    const words = ["train", "digits", "--epochs", "12", "--studio", "--json"];
    const { url, ended } = await tatamiServing(folder.path, words);
    const list = (): Promise<RunList> => get<RunList>(url, "runs");
    const { runs } = await until(list, (found) => found.runs.length > 0);
    const id = runs[0]?.id ?? "";
    const detail = await until(
      () => get<RunDetail>(url, `runs/${id}`),
      (found) => found.stepCount > 40,
    );
    expect(detail.status).toBe("running");
    // While it is going on it cannot be removed, token or not.
    expect((await fetch(`${url}api/runs/${id}`, { method: "DELETE" })).status).toBe(403);
    expect(await ended).toBe(0);
    expect(await isGone(url)).toBe(true);
    expect(await readdir(join(folder.path, "runs", id))).not.toContain("heartbeat.json");
  });

  it.skipIf(process.platform !== "linux")("may be killed: the training goes on", async () => {
    await using folder = await temporaryFolder();
    const { child, url, ended } = await tatamiServing(folder.path, [
      "train",
      "digits",
      "--epochs",
      "12",
      "--studio",
      "--json",
    ]);
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
    for (const pid of children.trim().split(" ").map(Number)) process.kill(pid, "SIGKILL");
    await until(() => isGone(url), Boolean);
    expect(await ended).toBe(0);
    const [id = ""] = await readdir(join(folder.path, "runs"));
    const info = JSON.parse(await readFile(join(folder.path, "runs", id, "run.json"), "utf8"));
    expect(info.status).toBe("done");
  });

  it("neither records nor serves with --no-studio", async () => {
    await using folder = await temporaryFolder();
    const { events } = await tatami(folder.path, [
      "train",
      "digits",
      "--epochs",
      "1",
      "--no-studio",
      "--json",
    ]);
    const run = join(folder.path, String(events.at(-1)?.run));
    expect(
      ["steps.ndjson", "snapshots", "recording.json"].filter((name) => existsSync(join(run, name))),
    ).toEqual([]);
  });
});
