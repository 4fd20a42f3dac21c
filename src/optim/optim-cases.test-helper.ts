/**
 * What a file of cases beside an optimizer or a scheduler is made of: configurations with the PyTorch expression for the
 * same, and wrong arguments with the error that they must give. The tests of both folders and the script that asks
 * PyTorch find all of them here: a new optimizer or scheduler adds its definition and one file of cases.
 */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BadInput } from "../ops/op-cases.test-helper.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ReduceLROnPlateau, Schedulable, Scheduler } from "./lr-scheduler/index.ts";

interface Sample {
  /** Says what is special about it, unique within the file; "" for the first one. */
  readonly name: string;
}

/** One configuration of an optimizer. */
export interface OptimizerSample extends Sample {
  /** The optimizer over two parameters, of shapes [3, 2] and [3]. */
  readonly make: (p: [Tensor, Tensor]) => unknown;
  /** Python expression for the same over the list `p`; `o` is torch.optim. */
  readonly torch: string;
  /** Python expression for what is called with the optimizer before each step, for options that PyTorch 1.13 lacks. */
  readonly before?: string;
}

/** One configuration of a scheduler. */
export interface SchedulerSample extends Sample {
  /** The scheduler of an optimizer with two groups. */
  readonly make: (optimizer: Schedulable) => Scheduler | ReduceLROnPlateau;
  /** Python expression for the same over `opt`; `l` is torch.optim.lr_scheduler. */
  readonly torch: string;
  /** How many steps are compared; 25 by default. */
  readonly steps?: number;
  /** What is scheduled: SGD with momentum by default, or Adam, whose momentum is the first of `betas`. */
  readonly optimizer?: "adam";
}

export interface OptimizerCases {
  readonly optimizer: string;
  readonly samples: readonly OptimizerSample[];
  readonly bad?: readonly BadInput[];
}

export interface SchedulerCases {
  readonly scheduler: string;
  readonly samples: readonly SchedulerSample[];
  readonly bad?: readonly BadInput[];
}

const root: string = fileURLToPath(new URL(".", import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".cases.ts"));
const all = (await Promise.all(files.sort().map((file) => import(root + file)))).map(
  ({ cases }: { cases: OptimizerCases | SchedulerCases }) => cases,
);

export const optimizerCases: readonly OptimizerCases[] = all.filter((cases) => "optimizer" in cases);
export const schedulerCases: readonly SchedulerCases[] = all.filter((cases) => "scheduler" in cases);

/** Samples by the name of their reference: `Adam amsgrad`. */
export const optimizers: ReadonlyMap<string, OptimizerSample> = new Map(
  optimizerCases.flatMap((c) => c.samples.map((s) => [`${c.optimizer} ${s.name}`.trim(), s])),
);
export const schedulers: ReadonlyMap<string, SchedulerSample> = new Map(
  schedulerCases.flatMap((c) => c.samples.map((s) => [`${c.scheduler} ${s.name}`.trim(), s])),
);

/**
 * All samples as plain data.
 *
 * @public read by test/reference/dump-cases.mjs
 */
export function dump(): object {
  return { optimizers: Object.fromEntries(optimizers), schedulers: Object.fromEntries(schedulers) };
}
