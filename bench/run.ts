/**
 * npm run bench: what the wasm engine reaches on this machine, as shares of its measured peak, and whole training
 * steps beside PyTorch's where that is installed.
 *
 *     npm run bench -- --rounds 30 --only kernels
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { createEngine, currentEngine, useEngine } from "../src/engine/default.ts";
import { conv128, type KernelBench, matmul1024 } from "./kernels.ts";
import { nets, trainingStep } from "./nets.ts";
import { peakProbe } from "./peak.ts";
import { interleave, type Sample, type Timed } from "./timing.ts";
import { findTorchPython, TorchPeer } from "./torch.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    threads: { type: "string", default: "2" },
    batch: { type: "string", default: "64" },
    only: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const threads = Number(values.threads);
const batch = Number(values.batch);
const wanted = (section: string): boolean => values.only === undefined || values.only === section;

const engine = createEngine({ engine: "wasm", threads });
useEngine(engine);
console.log(
  `${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}, ${engine.device.threads} threads`,
);
for (const note of engine.device.notes) console.log(`  ${note}`);

async function benchKernels(): Promise<void> {
  const probe = peakProbe(engine.device);
  const benches: KernelBench[] = [await matmul1024(), await conv128()];
  const timed = new Map<string, Timed>([
    ["peak", probe.run],
    ...benches.map((b) => [b.name, b.run] as const),
  ]);
  const samples = await interleave(timed, rounds, 3);
  const rate = (name: string, flops: number): number => flops / ((samples.get(name) as Sample).median * 1e6);
  const peak = rate("peak", probe.flops);
  console.log(`\nmeasured peak, multiply-add in registers: ${peak.toFixed(1)} GFLOP/s`);
  for (const b of benches) {
    const reached = rate(b.name, b.flops);
    const { median, min, max } = samples.get(b.name) as Sample;
    const times = `${median.toFixed(2)} ms (${min.toFixed(2)} to ${max.toFixed(2)})`;
    console.log(
      `${b.name.padEnd(34)} ${times.padEnd(28)} ${reached.toFixed(1)} GFLOP/s, ${percent(reached / peak)} of peak`,
    );
  }
}

async function benchNets(): Promise<void> {
  const python = findTorchPython();
  const torch = python === null ? null : await TorchPeer.start(python, threads, batch);
  const peer = torch === null ? "PyTorch is not installed here" : `${torch.version}, ${threads} threads`;
  console.log(`\nwhole training steps, batch ${batch}, Adam; beside: ${peer}`);
  for (const net of nets) {
    const compiled = currentEngine().stats.compilations;
    const candidates = new Map<string, Timed>([["tatami", trainingStep(net, batch)]]);
    if (torch !== null) candidates.set("torch", () => torch.step(net.id, net.steps));
    const samples = await interleave(candidates, rounds, 3);
    const ours = samples.get("tatami") as Sample;
    const theirs = samples.get("torch");
    const ratio =
      theirs === undefined
        ? ""
        : `  PyTorch ${theirs.median.toFixed(2)} ms, ratio ${(theirs.median / ours.median).toFixed(2)}x`;
    const programs = currentEngine().stats.compilations - compiled;
    console.log(
      `${net.name.padEnd(34)} ${ours.median.toFixed(2)} ms (${ours.min.toFixed(2)} to ${ours.max.toFixed(2)})${ratio}  [${programs} programs]`,
    );
  }
  torch?.close();
}

const percent = (share: number): string => `${(share * 100).toFixed(0)}%`;

if (wanted("kernels")) await benchKernels();
if (wanted("nets")) await benchNets();
await engine.close();
