/** What only a fresh process shows: first steps, memory, and the time until something runs. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bench, besideTorch } from "../bench.ts";
import { milliseconds, percent } from "../figures.ts";
import { figureNames, goalBatch } from "../goals.ts";
import { findTorchPython, type Library, type OurId } from "../libraries.ts";
import type { Network, NetworkId } from "../networks.ts";
import { Cannot } from "../peer.ts";
import { pause, summarize } from "../timing.ts";

/** Steps after the first one: V8 optimises what builds their graphs meanwhile, on the cores that compute. */
const following = (id: NetworkId): number => (id === "mlp" || id === "lenet5" ? 300 : 30);

/** Milliseconds of a step, on average, in turns of so many training steps of a fresh process. */
async function firstSteps(
  bench: Bench,
  library: Library,
  network: Network,
  env: Record<string, string>,
  turns: readonly number[],
): Promise<number[]> {
  const peer = await library.fresh(env);
  const job = { kind: "train", network, batch: goalBatch, weights: null } as const;
  await peer.ask({ do: "prepare", key: "job", job }, bench.patience);
  const measured: number[] = [];
  for (const steps of turns) {
    const { ms } = await peer.ask({ do: "run", key: "job", unmeasured: 0, steps }, bench.patience);
    measured.push(ms ?? Number.NaN);
  }
  peer.end();
  return measured;
}

/** First steps with an empty cache of compiled programs, and with the one that this left. */
export async function benchFirstSteps(bench: Bench): Promise<void> {
  const rows: string[][] = [];
  for (const network of bench.networks) {
    for (const library of besideTorch(bench)) {
      const [cold, warm]: [number[][], number[][]] = [[], []];
      for (let i = 0; i < Math.min(bench.rounds, bench.all ? 5 : 3); i++) {
        const cache = mkdtempSync(join(tmpdir(), "tatami-bench-"));
        const env = { TATAMI_CACHE: cache };
        cold.push(await firstSteps(bench, library, network, env, [1]));
        warm.push(await firstSteps(bench, library, network, env, [1, following(network.id)]));
        rmSync(cache, { recursive: true });
      }
      const median = (list: readonly (readonly number[])[], place: number): number =>
        summarize(list.map((measured) => measured[place] as number)).median;
      const medians = [median(cold, 0), median(warm, 0), median(warm, 1)];
      rows.push([network.name, library.name, ...medians.map(milliseconds), `${following(network.id)}`]);
      if (library.id === "wasm") {
        bench.figures.set(figureNames.firstStep(network.id), (medians[0] as number) / 1000);
      }
    }
  }
  bench.report.table(
    `First training steps of a process, batch ${goalBatch}`,
    "Parameters are made and programs compiled; importing the library is not in it. Of the steps that follow, the mean.",
    ["network", "library", "first, cold cache", "warm cache", "those that follow", "of them"],
    rows,
  );
}

const memorySteps = 8;

/** The most memory that a process has had after some steps of ResNet-20. */
export async function benchMemory(bench: Bench): Promise<void> {
  const network = bench.networks.find(({ id }) => id === "resnet20");
  if (network === undefined) return;
  const job = { kind: "train", network, batch: goalBatch, weights: null } as const;
  const bytes = new Map<string, number>();
  const rows: string[][] = [];
  for (const library of besideTorch(bench)) {
    try {
      const peer = await library.fresh();
      const started = (await peer.ask({ do: "memory" }, bench.patience)).bytes ?? Number.NaN;
      await peer.ask({ do: "prepare", key: "job", job }, bench.patience);
      await peer.ask({ do: "run", key: "job", unmeasured: 0, steps: memorySteps }, bench.patience);
      const most = (await peer.ask({ do: "memory" }, bench.patience)).bytes ?? Number.NaN;
      peer.end();
      bytes.set(library.id, most);
      rows.push([library.name, megabytes(started), megabytes(most)]);
    } catch (error) {
      if (!(error instanceof Cannot)) throw error;
      rows.push([library.name, `cannot: ${error.message}`, ""]);
    }
  }
  const theirs = bytes.get("torch") ?? Number.NaN;
  for (const engine of ["native", "wasm"] as const satisfies readonly OurId[]) {
    bench.figures.set(figureNames.memory(engine), (bytes.get(engine) ?? Number.NaN) / theirs);
  }
  const shares = [...bytes.values()].map((most) => (Number.isNaN(theirs) ? "" : percent(most / theirs)));
  bench.report.table(
    `Memory: ${network.name}, ${memorySteps} training steps, batch ${goalBatch}`,
    "Largest resident size of a fresh process (VmHWM).",
    ["library", "with the library loaded", "in training", "of PyTorch's"],
    rows.map((row, i) => [...row, shares[i] ?? ""]),
  );
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** Milliseconds of a process from start to end. */
function wall(program: string, args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
  return performance.now() - start;
}

/** Wall time of fresh processes, in turns. */
export async function benchStartup(bench: Bench): Promise<void> {
  const script = fileURLToPath(new URL("../../../bench/first-batch.mjs", import.meta.url));
  const python = bench.libraries.some(({ id }) => id === "torch") ? findTorchPython() : null;
  const commands = new Map<string, [string, string[]]>([
    ["Node, nothing", [process.execPath, ["-e", "0"]]],
    ["Tatami: import, train a first batch of Digits", [process.execPath, [script]]],
  ]);
  if (python !== null) {
    commands.set("Python, nothing", [python, ["-c", "0"]]);
    commands.set("PyTorch: import torch", [python, ["-c", "import torch"]]);
  }
  const samples = new Map([...commands.keys()].map((name) => [name, [] as number[]]));
  for (let round = -1; round < bench.rounds; round++) {
    for (const [name, [program, args]] of commands) {
      await pause();
      const ms = wall(program, args);
      if (round >= 0) samples.get(name)?.push(ms);
    }
  }
  const medians = [...samples].map(([name, list]): [string, number] => [name, summarize(list).median]);
  bench.figures.set(figureNames.startup, (medians[1]?.[1] ?? Number.NaN) / 1000);
  bench.report.table(
    "Start-up: wall time of a fresh process",
    "",
    ["process", "time"],
    medians.map(([name, ms]) => [name, milliseconds(ms)]),
  );
}
