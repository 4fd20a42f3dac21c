/**
 * One job in several libraries: whether all compute the same, and how long each takes.
 */
import type { Library } from "./libraries.ts";
import { Cannot } from "./peer.ts";
import type { Job } from "./protocol.ts";
import { inTurns, pause, type Sample, summarize, turnFor } from "./timing.ts";

/** What a library reached, or why there is no figure. */
export type Outcome = Measured | { readonly cannot: string };

export interface Measured {
  readonly time: Sample;
  /** One turn only: a step takes so long that taking turns would tell nothing. */
  readonly once: boolean;
  /** Median of the milliseconds until the engine has the program, and the rate of its arithmetic; ours only. */
  readonly preparing: number | undefined;
  readonly kernelGflops: number | undefined;
}

export interface CompareOptions {
  readonly rounds: number;
  /** Seconds that a library may take to answer. */
  readonly patience: number;
  readonly profile?: boolean;
  /** Whether values are compared; those of a probe have no meaning. */
  readonly check?: boolean;
}

export const isMeasured = (outcome: Outcome | undefined): outcome is Measured =>
  outcome !== undefined && "time" in outcome;

/** A step this long, and this many times that of the quickest, is measured by one turn. */
const [slowMs, slowTimes] = [1000, 5];

interface Prepared {
  readonly library: Library;
  readonly job: Job;
  stepMs: number;
  readonly times: number[];
  readonly preparing: number[];
  kernelGflops?: number | undefined;
}

/** @param jobs by library; most often the same job for all */
export async function compare(
  jobs: ReadonlyMap<Library, Job>,
  options: CompareOptions,
): Promise<Map<Library, Outcome>> {
  const outcomes = new Map<Library, Outcome>([...jobs.keys()].map((l) => [l, { cannot: "was not asked" }]));
  const failed = (library: Library, error: unknown): void => {
    if (!(error instanceof Cannot)) throw error;
    outcomes.set(library, { cannot: error.message });
  };
  const prepared = await prepareAll(jobs, options, failed);
  const quickest = Math.min(...[...prepared.values()].map((p) => p.stepMs));
  const isSlow = ({ stepMs }: Prepared): boolean => stepMs > slowMs && stepMs > slowTimes * quickest;
  const turns = [...prepared.values()].filter((p) => !isSlow(p));
  for (const p of turns) p.times.length = 0;
  await inTurns(new Map(turns.map((p) => [p.library, () => turn(p, options)])), options.rounds, failed);
  for (const p of prepared.values()) {
    if (options.profile && p.library.ours) {
      const request = { do: "profile", key } as const;
      // The threads of the library before are to sleep here, too.
      await pause();
      p.kernelGflops = (await p.library.ask(request, options.patience)).gflops;
    }
    if (p.times.length > 0) outcomes.set(p.library, measured(p, isSlow(p)));
    await drop(p.library, options);
  }
  return outcomes;
}

/** One job at a time is with a library. */
const key = "job";

function measured(p: Prepared, once: boolean): Measured {
  const preparing = p.preparing.length === 0 ? undefined : summarize(p.preparing).median;
  return { time: summarize(p.times), once, preparing, kernelGflops: p.kernelGflops };
}

async function prepareAll(
  jobs: ReadonlyMap<Library, Job>,
  options: CompareOptions,
  failed: (library: Library, error: unknown) => void,
): Promise<Map<Library, Prepared>> {
  const prepared = new Map<Library, Prepared>();
  let expected: readonly number[] | null = null;
  for (const [library, job] of jobs) {
    try {
      await library.ask({ do: "prepare", key, job }, options.patience);
      if (options.check !== false) {
        const { values = [] } = await library.ask({ do: "values", key }, options.patience);
        expected ??= values;
        checkValues(values, expected);
      }
      const p: Prepared = { library, job, stepMs: 0, times: [], preparing: [] };
      await warmUp(p, options);
      prepared.set(library, p);
    } catch (error) {
      failed(library, error);
    }
  }
  return prepared;
}

/**
 * Milliseconds of steps before anything counts, whoever's they are: people run thousands of them, and JavaScript is
 * compiled while it runs.
 */
const warmUpMs = 1500;

/** The first turns warm up, and tell how many steps the others take. */
async function warmUp(p: Prepared, options: CompareOptions): Promise<void> {
  await turn(p, options, { unmeasured: 1, steps: 1 });
  p.stepMs = p.times[0] as number;
  // One that seems slow may only have waited for a core: it is asked again, unless it takes very long.
  if (p.stepMs < 10 * slowMs) await turn(p, options, { ...turnFor(p.stepMs), unmeasured: 0 });
  p.stepMs = Math.min(...p.times);
  const steps = Math.floor(warmUpMs / p.stepMs);
  if (steps > 1) await p.library.ask({ do: "run", key, unmeasured: steps, steps: 1 }, options.patience);
}

async function turn(p: Prepared, { patience }: CompareOptions, steps = turnFor(p.stepMs)): Promise<void> {
  const { ms, preparing } = await p.library.ask({ do: "run", key, ...steps }, patience);
  p.times.push(ms ?? Number.NaN);
  if (preparing !== undefined) p.preparing.push(preparing);
}

async function drop(library: Library, { patience }: CompareOptions): Promise<void> {
  try {
    await library.ask({ do: "drop", key }, patience);
  } catch (error) {
    if (!(error instanceof Cannot)) throw error;
  }
}

/** Float32 in another order of additions: a thousandth of the largest value. */
const tolerance = 1e-3;

/** @throws Cannot for another number of values, or values that are too far off */
export function checkValues(values: readonly number[], expected: readonly number[]): void {
  if (values.length !== expected.length) {
    throw new Cannot(`gives ${values.length} values for ${expected.length}`);
  }
  const scale = Math.max(...expected.map(Math.abs));
  const off = Math.max(...values.map((v, i) => Math.abs(v - (expected[i] as number))));
  if (!(off <= tolerance * scale))
    throw new Cannot(`gives other values, ${(off / scale).toExponential(1)} off`);
}
