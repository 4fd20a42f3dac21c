/**
 * The machine's measured peak for WebAssembly SIMD: a kernel that multiplies and adds in registers only, on all
 * threads of the pool. Every share of peak in this bench is relative to it.
 */
import {
  add,
  binary,
  constant,
  fma,
  int,
  Locals,
  load,
  loop,
  mul,
  set,
  store,
  use,
} from "../src/kernel/build.ts";
import type { Kernel, Stmt } from "../src/kernel/ir.ts";
import type { Program } from "../src/kernel/program.ts";
import type { Device } from "../src/runtime/device.ts";
import { clock, type Timed } from "./timing.ts";

/**
 * Numbers of chains that do not depend on each other. Eight fill two multiply-add units of four cycles' latency; which
 * number the host's compiler makes most of is tried out.
 */
export const chainCounts = [8, 10, 12] as const;
/** Times each chain is written out in the loop, so that the loop itself costs nothing. */
const repeats = 8;
const iterations = 20_000;

function probeKernel(lanes: number, chunks: number, chains: number): Kernel {
  const locals = new Locals();
  const chunk = locals.local("chunk", "i32");
  const accumulators = Array.from({ length: chains }, (_, i) => locals.variable(`c${i}`, "f32", lanes));
  const a = locals.local("a", "f32", lanes);
  const b = locals.local("b", "f32", lanes);
  const i = locals.local("i", "i32");
  const body: Stmt[] = [
    { kind: "let", local: a, value: load(0, "float32", int(0), lanes) },
    { kind: "let", local: b, value: load(0, "float32", int(lanes), lanes) },
    ...accumulators.map((c, n): Stmt => ({ kind: "let", local: c, value: constant(n, "f32", lanes) })),
    loop(
      i,
      int(0),
      int(iterations),
      1,
      Array.from({ length: repeats }, () =>
        accumulators.map((c) => set(c, fma(use(a), use(b), use(c)))),
      ).flat(),
    ),
  ];
  const sum = accumulators
    .slice(1)
    .reduce((s, c) => binary("add", s, use(c)), use(accumulators[0] as (typeof accumulators)[0]));
  body.push(store(1, mul(use(chunk), int(lanes)), add(sum, constant(0, "f32", lanes))));
  return {
    name: "peak",
    buffers: [
      { dtype: "float32", size: 2 * lanes, access: "read" },
      { dtype: "float32", size: chunks * lanes, access: "write" },
    ],
    chunks,
    chunk,
    body,
    flops: 2 * chains * repeats * iterations * lanes * chunks,
  };
}

/** One run of the probe, and the operations that it does. */
export function peakProbe(device: Device, chains: number): { run: Timed; flops: number } {
  const chunks = device.threads * 2;
  const kernel = probeKernel(device.target.lanes, chunks, chains);
  const program: Program = {
    kernels: [kernel],
    stages: [{ calls: [{ kernel: 0, places: [0, 1].map((slot) => ({ kind: "slot", slot }) as const) }] }],
    slots: kernel.buffers.map(({ dtype, size }) => ({ dtype, size })),
    arenaBytes: 0,
  };
  const executable = device.compile(program);
  const slots = kernel.buffers.map((b) => device.allocate(b.size * 4));
  device.view("float32", slots[0] as number, 2 * device.target.lanes).fill(0.5);
  return { run: () => clock(() => device.run(executable, 0, slots)), flops: kernel.flops };
}
