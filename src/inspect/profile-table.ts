/**
 * A profile as a table: which kernels take the time, and how near each comes to what the machine can do.
 */
import { ArgumentError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import type { KernelTiming, Profile } from "../engine/profile.ts";
import { alignedTable } from "./aligned-table.ts";

/** How a profile is summed up. */
export interface ProfileTableOptions {
  /** Steps that the profiled function made; calls and times are for one of them. Default 1. */
  readonly steps?: number;
  /** Kernels that the text shows, the slowest; the others are one row. Default: all. */
  readonly top?: number | undefined;
}

/** All calls of a kernel with the same name and work. */
export interface KernelSummary {
  /** What it does, the sizes of its loops and the functions in them. */
  readonly name: string;
  /** Per step. */
  readonly calls: number;
  /** Milliseconds per step: medians, so that a thread which had to wait for its core in one of them does not count. */
  readonly ms: number;
  /** Part of the time of all kernels, 0 to 1. */
  readonly share: number;
  /** Billions of floating-point operations a second, and the part of what the machine does at best. */
  readonly gflops: number;
  readonly ofPeak: number;
  /** Billions of bytes a second, and the part of the bandwidth of the memory: above 1 where a cache held the data. */
  readonly gigabytes: number;
  readonly ofBandwidth: number;
  /** What would limit it on an ideal machine of this peak and bandwidth; null for a kernel without work. */
  readonly roof: "arithmetic" | "memory" | null;
}

/** A profile summed up. */
export interface ProfileTable {
  /** The slowest first. */
  readonly kernels: readonly KernelSummary[];
  /** Milliseconds of all kernels per step. */
  readonly kernelMs: number;
  /**
   * What all kernels would take, each under its roof: its arithmetic at the peak or its bytes at the bandwidth, whichever
   * takes longer. Data that a cache still holds comes faster than that.
   */
  readonly roofMs: number;
  /** Milliseconds of the runs of programs per step: with what threads wait until they are woken, or for a core. */
  readonly runMs: number;
  /** A table for the terminal. */
  toString(): string;
}

/**
 * Sums a profile up by kernel. Each stands under the roof that is lower for it: `peak.gflops`, or `peak.gigabytes` times
 * its operations per byte (S. Williams, A. Waterman and D. Patterson, "Roofline: an insightful visual performance model
 * for multicore architectures", 2009). A kernel that is far below both has too little work, or loses time.
 *
 * @param profile from `Engine.profile`
 * @param options.steps made by the profiled function; calls and times are for one of them. Default 1
 * @param options.top kernels that the text shows. Default: all
 * @throws ArgumentError for steps or top that are no integers of 1 or more
 * @example
 * const step = async () => {
 *   optimizer.zeroGrad();
 *   F.crossEntropy(model(images), labels).backward();
 *   await optimizer.step();
 * };
 * await step(); // compiles
 * const profile = await currentEngine().profile(step);
 * const table = inspect.profileTable(profile, { top: 5 });
 * console.log(String(table));
 * table.kernels[0].share <= 1; // true
 */
export function profileTable(profile: Profile, options: ProfileTableOptions = {}): ProfileTable {
  checkOptions(options, ["steps", "top"], "profileTable");
  const { steps = 1, top } = options;
  for (const [name, value] of Object.entries({ steps, top })) {
    if (value !== undefined && (!Number.isInteger(value) || value < 1)) {
      throw new ArgumentError(`profileTable: ${name} ${value} is not an integer of 1 or more`, {
        [name]: value,
      });
    }
  }
  const timed = [...grouped(profile.kernels).values()].map((same) => ({
    same,
    ms: timePerStep(same, steps),
  }));
  const kernelMs = timed.reduce((sum, { ms }) => sum + ms, 0);
  const kernels = timed
    .map(({ same, ms }) => summarize({ same, ms, calls: same.length / steps }, kernelMs, profile))
    .sort((a, b) => b.ms - a.ms);
  const runMs = timePerStep(profile.launches, steps);
  const { gflops, gigabytes } = profile.peak;
  const atRoof = (k: KernelTiming): number => Math.max(k.flops / gflops, k.bytes / gigabytes) / 1e6;
  const roofMs = profile.kernels.reduce((sum, k) => sum + atRoof(k), 0) / steps;
  return { kernels, kernelMs, roofMs, runMs, toString: () => format(kernels, top ?? kernels.length) };
}

function grouped(kernels: readonly KernelTiming[]): Map<string, KernelTiming[]> {
  const groups = new Map<string, KernelTiming[]>();
  for (const kernel of kernels) {
    const key = `${kernel.name}|${kernel.flops}|${kernel.bytes}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [kernel]);
    else group.push(kernel);
  }
  return groups;
}

/** Milliseconds: the median over the steps of each call, or the mean where steps differ in their calls. */
function timePerStep(timed: readonly { readonly ms: number }[], steps: number): number {
  const calls = timed.length / steps;
  if (!Number.isInteger(calls)) return timed.reduce((sum, { ms }) => sum + ms, 0) / steps;
  let sum = 0;
  for (let call = 0; call < calls; call++) {
    const times = timed.filter((_, i) => i % calls === call).map(({ ms }) => ms);
    times.sort((a, b) => a - b);
    sum += ((times[(steps - 1) >> 1] as number) + (times[steps >> 1] as number)) / 2;
  }
  return sum;
}

interface Timed {
  readonly same: readonly KernelTiming[];
  readonly ms: number;
  readonly calls: number;
}

function summarize({ same, ms, calls }: Timed, kernelMs: number, { peak }: Profile): KernelSummary {
  const { name, flops, bytes } = same[0] as KernelTiming;
  // A clock may be too coarse for the shortest kernels: what took no time has no rate.
  const perSecond = (work: number): number => (ms > 0 ? (work * calls) / ms / 1e6 : 0);
  const [gflops, gigabytes] = [perSecond(flops), perSecond(bytes)];
  return {
    name,
    calls,
    ms,
    share: kernelMs > 0 ? ms / kernelMs : 0,
    gflops,
    ofPeak: gflops / peak.gflops,
    gigabytes,
    ofBandwidth: gigabytes / peak.gigabytes,
    roof: flops + bytes === 0 ? null : flops / peak.gflops > bytes / peak.gigabytes ? "arithmetic" : "memory",
  };
}

const header = ["kernel", "calls", "ms", "share", "GFLOP/s", "of peak", "GB/s", "of peak", "roof"];

function format(kernels: readonly KernelSummary[], top: number): string {
  const others = kernels.slice(top);
  const rest = others.length === 0 ? [] : [sums(`${others.length} others`, others)];
  return alignedTable([header, ...kernels.slice(0, top).map(cells), ...rest, sums("all", kernels)], 1);
}

function sums(name: string, list: readonly KernelSummary[]): string[] {
  const total = (of: (k: KernelSummary) => number): number => list.reduce((sum, k) => sum + of(k), 0);
  const [calls, ms, share] = [total((k) => k.calls), total((k) => k.ms), total((k) => k.share)];
  return [name, count(calls), ms.toFixed(3), percent(share), "", "", "", "", ""];
}

function cells(k: KernelSummary): string[] {
  return [
    k.name,
    count(k.calls),
    k.ms.toFixed(3),
    percent(k.share),
    ...(k.gflops > 0 ? [k.gflops.toFixed(1), percent(k.ofPeak)] : ["", ""]),
    k.gigabytes.toFixed(1),
    percent(k.ofBandwidth),
    k.roof ?? "",
  ];
}

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;

/** Calls per step are whole where every step does the same. */
const count = (calls: number): string => (Number.isInteger(calls) ? String(calls) : calls.toFixed(1));
