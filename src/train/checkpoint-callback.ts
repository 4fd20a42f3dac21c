/**
 * Saves the training after each epoch, so that it can be used and gone on with whenever it ends.
 */
import { saveCheckpoint } from "../io/checkpoint.ts";
import { saveSafetensors } from "../io/tensor-dict.ts";
import type { Callback, EpochResult, TrainingContext } from "./contract.ts";
import { trainingState } from "./training-state.ts";

/** Takes what is saved; a `RunDirectory` does. */
export interface CheckpointTarget {
  /** @param bytes The weights, a safetensors file. */
  saveModel(bytes: Uint8Array): Promise<void>;
  /** @param bytes The training's whole state, a checkpoint. */
  saveCheckpoint(bytes: Uint8Array): Promise<void>;
}

/**
 * Saves weights and training state before the first epoch and after every one.
 *
 * @param target takes the bytes; a `RunDirectory` does
 * @example
 * const run = await RunDirectory.create("runs", { name: "lenet5", seed: 0 });
 * const callbacks = [new train.Checkpoint(run), new train.RunLogger(run)];
 * await train.fit(model, { loader, loss: F.crossEntropy, optimizer, epochs: 1, callbacks });
 * await run.finish("done");
 * Object.keys(await loadSafetensorsFile(run.modelPath)).length; // 9
 */
export class Checkpoint implements Callback {
  readonly #target: CheckpointTarget;

  constructor(target: CheckpointTarget) {
    this.#target = target;
  }

  async onTrainBegin(context: TrainingContext): Promise<void> {
    if (context.startEpoch === 0) await this.#save(context, 0);
  }

  async onEpochEnd({ epoch }: EpochResult, context: TrainingContext): Promise<void> {
    await this.#save(context, epoch);
  }

  async #save(context: TrainingContext, epoch: number): Promise<void> {
    await this.#target.saveModel(await saveSafetensors(context.model.stateDict()));
    await this.#target.saveCheckpoint(await saveCheckpoint(trainingState(context, epoch)));
  }
}
