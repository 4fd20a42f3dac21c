/**
 * How a training is begun, or gone on with; `training.ts` is the loop itself.
 */
import { ArgumentError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import type { CheckpointValue } from "../io/checkpoint.ts";
import { checkParts } from "./check-parts.ts";
import type { EpochResult, Model } from "./contract.ts";
import type { FitOptions } from "./fit-options.ts";
import { Training } from "./training.ts";

/** A record rather than a list: the compiler says which one is missing here. */
const optionNames: Readonly<Record<keyof FitOptions, true>> = {
  loader: true,
  validation: true,
  loss: true,
  optimizer: true,
  scheduler: true,
  schedulerInterval: true,
  epochs: true,
  resume: true,
  startEpoch: true,
  metrics: true,
  callbacks: true,
  signal: true,
};

/**
 * Trains a model, from the beginning or from a checkpoint (`resume`, see `Checkpoint`).
 *
 * @returns What each epoch gave; of a resumed training those that ended now.
 * @throws ArgumentError for an option that there is not, a part that is missing or something else, a number of epochs that
 *   is none, or a checkpoint of other data; FileFormatError for a checkpoint that is missing or damaged; the reason of
 *   `signal`; what a callback throws.
 * @example
 * const results = await train.fit(model, {
 *   loader,
 *   validation,
 *   loss: F.crossEntropy,
 *   optimizer: new optim.Adam(model.parameters(), { lr: 1e-3 }),
 *   epochs: 2,
 *   metrics: { accuracy: train.accuracy },
 *   callbacks: [new train.EarlyStopping({ patience: 3 })],
 * });
 * results.map((r) => r.epoch); // [1, 2]
 */
export async function fit(model: Model, options: FitOptions): Promise<readonly EpochResult[]> {
  checkOptions(options, Object.keys(optionNames), "fit");
  checkParts("fit", model, options, ["loader", "loss", "optimizer", "epochs"]);
  const { scheduler, epochs, startEpoch, resume } = options;
  if (!Number.isInteger(epochs) || epochs < 0) {
    throw new ArgumentError(`fit: epochs ${epochs} is not an integer of 0 or more`, { epochs });
  }
  if (scheduler?.needsMetric === true && options.schedulerInterval === "step") {
    throw new ArgumentError(
      `fit: ${scheduler.constructor.name} needs the loss of an epoch; leave schedulerInterval at "epoch"`,
    );
  }
  if (resume !== undefined && startEpoch !== undefined) {
    throw new ArgumentError("fit: the checkpoint of `resume` says where to begin; leave out startEpoch");
  }
  return new Training(model, options).run(await stateOf(resume));
}

async function stateOf(
  resume: FitOptions["resume"],
): Promise<{ state: CheckpointValue; source: string } | undefined> {
  if (typeof resume !== "string") {
    return resume === undefined ? undefined : { state: resume, source: "the state of `resume`" };
  }
  // Asked for here, since it needs a file system and this file does not.
  const { loadLatestCheckpoint } = await import("./checkpoint-folder.ts");
  const { state, path } = await loadLatestCheckpoint(resume);
  return { state, source: path };
}
