/** A profile made up for tests: two steps on a machine of 100 GFLOP/s and 10 GB/s. */
import type { KernelTiming, Profile } from "../engine/profile.ts";

const contraction = { name: "contraction 8x8 over 64", flops: 100e6, bytes: 1e6 };
const map = { name: "map 8x8: add", flops: 1e6, bytes: 12e6 };
const view = { name: "offsets", flops: 0, bytes: 0 };

/** `times` gives the milliseconds of four kernels of each step; the first and the third do the same. */
export function madeUpProfile(times: readonly (readonly [number, number, number, number])[]): Profile {
  const work = [contraction, map, contraction, view];
  const kernels = times.flatMap((step, launch) => {
    let startMs = 0.25;
    return step.map((ms, i): KernelTiming => {
      const kernel = { ...(work[i] as typeof view), launch, startMs, ms };
      startMs += ms;
      return kernel;
    });
  });
  return {
    device: "wasm",
    threads: 2,
    wallMs: 40,
    lookupMs: 1,
    compileMs: 0,
    arenaBytes: 4096,
    launches: times.map((_, i) => ({ startMs: 2 + 20 * i, ms: 10 })),
    kernels,
    peak: { gflops: 100, gigabytes: 10 },
  };
}
