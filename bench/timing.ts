/**
 * Timing for a noisy machine: the libraries take turns, many short ones, and medians are reported.
 */
import { cpus } from "node:os";

export interface Sample {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

export function summarize(times: readonly number[]): Sample {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (i: number): number => sorted[Math.min(i, sorted.length - 1)] ?? Number.NaN;
  return {
    median: at(Math.floor(sorted.length / 2)),
    min: at(0),
    max: at(sorted.length - 1),
    runs: sorted.length,
  };
}

/** Three values that cut the sorted ones into quarters, between two of them on the line. */
export function quartiles(values: readonly number[]): {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
} {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]] as [number, number];
    return low + (high - low) * (place - Math.floor(place));
  };
  return { lower: at(0.25), median: at(0.5), upper: at(0.75) };
}

/**
 * Milliseconds between two turns: the threads of OpenBLAS go on looking for work for 100 after a product of matrices, on
 * cores that the next library needs.
 */
const pauseMs = 150;
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, pauseMs));

/** Milliseconds that the measured steps of a turn take together, where they are short. */
const turnMs = 60;

/** Steps of a turn. After the pause threads wake slowly, so the first ones are not measured, whoever's they are. */
export interface Turn {
  readonly unmeasured: number;
  readonly steps: number;
}

/** @param stepMs about what a step takes */
export function turnFor(stepMs: number): Turn {
  const steps = Math.min(200, Math.ceil(turnMs / stepMs));
  return stepMs > 100 ? { unmeasured: 1, steps: 2 } : { unmeasured: 2, steps: Math.max(3, steps) };
}

/** Runs all in turn, A B C A B C ..., with a pause before each. Those that throw are left out from then on. */
export async function inTurns<K>(
  candidates: ReadonlyMap<K, () => Promise<void>>,
  rounds: number,
  failed: (key: K, error: unknown) => void,
): Promise<void> {
  const left = new Map(candidates);
  for (let round = 0; round < rounds; round++) {
    for (const [key, turn] of left) {
      await pause();
      try {
        await turn();
      } catch (error) {
        left.delete(key);
        failed(key, error);
      }
    }
  }
}

/** Share of the processor that is in use now, while this process waits. */
export async function busyShare(): Promise<number> {
  const sum = (): { busy: number; all: number } => {
    const times = cpus().map((cpu) => cpu.times);
    const all = times.reduce((total, t) => total + t.user + t.nice + t.sys + t.irq + t.idle, 0);
    return { busy: all - times.reduce((total, t) => total + t.idle, 0), all };
  };
  const before = sum();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const after = sum();
  return (after.busy - before.busy) / (after.all - before.all);
}
