/**
 * Saves the training after each epoch and every so many steps, so that it can be used and gone on with whenever it ends.
 */

import { ArgumentError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import { saveCheckpoint } from "../io/checkpoint.ts";
import { saveSafetensors } from "../io/tensor-dict.ts";
import type { Callback, CheckpointMoment, StepPlace, TrainingContext } from "./contract.ts";

/** Takes what is saved; a `RunDirectory` and a `CheckpointFolder` do. */
export interface CheckpointTarget {
  /** @param bytes The weights, a safetensors file. Default: they are kept with the state alone. */
  saveModel?(bytes: Uint8Array): Promise<void>;
  /**
   * @param bytes The training's whole state, a checkpoint.
   * @param position Epochs that are done, steps of the next one, and steps of the whole training.
   */
  saveCheckpoint(
    bytes: Uint8Array,
    position: { readonly epoch: number; readonly step: number; readonly totalSteps: number },
  ): Promise<void>;
}

/** Options of {@link Checkpoint}. */
export interface CheckpointOptions {
  /** Saves after every so many steps of the whole training, too. Default: after each epoch only. */
  readonly everyNTrainSteps?: number | undefined;
}

/**
 * Saves weights and training state before the first epoch, after every one, every `everyNTrainSteps` steps (the state
 * alone), and where the `signal` of `fit` ends the training. What it saved, `fit` goes on from with its option `resume`.
 *
 * @param target takes the bytes; a `RunDirectory` and a `CheckpointFolder` do
 * @param options.everyNTrainSteps saves after every so many steps of the whole training, too; after each epoch only by default
 * @throws ArgumentError when `everyNTrainSteps` is not an integer of 1 or more
 * @example
 * const run = await RunDirectory.create("runs", { name: "lenet5", seed: 0 });
 * const callbacks = [new train.Checkpoint(run, { everyNTrainSteps: 100 }), new train.RunLogger(run)];
 * await train.fit(model, { loader, loss: F.crossEntropy, optimizer, epochs: 1, callbacks });
 * await run.finish("done");
 * Object.keys(await loadSafetensorsFile(run.modelPath)).length; // 9
 */
export class Checkpoint implements Callback {
  readonly #target: CheckpointTarget;
  readonly #every: number | undefined;

  constructor(target: CheckpointTarget, options: CheckpointOptions = {}) {
    checkOptions(options, ["everyNTrainSteps"], "Checkpoint");
    const { everyNTrainSteps } = options;
    if (everyNTrainSteps !== undefined && !(Number.isInteger(everyNTrainSteps) && everyNTrainSteps >= 1)) {
      throw new ArgumentError(
        `Checkpoint: everyNTrainSteps must be an integer of 1 or more; got ${everyNTrainSteps}`,
        { everyNTrainSteps },
      );
    }
    this.#target = target;
    this.#every = everyNTrainSteps;
  }

  onStepBegin({ epoch, step }: StepPlace, { stepsPerEpoch }: TrainingContext): boolean {
    return this.#isDue((epoch - 1) * stepsPerEpoch + step);
  }

  #isDue(totalSteps: number): boolean {
    return this.#every !== undefined && totalSteps % this.#every === 0;
  }

  async onCheckpoint({ when, epoch, step }: CheckpointMoment, context: TrainingContext): Promise<void> {
    const totalSteps = epoch * context.stepsPerEpoch + step;
    const isResumed = context.startEpoch > 0 || context.startStep > 0;
    if (when === "begin" && isResumed) return;
    if (when === "step" && !this.#isDue(totalSteps)) return;
    const state = await saveCheckpoint(await context.state());
    await this.#target.saveCheckpoint(state, { epoch, step, totalSteps });
    if (when !== "step") await this.#target.saveModel?.(await saveSafetensors(context.model.stateDict()));
  }
}
