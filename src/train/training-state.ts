/**
 * All that a training needs to go on between two epochs as if it had never stopped: weights, the optimizer's and
 * the scheduler's state, where the random generator stands, and how often each program has run (which decides whether
 * it runs natively by now). The order of the data follows from the seed and
 * the number of the epoch, so it needs no state. What `fit` adds, to go on within an epoch, is in `training.ts`.
 */
import { FileFormatError } from "../base/errors.ts";
import { currentEngine } from "../engine/default.ts";
import type { CheckpointValue } from "../io/checkpoint.ts";
import { defaultGenerator, type Generator } from "../tensor/generator.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Model, TrainingOptimizer, TrainingScheduler, TrainingState } from "./contract.ts";

/** The parts whose state is kept. */
export interface TrainingParts {
  readonly model: Model;
  readonly optimizer: TrainingOptimizer;
  readonly scheduler?: TrainingScheduler | undefined;
  /** Default: the one that `manualSeed` seeds. */
  readonly generator?: Generator;
}

/**
 * The state after `epoch` epochs; for `io.saveCheckpoint`.
 *
 * @example
 * const state = train.trainingState({ model, optimizer }, 3);
 * Object.keys(state); // ["epoch", "model", "optimizer", "scheduler", "generator", "programs"]
 */
export function trainingState(parts: TrainingParts, epoch: number): TrainingState {
  const { model, optimizer, scheduler, generator = defaultGenerator } = parts;
  return {
    epoch,
    model: model.stateDict(),
    // State dicts hold tensors, numbers, strings and lists of these; a checkpoint checks it when it is written.
    optimizer: optimizer.stateDict() as CheckpointValue,
    scheduler: (scheduler?.stateDict() ?? null) as CheckpointValue,
    generator: generator.getState(),
    programs: currentEngine().runCounts(),
  };
}

/**
 * Puts a state back into parts that were made as those it came from.
 *
 * @param state What `io.loadCheckpoint` gave.
 * @param source What messages call it, such as a path.
 * @returns How many epochs were done.
 *
 * @throws FileFormatError when it is not the state of a training; StateDictError when the parts differ
 * @example
 * const bytes = await io.saveCheckpoint(train.trainingState({ model, optimizer }, 3));
 * train.restoreTrainingState(io.loadCheckpoint(bytes), { model, optimizer }); // 3
 */
export function restoreTrainingState(
  state: CheckpointValue,
  parts: TrainingParts,
  source = "checkpoint",
): number {
  const { epoch, model, optimizer, scheduler, generator, programs } = isRecord(state) ? state : {};
  if (typeof epoch !== "number" || !isRecord(model) || !isRecord(optimizer) || !isGeneratorState(generator)) {
    throw new FileFormatError(
      `${source}: this is not the state of a training (epoch, model, optimizer, generator)`,
      {
        source,
      },
    );
  }
  parts.model.loadStateDict(model as Record<string, Tensor>);
  parts.optimizer.loadStateDict(optimizer as never);
  if (parts.scheduler !== undefined && isRecord(scheduler)) parts.scheduler.loadStateDict(scheduler as never);
  (parts.generator ?? defaultGenerator).setState(generator);
  if (Array.isArray(programs) && programs.every((count) => typeof count === "number"))
    currentEngine().restart(programs);
  return epoch;
}

/** Whether a value of a checkpoint has named parts. */
export function isRecord(
  value: CheckpointValue | undefined,
): value is { readonly [key: string]: CheckpointValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Tensor);
}

/** Whether it is what `Generator.getState` gives. */
export function isGeneratorState(
  value: CheckpointValue | undefined,
): value is { seed: number; draws: number } {
  return isRecord(value) && typeof value.seed === "number" && typeof value.draws === "number";
}
