/**
 * What a machine does at best with a device, measured: multiply-adds in registers only, and a copy that no cache holds,
 * both on all threads. Every share of peak is relative to these.
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
} from "../kernel/build.ts";
import type { Kernel, Stmt } from "../kernel/ir.ts";
import type { Program } from "../kernel/program.ts";
import type { Device } from "../runtime/device.ts";

/** The two sides of a roofline (Williams, Waterman and Patterson, 2009). */
export interface MachinePeak {
  /** Billions of multiplications and additions a second, in float32. */
  readonly gflops: number;
  /** Billions of bytes read and written a second. */
  readonly gigabytes: number;
}

/** Runs of each probe, of which the best counts: noise only makes them slower. */
const probeRuns = 5;

/** Measures a device; takes about a tenth of a second. No program may be running on it. */
export async function measurePeak(device: Device): Promise<MachinePeak> {
  let gflops = 0;
  for (const chains of chainCounts) {
    gflops = Math.max(gflops, await bestRate(device, arithmeticKernel(device, chains)));
  }
  return { gflops, gigabytes: await bestRate(device, copyKernel(device)) };
}

/** Billions of `flops` a second in the best of some runs. */
async function bestRate(device: Device, kernel: Kernel): Promise<number> {
  const probe = makeProbe(device, kernel);
  let best = 0;
  try {
    for (let i = 0; i < probeRuns; i++) {
      const before = performance.now();
      await probe.run();
      best = Math.max(best, kernel.flops / (performance.now() - before) / 1e6);
    }
  } finally {
    probe.dispose();
  }
  return best;
}

/** A kernel as a program, with buffers of its own. */
export function makeProbe(device: Device, kernel: Kernel): { run(): Promise<void>; dispose(): void } {
  const program: Program = {
    kernels: [kernel],
    stages: [{ calls: [{ kernel: 0, places: kernel.buffers.map((_, slot) => ({ kind: "slot", slot })) }] }],
    slots: kernel.buffers.map(({ dtype, size }) => ({ dtype, size })),
    arenaBytes: 0,
  };
  const executable = device.compile(program);
  const slots = kernel.buffers.map((b) => device.allocate(b.size * 4));
  kernel.buffers.forEach((b, i) => {
    device.view("float32", slots[i] as number, b.size).fill(0.5);
  });
  return {
    run: () => device.run(executable, 0, slots),
    dispose: () => {
      executable.dispose();
      for (const slot of slots) device.free(slot);
    },
  };
}

/**
 * Numbers of chains that do not depend on each other. Eight fill two multiply-add units of four cycles' latency; which
 * number the compiler makes most of is tried out.
 */
export const chainCounts = [8, 10, 12] as const;
/** Times each chain is written out in the loop, so that the loop itself costs nothing. */
const repeats = 8;

/** Multiplies and adds in registers. */
export function arithmeticKernel(device: Device, chains: number): Kernel {
  const { lanes } = device.target;
  const iterations = device.name === "interpreter" ? 20 : 20_000;
  const chunks = device.threads * 2;
  const locals = new Locals();
  const chunk = locals.local("chunk", "i32");
  const accumulators = Array.from({ length: chains }, (_, i) => locals.variable(`c${i}`, "f32", lanes));
  const a = locals.local("a", "f32", lanes);
  const b = locals.local("b", "f32", lanes);
  const i = locals.local("i", "i32");
  const step = accumulators.map((c) => set(c, fma(use(a), use(b), use(c))));
  const steps = Array.from({ length: repeats }, () => step).flat();
  const sum = accumulators.map((c) => use(c)).reduce((s, c) => binary("add", s, c));
  const body: Stmt[] = [
    { kind: "let", local: a, value: load(0, "float32", int(0), lanes) },
    { kind: "let", local: b, value: load(0, "float32", int(lanes), lanes) },
    ...accumulators.map((c, n): Stmt => ({ kind: "let", local: c, value: constant(n, "f32", lanes) })),
    loop(i, int(0), int(iterations), 1, steps),
    store(1, mul(use(chunk), int(lanes)), sum),
  ];
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

/** Copies 64 MiB; its "flops" are bytes. */
function copyKernel(device: Device): Kernel {
  const { lanes } = device.target;
  const size = device.name === "interpreter" ? 4096 : 2 ** 24;
  const chunks = 64;
  const part = size / chunks;
  const locals = new Locals();
  const chunk = locals.local("chunk", "i32");
  const i = locals.local("i", "i32");
  const at = add(mul(use(chunk), int(part)), use(i));
  return {
    name: "copy",
    buffers: [
      { dtype: "float32", size, access: "read" },
      { dtype: "float32", size, access: "write" },
    ],
    chunks,
    chunk,
    body: [loop(i, int(0), int(part), lanes, [store(1, at, load(0, "float32", at, lanes))])],
    flops: 2 * 4 * size,
  };
}
