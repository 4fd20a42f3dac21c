/**
 * Looks for a learning rate by trying many of them, from tiny to far too large, in one short training.
 */
import { ArgumentError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import { currentEngine } from "../engine/default.ts";
import { alias, detach } from "../graph/build.ts";
import { Module } from "../nn/module.ts";
import { defaultGenerator } from "../tensor/generator.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import { Tensor } from "../tensor/tensor.ts";
import { checkParts } from "./check-parts.ts";
import type { BatchSource, Loss, Model, TrainingOptimizer } from "./contract.ts";

/** What to look for a learning rate with. */
export interface LrFindOptions {
  /** Training data; it is gone through again if it has fewer batches than `steps`. */
  readonly loader: BatchSource;
  /** Mean loss of a batch, such as `F.crossEntropy`. */
  readonly loss: Loss;
  readonly optimizer: TrainingOptimizer;
  /** Learning rate of the first step. Default 1e-7. */
  readonly startLr?: number;
  /** Learning rate of the last step. Default 10. */
  readonly endLr?: number;
  /** Steps, and so learning rates to try. Default 100. */
  readonly steps?: number;
  /** It ends early when the smoothed loss is this many times the best one. Default 4. */
  readonly divergence?: number;
  /** Stops between two steps by throwing its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What was found. */
export interface LrFindResult {
  /** The learning rates that were tried; each is the same factor larger than the one before. */
  readonly lrs: readonly number[];
  /** The loss of a batch at each, before its step. */
  readonly losses: readonly number[];
  /** Where the smoothed loss falls most steeply; null if it nowhere does. A good learning rate to start with. */
  readonly suggestion: number | null;
}

const optionNames = ["loader", "loss", "optimizer", "startLr", "endLr", "steps", "divergence", "signal"];

/** Weight of the losses before in the smoothed loss that decides about divergence. */
const smoothing = 0.9;

/**
 * The learning rate range test (L. N. Smith, "Cyclical learning rates for training neural networks", 2017): one step
 * with each learning rate from `startLr` to `endLr`, in all groups of parameters. Model, optimizer, loader and the
 * default random generator are afterwards exactly as before, also after an error; gradients are removed.
 *
 * @throws ArgumentError for options that are missing or out of range, or a loader without batches; the reason of `signal`.
 * @example
 * const { suggestion, lrs } = await train.lrFind(model, { loader, loss: F.crossEntropy, optimizer, steps: 10 });
 * lrs[0]; // 1e-7
 * optimizer.paramGroups[0].lr; // 0.01
 * if (suggestion !== null) optimizer.paramGroups[0].lr = suggestion;
 */
export async function lrFind(model: Model, options: LrFindOptions): Promise<LrFindResult> {
  checkOptions(options, optionNames, "lrFind");
  checkParts("lrFind", model, options, ["loader", "loss", "optimizer"]);
  const { startLr = 1e-7, endLr = 10, steps = 100, divergence = 4 } = options;
  checkRanges({ startLr, endLr, steps, divergence });
  const restore = await snapshot(model, options);
  try {
    const growth = steps === 1 ? 1 : (endLr / startLr) ** (1 / (steps - 1));
    const lrs: number[] = [];
    const losses: number[] = [];
    let [smooth, best] = [0, Number.POSITIVE_INFINITY];
    model.train(true);
    for await (const [x, y] of endless(options.loader, steps)) {
      options.signal?.throwIfAborted();
      const lr = startLr * growth ** lrs.length;
      const loss = await step(model, options, lr, x, y);
      lrs.push(lr);
      losses.push(loss);
      smooth = smoothing * smooth + (1 - smoothing) * loss;
      const corrected = smooth / (1 - smoothing ** losses.length);
      best = Math.min(best, corrected);
      if (!Number.isFinite(loss) || corrected > divergence * best) break;
    }
    return { lrs, losses, suggestion: steepest(lrs, losses) };
  } finally {
    await restore();
  }
}

function checkRanges(options: { startLr: number; endLr: number; steps: number; divergence: number }): void {
  const { startLr, endLr, steps, divergence } = options;
  const refuse = (text: string): never => {
    throw new ArgumentError(`lrFind: ${text}`, options);
  };
  if (!(startLr > 0)) refuse(`startLr must be a number above 0; got ${startLr}`);
  if (!(endLr > startLr && endLr < Number.POSITIVE_INFINITY)) {
    refuse(`endLr must be above startLr (${startLr}); got ${endLr}`);
  }
  if (!Number.isInteger(steps) || steps < 1) refuse(`steps must be an integer of 1 or more; got ${steps}`);
  if (!(divergence > 1)) refuse(`divergence must be a number above 1; got ${divergence}`);
}

/** One step of training. The loss is that before the step. */
async function step(
  model: Model,
  { optimizer, loss: lossOf }: LrFindOptions,
  lr: number,
  x: Tensor,
  y: Tensor,
): Promise<number> {
  for (const group of optimizer.paramGroups) group.lr = lr;
  optimizer.zeroGrad();
  const loss = lossOf(model(x), y);
  loss.backward();
  await optimizer.step();
  return loss.item();
}

/** As many batches as asked for, epoch after epoch. @throws ArgumentError when an epoch gives none. */
async function* endless(loader: BatchSource, count: number): AsyncGenerator<readonly [Tensor, Tensor]> {
  let given = 0;
  while (given < count) {
    const before = given;
    for await (const batch of loader) {
      yield batch;
      given++;
      if (given === count) return;
    }
    if (given === before) throw new ArgumentError("lrFind: the loader gives no batch");
  }
}

/** Copies everything that a training changes. @returns a function that puts it back. */
async function snapshot(model: Model, { optimizer, loader }: LrFindOptions): Promise<() => Promise<void>> {
  const { training } = model;
  const { epoch } = loader;
  const generator = defaultGenerator.getState();
  // Beside the state dict there may be buffers that do not belong to it.
  const tensors = [
    ...Object.values(model.stateDict()),
    ...(model instanceof Module ? model.modules().flatMap((m) => m.buffers({ recurse: false })) : []),
  ];
  const copies = tensors.map((tensor) => ({ tensor, copy: copyOf(tensor) }));
  const modes = model instanceof Module ? model.modules().map((m) => ({ m, training: m.training })) : [];
  const state = copied(optimizer.stateDict());
  await currentEngine().flush();
  return async () => {
    noGrad(() => {
      for (const { tensor, copy } of copies) tensor.copy_(copy);
    });
    optimizer.loadStateDict(state as never);
    optimizer.zeroGrad();
    // Also those that are not the optimizer's.
    if (model instanceof Module) model.zeroGrad();
    model.train(training);
    for (const mode of modes) mode.m.training = mode.training;
    loader.epoch = epoch;
    defaultGenerator.setState(generator);
    await currentEngine().flush();
  };
}

/** The value in device memory of its own. */
function copyOf(tensor: Tensor): Tensor {
  return new Tensor(alias(detach(tensor.node))).persist();
}

/** A state dict with copies of its tensors and lists. */
function copied(value: unknown): unknown {
  if (value instanceof Tensor) return copyOf(value);
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copied(item)]));
}

/**
 * The learning rate at the steepest descent on the way to the lowest loss: what falls after that is only coming back
 * from a height. Losses are of single batches: each is replaced by the mean over its neighbours, as many as there are on
 * both sides, so that the curve is not shifted.
 */
function steepest(lrs: readonly number[], losses: readonly number[]): number | null {
  const finite = losses.filter((loss) => Number.isFinite(loss));
  const reach = Math.max(1, Math.round(finite.length / 20));
  const smooth = finite.map((_, i) => {
    const near = Math.min(reach, i, finite.length - 1 - i);
    const window = finite.slice(i - near, i + near + 1);
    return window.reduce((sum, loss) => sum + loss, 0) / window.length;
  });
  const lowest = smooth.indexOf(Math.min(...smooth));
  let found: { readonly at: number; readonly slope: number } | undefined;
  for (let i = 1; i < lowest; i++) {
    const slope = ((smooth[i + 1] as number) - (smooth[i - 1] as number)) / 2;
    if (slope < 0 && (found === undefined || slope < found.slope)) found = { at: i, slope };
  }
  return found === undefined ? null : (lrs[found.at] as number);
}
