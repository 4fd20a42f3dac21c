/**
 * What it costs a training that the studio is open: recorded, served, and followed by a page. The same training goes on without
 * any of it in every second turn. What turns without it differ by from each other is what the comparison is worth.
 */
import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bench, ours } from "../bench.ts";
import { milliseconds, spreadOf } from "../figures.ts";
import { figureNames, goalBatch, studioNetworks } from "../goals.ts";
import type { Library, OurId } from "../libraries.ts";
import type { Network } from "../networks.ts";
import { quartiles } from "../timing.ts";

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** What bench/watched-training.ts writes: milliseconds. */
interface Turns {
  /** Of a round, with the studio; as many are without it. */
  readonly steps: number;
  /** The beginning, without the studio and with it. */
  readonly first: readonly [number, number];
  /** Of each round. */
  readonly with: readonly number[];
  readonly without: readonly number[];
  /** Half of a round's turns without the studio to the other half: 1, but for what else the machine does. */
  readonly apart: readonly number[];
}

const message = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve, reject) => {
    child.once("message", (value) => resolve(value as T));
    child.once("exit", (code) => reject(new Error(`a process of the bench ended with ${code}`)));
  });

/** Ends a process that ends when nobody talks to it any more; one that was stopped goes on first. */
async function end(child: ChildProcess): Promise<void> {
  if (!child.connected) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGCONT");
  child.disconnect();
  await ended;
}

async function measure(bench: Bench, library: Library, network: Network): Promise<Turns> {
  const folder = mkdtempSync(join(tmpdir(), "tatami-bench-runs-"));
  const quiet: ForkOptions = { execArgv: [], stdio: ["ignore", "pipe", "inherit", "ipc"] };
  const started: ChildProcess[] = [];
  const start = (name: string, ...words: readonly string[]): ChildProcess => {
    const child = fork(file(name), words, quiet);
    started.push(child);
    return child;
  };
  try {
    const studio = start("../../src/cli/main.js", "studio", "--out", folder);
    const { url } = await message<{ readonly url: string }>(studio);
    const threads = library.command.args.at(-1) ?? "1";
    const rounds = String(bench.rounds);
    const training = start("../watched-training.js", library.id, threads, network.id, rounds, folder);
    let output = "";
    training.stdout?.on("data", (piece: Buffer) => {
      output += piece.toString();
    });
    const { id } = await message<{ readonly id: string }>(training);
    const client = start("../watching-client.js", url, id);
    const closed = new Promise((resolve) => training.once("close", resolve));
    training.send([studio.pid, client.pid]);
    await closed;
    return JSON.parse(output) as Turns;
  } finally {
    await Promise.all(started.map(end));
    rmSync(folder, { recursive: true });
  }
}

export async function benchStudio(bench: Bench): Promise<void> {
  const rows: string[][] = [];
  for (const network of bench.networks.filter(({ id }) => bench.all || studioNetworks.includes(id))) {
    for (const library of ours(bench)) {
      const turns = await measure(bench, library, network);
      const { steps, first } = turns;
      const slower = turns.with.map((ms, round) => ms / (turns.without[round] as number));
      bench.figures.set(figureNames.studio(network.id, library.id as OurId), quartiles(slower).median);
      const perStep = [turns.without, turns.with].map((ms) => milliseconds(quartiles(ms).median / steps));
      const seconds = first.map((ms) => `${(ms / 1000).toFixed(2)} s`);
      rows.push([
        network.name,
        library.name,
        ...perStep,
        spreadOf(slower),
        spreadOf(turns.apart),
        ...seconds,
      ]);
    }
  }
  bench.report.table(
    `Training with the studio open, batch ${goalBatch}`,
    "Recorded, served by a process of its own and followed by a client that asks for what a page asks for, all on the same " +
      "processors, in every second turn of one training; a turn takes a second or more, and a round has some of both kinds, with " +
      "one record of the layers in two hundred steps and one request for all strips in four seconds. Ratios of a round's sums, their median " +
      "and quartiles; beside them what turns without the studio differ by from each other. At the beginning there are more records, " +
      "and two programs to compile.",
    [
      "network",
      "library",
      "step",
      "with the studio",
      "ratio",
      "without it, beside itself",
      "first 600 steps",
      "with the studio",
    ],
    rows,
  );
}
