/**
 * Timing for a noisy machine: the things to compare take turns, many short rounds, and medians are reported.
 */

/** One thing that is timed: runs once and gives the milliseconds it took. */
export type Timed = () => Promise<number>;

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

/** Milliseconds between two candidates. */
const pause = 40;

/** Runs all candidates in turn, A B C A B C ..., after warming each up. One alone runs without pauses. */
export async function interleave(
  candidates: ReadonlyMap<string, Timed>,
  rounds: number,
  warmup: number,
): Promise<Map<string, Sample>> {
  const times = new Map([...candidates.keys()].map((name) => [name, [] as number[]]));
  for (let round = -warmup; round < rounds; round++) {
    for (const [name, run] of candidates) {
      if (candidates.size > 1) await new Promise((resolve) => setTimeout(resolve, pause));
      const ms = await run();
      if (round >= 0) times.get(name)?.push(ms);
    }
  }
  return new Map([...times].map(([name, list]) => [name, summarize(list)]));
}

/** Milliseconds that an asynchronous action takes. */
export async function clock(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}
