/**
 * More runs that are in progress than a browser opens connections to one server: the real server, and the page in a browser.
 */
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { generateRun } from "../../src/studio/generated-run.test-helper.ts";
import type { Looker } from "../../src/studio/looker.ts";
import { type Studio, startStudio } from "../../src/studio/server.ts";
import { Heartbeat } from "../../src/train/recording/heartbeat.ts";
import { stepLines } from "../../src/train/recording/step-log.ts";
import { listen, useStage } from "./studio.test-helper.ts";

const on = useStage();
const none = (): Promise<never> => Promise.reject(new Error("nobody looks into a network here"));
const looker: Looker = { probe: none, images: none, maps: none, cam: none, close: () => Promise.resolve() };
/** Chromium opens six connections to a server. */
const count = 8;
const firstSteps = 40;

let root = "";
let ids: string[] = [];
let growingIds: string[] = [];
let beats: Heartbeat[] = [];
let studio: Studio | undefined;
let growing: NodeJS.Timeout | undefined;
let context: BrowserContext | undefined;
const complaints: string[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tatami-many-"));
  const names = Array.from({ length: count }, (_, i) => `20260131-09450${i}-run`);
  ids = await Promise.all(names.map((id) => generateRun(root, { id, steps: firstSteps, status: "running" })));
  beats = await Promise.all(ids.map((id) => Heartbeat.start(join(root, id))));
  const topics = () => Promise.resolve([]);
  studio = await startStudio({ root, pageFolder: on.stage.folder, looker, topics, port: 46_400 });
  growingIds = [...ids];
  let step = firstSteps;
  growing = setInterval(() => {
    step++;
    const row = { step, epoch: 3, lr: 0.01, seconds: step * 0.01, samples: 32 };
    const write = (id: string): Promise<void> =>
      appendFile(
        join(root, id, "steps.ndjson"),
        stepLines([{ ...row, loss: 1 + ids.indexOf(id) + 1 / step }]),
      );
    // The folder is gone at the end of the test.
    void Promise.all(growingIds.map(write)).catch(() => undefined);
  }, 100);
});

afterEach(async () => {
  clearInterval(growing);
  await context?.close();
  await Promise.all(beats.map((beat) => beat.stop()));
  await studio?.close();
  await rm(root, { recursive: true, force: true });
  expect(complaints.splice(0)).toEqual([]);
});

async function opened(search: string): Promise<Page> {
  context ??= await on.stage.browser.newContext({ locale: "en", reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  listen(page, complaints);
  await page.goto(`${studio?.url}${search}`);
  return page;
}

const until = (check: () => Promise<boolean>): Promise<void> =>
  expect.poll(check, { timeout: 10_000, interval: 100 }).toBe(true) as unknown as Promise<void>;

/** Values at the ends of the curves. */
const values = (page: Page): Promise<string[]> => page.locator(".legend b").allTextContents();
const running = (page: Page): Promise<number> => page.locator("table").getByText("running").count();

async function end(id: string): Promise<void> {
  const path = join(root, id, "run.json");
  const info = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  await writeFile(path, JSON.stringify({ ...info, status: "done" }));
}

test("all curves of eight runs grow in one page, and its other requests are answered", async () => {
  const page = await opened(`?compare=${ids.join(",")}`);
  await page.getByRole("slider", { name: "Loss" }).waitFor();
  await until(async () => (await values(page)).length === count);
  expect(await running(page)).toBe(count);
  const before = await values(page);
  await until(async () => (await values(page)).every((value, i) => value !== before[i]));

  const [first = "", second = ""] = growingIds.splice(0, 2);
  await end(first);
  await until(async () => (await running(page)) === count - 1);
  await rm(join(root, second), { recursive: true });
  await page.getByText(`These runs no longer exist: ${second}`).waitFor();
  const later = await values(page);
  expect(later).toHaveLength(count - 1);
  await until(async () => (await values(page)).slice(1).every((value, i) => value !== later[i + 1]));

  // The list of runs, and one of them, in a second tab beside the first one.
  const other = await opened("?");
  await other.locator("table").getByRole("link", { name: "test" }).nth(3).click();
  await other.getByRole("slider", { name: "Loss" }).waitFor();
  await other.getByText("running", { exact: true }).waitFor();
});
