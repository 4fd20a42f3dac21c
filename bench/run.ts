/**
 * npm run bench: what both engines reach on this machine, as shares of the measured peak of their instructions, and
 * whole training steps beside PyTorch's where that is installed. All take turns, with a pause in which the threads of the
 * one before fall asleep (those of OpenBLAS go on looking for 25 milliseconds).
 *
 *     npm run bench -- --rounds 30 --only kernels
 *     npm run bench -- --only nets --net conv --batch 1,16,64,256
 *     npm run bench -- --rounds 500 --only nets --net conv --engines wasm --alone    (without PyTorch in between)
 *     npm run bench -- --write                                                       (bench/RESULTS.md)
 */
import { parseArgs } from "node:util";
import { createEngine, useEngine } from "../src/engine/default.ts";
import type { Engine } from "../src/engine/engine.ts";
import { chainCounts } from "../src/engine/machine-peak.ts";
import { conv128, type KernelBench, matmul1024 } from "./kernels.ts";
import { type NetBench, nets, type Training, training } from "./nets.ts";
import { peakProbe } from "./peak.ts";
import { Report } from "./report.ts";
import { interleave, type Sample, summarize, type Timed } from "./timing.ts";
import { findTorchPython, TorchPeer } from "./torch.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    threads: { type: "string", default: "2" },
    batch: { type: "string", default: "64" },
    engines: { type: "string", default: "native,wasm" },
    only: { type: "string" },
    net: { type: "string" },
    alone: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const threads = Number(values.threads);
const wanted = (section: string): boolean => values.only === undefined || values.only === section;

type EngineName = "native" | "wasm";

/** Each engine by name; one that cannot be made here is left out, and why is said. */
const engines = new Map<EngineName, Engine>();
for (const name of values.engines.split(",") as EngineName[]) {
  try {
    engines.set(name, createEngine({ engine: name, threads }));
  } catch (error) {
    console.error(`without ${name}: ${(error as Error).message}`);
  }
}

/** Runs on one engine: tensors belong to the engine in use when they are made. */
async function on<T>(engine: Engine, action: () => Promise<T>): Promise<T> {
  useEngine(engine);
  return action();
}

const times = ({ median, min, max }: Sample): string =>
  `${median.toFixed(2)} ms (${min.toFixed(2)} to ${max.toFixed(2)})`;
const percent = (share: number): string => `${(share * 100).toFixed(0)}%`;

async function benchKernels(report: Report): Promise<void> {
  const rows: string[][] = [];
  for (const [name, engine] of engines) {
    const probes = chainCounts.map((chains) => ({
      name: `peak, ${chains} chains`,
      ...peakProbe(engine.device, chains),
    }));
    const benches: KernelBench[] = await on(engine, async () => [await matmul1024(), await conv128()]);
    const samples = await interleave(new Map([...probes, ...benches].map((b) => [b.name, b.run])), rounds, 3);
    const rate = (b: { name: string; flops: number }): number =>
      b.flops / ((samples.get(b.name) as Sample).median * 1e6);
    // The best that was seen, which nothing can exceed for long.
    const peak = Math.max(...probes.map((b) => b.flops / ((samples.get(b.name) as Sample).min * 1e6)));
    rows.push([name, "multiply-add in registers", "", `${peak.toFixed(0)} GFLOP/s`, "100%"]);
    for (const b of benches) {
      const reached = rate(b);
      const sample = times(samples.get(b.name) as Sample);
      rows.push([name, b.name, sample, `${reached.toFixed(0)} GFLOP/s`, percent(reached / peak)]);
    }
  }
  report.table("Kernels", ["engine", "kernel", "time", "speed", "share of peak"], rows);
}

async function benchNets(report: Report, batch: number): Promise<void> {
  const python = values.alone ? null : findTorchPython();
  const torch = python === null ? null : await TorchPeer.start(python, threads, batch);
  const rows: string[][] = [];
  for (const net of nets.filter((n) => values.net === undefined || values.net === n.id)) {
    rows.push(...(await benchNet(net, batch, torch)));
  }
  torch?.close();
  const against = torch === null ? "" : `, beside ${torch.version}, ${threads} threads`;
  report.table(
    `Whole training steps, batch ${batch}, Adam${against}`,
    ["network", "engine", "step", "PyTorch", "faster", "graph and look-up", "first step"],
    rows,
  );
}

async function benchNet(net: NetBench, batch: number, torch: TorchPeer | null): Promise<string[][]> {
  const made = new Map<EngineName, { ours: Training; first: number }>();
  const candidates = new Map<string, Timed>();
  for (const [name, engine] of engines) {
    const ours = await on(engine, async () => training(net, batch));
    made.set(name, { ours, first: await on(engine, ours.first) });
    candidates.set(name, () => on(engine, ours.run));
  }
  if (torch !== null) candidates.set("torch", () => torch.step(net.id, net.steps));
  const samples = await interleave(candidates, rounds, 3);
  const theirs = samples.get("torch");
  return [...made].map(([name, { ours, first }]) => {
    const own = samples.get(name) as Sample;
    const compared =
      theirs === undefined ? ["", ""] : [times(theirs), `${(theirs.median / own.median).toFixed(2)}x`];
    const prepared = `${summarize(ours.preparing).median.toFixed(2)} ms`;
    return [net.name, name, times(own), ...compared, prepared, `${first.toFixed(0)} ms`];
  });
}

const report = new Report([...engines.values()].flatMap((engine) => engine.device.notes));
if (wanted("kernels")) await benchKernels(report);
if (wanted("nets")) for (const batch of values.batch.split(",")) await benchNets(report, Number(batch));
if (values.write) report.write();
for (const engine of engines.values()) await engine.close();
