/**
 * The training loop. What it does is what one would write by hand (see the body of `trainStep`); what happens
 * around it, such as progress, checkpoints and early stopping, is the callbacks' work.
 */
import { ArgumentError } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type {
  BatchSource,
  Callback,
  EpochResult,
  Loss,
  Metric,
  Model,
  StepResult,
  TrainingContext,
  TrainingOptimizer,
  TrainingScheduler,
} from "./contract.ts";
import { evaluate } from "./evaluate.ts";
import { applyMetrics, MetricSums, readAll } from "./metrics.ts";

/** What to train with. */
export interface FitOptions {
  /** Training data. Its `epoch` is set, so that the order of the data follows from the number of the epoch. */
  readonly loader: BatchSource;
  /** Measured on after each epoch. Default: nothing. */
  readonly validation?: BatchSource | undefined;
  /** Mean loss of a batch, such as `F.crossEntropy`. */
  readonly loss: Loss;
  readonly optimizer: TrainingOptimizer;
  /**
   * Stepped after each epoch, or after each step; see `schedulerInterval`. ReduceLROnPlateau gets the epoch's validation
   * loss, or the training loss where nothing is validated. Default: none.
   */
  readonly scheduler?: TrainingScheduler | undefined;
  /** When the scheduler is stepped. Default "epoch"; "step" for OneCycleLR and its like. */
  readonly schedulerInterval?: "epoch" | "step";
  /** Number of the last epoch; they count from 1. */
  readonly epochs: number;
  /** Epochs that are already done, when a training is resumed. Default 0. */
  readonly startEpoch?: number;
  /** Measured beside the loss, such as `{ accuracy }`. Default: none. */
  readonly metrics?: Readonly<Record<string, Metric>>;
  /** Called in this order. Default: none. */
  readonly callbacks?: readonly Callback[];
  /** Stops the training after the current step, by throwing its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Trains a model.
 *
 * @returns What each epoch gave.
 * @throws ArgumentError for a number of epochs that is none; the reason of `signal`; what a callback throws.
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
  const { loader, optimizer, scheduler, epochs, startEpoch = 0, callbacks = [] } = options;
  if (!Number.isInteger(epochs) || epochs < 0) {
    throw new ArgumentError(`fit: epochs ${epochs} is not an integer of 0 or more`, { epochs });
  }
  if (scheduler?.needsMetric === true && options.schedulerInterval === "step") {
    throw new ArgumentError(
      `fit: ${scheduler.constructor.name} needs the loss of an epoch; leave schedulerInterval at "epoch"`,
    );
  }
  let stopped = false;
  const context: TrainingContext = {
    model,
    optimizer,
    scheduler,
    epochs,
    startEpoch,
    stepsPerEpoch: loader.length,
    stop: () => {
      stopped = true;
    },
  };
  const results: EpochResult[] = [];
  try {
    for (const c of callbacks) await c.onTrainBegin?.(context);
    for (let epoch = startEpoch + 1; epoch <= epochs && !stopped; epoch++) {
      for (const c of callbacks) await c.onEpochBegin?.(epoch, context);
      const result = await runEpoch(epoch, options, context);
      results.push(result);
      for (const c of callbacks) await c.onEpochEnd?.(result, context);
    }
  } finally {
    for (const c of callbacks) await c.onTrainEnd?.(context);
  }
  return results;
}

async function runEpoch(epoch: number, options: FitOptions, context: TrainingContext): Promise<EpochResult> {
  const { loader, validation, loss, metrics = {}, scheduler, callbacks = [], signal } = options;
  const { model } = context;
  const start = performance.now();
  const sums = new MetricSums();
  let [step, lr] = [0, Number.NaN];
  model.train(true);
  loader.epoch = epoch - 1;
  for await (const [x, y] of loader) {
    signal?.throwIfAborted();
    step++;
    const result = await trainStep({ epoch, step, x, y }, options, context);
    sums.add(result.samples, result.loss, result.metrics);
    lr = result.lr;
    for (const c of callbacks) await c.onStepEnd?.(result, context);
  }
  const seconds = (performance.now() - start) / 1000;
  const onBatch = (output: Tensor, target: Tensor): void => {
    for (const c of callbacks) c.onValidationBatch?.(output, target, context);
  };
  signal?.throwIfAborted();
  const trained = { epoch, train: sums.means(), samples: sums.samples, seconds, lr };
  const result =
    validation === undefined
      ? trained
      : {
          ...trained,
          validation: await evaluate(model, { loader: validation, loss, metrics, onBatch, signal }),
        };
  if (options.schedulerInterval !== "step") stepEpoch(scheduler, result);
  return result;
}

function stepEpoch(scheduler: TrainingScheduler | undefined, { train, validation }: EpochResult): void {
  if (scheduler?.needsMetric === true) scheduler.step((validation ?? train).loss);
  else scheduler?.step();
}

interface Step {
  readonly epoch: number;
  readonly step: number;
  readonly x: Tensor;
  readonly y: Tensor;
}

async function trainStep(
  { epoch, step, x, y }: Step,
  { loss: lossOf, metrics = {}, scheduler, schedulerInterval }: FitOptions,
  { model, optimizer }: TrainingContext,
): Promise<StepResult & { metrics: Record<string, number> }> {
  const lr = optimizer.paramGroups[0]?.lr ?? Number.NaN;
  optimizer.zeroGrad();
  const output = model(x);
  const loss = lossOf(output, y);
  const measured = applyMetrics(metrics, output, y);
  loss.backward();
  await optimizer.step();
  if (schedulerInterval === "step") scheduler?.step();
  // Both are small, so the step's program has computed them: reading waits for nothing.
  return { epoch, step, samples: x.size(0), loss: await loss.item(), lr, metrics: await readAll(measured) };
}
