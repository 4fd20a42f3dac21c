/**
 * npm run bench: what the wasm engine reaches on this machine, as shares of its measured peak, and whole training
 * steps beside PyTorch's where that is installed.
 *
 *     npm run bench -- --rounds 30 --only kernels
 *     npm run bench -- --rounds 500 --only nets --net conv --alone    (without PyTorch in between)
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { createEngine, currentEngine, type EngineOptions, useEngine } from "../src/engine/default.ts";
import { chainCounts } from "../src/engine/machine-peak.ts";
import { conv128, type KernelBench, matmul1024 } from "./kernels.ts";
import { nets, training } from "./nets.ts";
import { peakProbe } from "./peak.ts";
import { interleave, type Sample, summarize, type Timed } from "./timing.ts";
import { findTorchPython, TorchPeer } from "./torch.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    threads: { type: "string", default: "2" },
    batch: { type: "string", default: "64" },
    only: { type: "string" },
    net: { type: "string" },
    alone: { type: "boolean", default: false },
    engine: { type: "string", default: "auto" },
  },
});
const rounds = Number(values.rounds);
const threads = Number(values.threads);
const batch = Number(values.batch);
const wanted = (section: string): boolean => values.only === undefined || values.only === section;

const engine = createEngine({ engine: values.engine as EngineOptions["engine"], threads });
useEngine(engine);
console.log(
  `${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}, ${engine.device.threads} threads`,
);
for (const note of engine.device.notes) console.log(`  ${note}`);

async function benchKernels(): Promise<void> {
  const probes = chainCounts.map((chains) => ({
    name: `peak, ${chains} chains`,
    ...peakProbe(engine.device, chains),
  }));
  const benches: KernelBench[] = [await matmul1024(), await conv128()];
  const timed = new Map<string, Timed>([...probes, ...benches].map((b) => [b.name, b.run]));
  const samples = await interleave(timed, rounds, 3);
  const rate = (b: { name: string; flops: number }): number =>
    b.flops / ((samples.get(b.name) as Sample).median * 1e6);
  const peak = Math.max(...probes.map(rate));
  console.log(`\nmeasured peak, multiply-add in registers: ${peak.toFixed(1)} GFLOP/s`);
  for (const b of benches) {
    const reached = rate(b);
    const { median, min, max } = samples.get(b.name) as Sample;
    const times = `${median.toFixed(2)} ms (${min.toFixed(2)} to ${max.toFixed(2)})`;
    console.log(
      `${b.name.padEnd(34)} ${times.padEnd(28)} ${reached.toFixed(1)} GFLOP/s, ${percent(reached / peak)} of peak`,
    );
  }
}

async function benchNets(): Promise<void> {
  const python = values.alone ? null : findTorchPython();
  const torch = python === null ? null : await TorchPeer.start(python, threads, batch);
  const peer = torch === null ? "nothing" : `${torch.version}, ${threads} threads`;
  console.log(`\nwhole training steps, batch ${batch}, Adam; beside: ${peer}`);
  for (const net of nets.filter((n) => values.net === undefined || values.net === n.id)) {
    const ours = training(net, batch);
    const compiled = currentEngine().stats.compilations;
    const first = await ours.first();
    const candidates = new Map<string, Timed>([["tatami", ours.run]]);
    if (torch !== null) candidates.set("torch", () => torch.step(net.id, net.steps));
    const samples = await interleave(candidates, rounds, 3);
    const own = samples.get("tatami") as Sample;
    const theirs = samples.get("torch");
    const prepared = summarize(ours.preparing).median;
    const programs = currentEngine().stats.compilations - compiled;
    const peer =
      theirs === undefined
        ? ""
        : `PyTorch ${theirs.median.toFixed(2)} ms, ${(theirs.median / own.median).toFixed(2)}x`;
    const range = `${own.median.toFixed(2)} ms (${own.min.toFixed(2)} to ${own.max.toFixed(2)})`;
    console.log(`${net.name.padEnd(34)} ${range.padEnd(30)} ${peer}`);
    console.log(
      `${"".padEnd(34)} of it graph and look-up ${prepared.toFixed(2)} ms; first step ${first.toFixed(0)} ms, ${programs} programs`,
    );
  }
  torch?.close();
}

const percent = (share: number): string => `${(share * 100).toFixed(0)}%`;

if (wanted("kernels")) await benchKernels();
if (wanted("nets")) await benchNets();
await engine.close();
