/**
 * What it costs a training that the studio is open: recorded, served, and followed by a page. The same training without any
 * of it takes turns with it.
 */
import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bench, ours } from "../bench.ts";
import { milliseconds, times } from "../figures.ts";
import { figureNames, goalBatch } from "../goals.ts";
import type { Library, OurId } from "../libraries.ts";
import type { Network } from "../networks.ts";
import { summarize } from "../timing.ts";

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** What bench/watched-training.ts writes. */
interface Turns {
  readonly first: number;
  readonly plain: readonly number[];
  readonly watched: readonly number[];
}

const message = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve, reject) => {
    child.once("message", (value) => resolve(value as T));
    child.once("exit", (code) => reject(new Error(`a process of the bench ended with ${code}`)));
  });

/** Strips that a page asks for with one request. */
const together = 12;

/** Does what a page does that shows the run: follows it, and asks for the strips of the layers in view every four seconds. */
async function follow(url: string, id: string, signal: AbortSignal): Promise<void> {
  const runs = `${url}api/runs/${id}`;
  const events = async (): Promise<void> => {
    const { body } = await fetch(`${runs}/events?from=0`, { signal });
    for await (const _ of body ?? []) signal.throwIfAborted();
  };
  const strips = async (): Promise<void> => {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 4000));
      const answer = await fetch(runs, { signal });
      const { layers } = (await answer.json()) as { readonly layers: readonly { readonly layer: string }[] };
      const names = ["activations", "gradients", "updates"].flatMap((kind) =>
        layers.slice(0, 6).map(({ layer }) => `${kind}:${layer}`),
      );
      for (let i = 0; i < names.length; i += together) {
        const query = new URLSearchParams({ columns: "320" });
        for (const name of names.slice(i, i + together)) query.append("of", name);
        await (await fetch(`${runs}/strips?${query}`, { signal })).text();
      }
    }
  };
  await Promise.all([events(), strips()]).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

async function measure(bench: Bench, library: Library, network: Network): Promise<Turns> {
  const folder = mkdtempSync(join(tmpdir(), "tatami-bench-runs-"));
  const quiet: ForkOptions = { execArgv: [], stdio: ["ignore", "pipe", "inherit", "ipc"] };
  const studio = fork(file("../../src/cli/main.js"), ["studio", "--out", folder], quiet);
  const done = new AbortController();
  try {
    const { url } = await message<{ readonly url: string }>(studio);
    const threads = library.command.args.at(-1) ?? "1";
    const words = [library.id, threads, network.id, String(Math.max(8, 2 * bench.rounds)), folder];
    const training = fork(file("../watched-training.js"), words, quiet);
    let output = "";
    training.stdout?.on("data", (piece: Buffer) => {
      output += piece.toString();
    });
    const { id } = await message<{ readonly id: string }>(training);
    const following = follow(url, id, done.signal);
    await new Promise((resolve) => training.once("close", resolve));
    done.abort();
    await following;
    return JSON.parse(output) as Turns;
  } finally {
    done.abort();
    if (studio.connected) {
      const ended = new Promise((resolve) => studio.once("exit", resolve));
      studio.disconnect();
      await ended;
    }
    rmSync(folder, { recursive: true });
  }
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

export async function benchStudio(bench: Bench): Promise<void> {
  const rows: string[][] = [];
  for (const network of bench.networks.filter(({ id }) => bench.all || id !== "resnet20")) {
    for (const library of ours(bench)) {
      const { first, plain, watched } = await measure(bench, library, network);
      const steady = (turns: readonly number[]): number => summarize(turns.slice(first)).median;
      const ratio = steady(watched) / steady(plain);
      const start = [plain, watched].map((turns) => sum(turns.slice(0, first)) / 1000) as [number, number];
      bench.figures.set(figureNames.studio(network.id, library.id as OurId), ratio);
      const perTurn = [plain, watched].map((turns) => milliseconds(steady(turns) / 200));
      const seconds = start.map((s) => `${s.toFixed(2)} s`);
      rows.push([network.name, library.name, ...perTurn, times(ratio), ...seconds]);
    }
  }
  bench.report.table(
    `Training with the studio open, batch ${goalBatch}`,
    "Recorded, served by a process of its own and followed by a client that asks for what a page asks for. A turn is an epoch of 200 steps, " +
      "two of which have a record of the layers; at the beginning there are more, and two programs to compile.",
    ["network", "library", "step", "with the studio", "ratio", "first 600 steps", "with the studio"],
    rows,
  );
}
