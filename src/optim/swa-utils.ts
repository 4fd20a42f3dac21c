/**
 * Averages of a model's weights over the course of a training.
 */
import { isFloat } from "../base/dtype.ts";
import { ArgumentError, ShapeError } from "../base/errors.ts";
import { formatShape, sameShape } from "../base/shape.ts";
import { currentEngine } from "../engine/default.ts";
import { cast, constant, scalar } from "../graph/build.ts";
import { type Node, withGradMode } from "../graph/node.ts";
import { BatchNorm1d, BatchNorm2d } from "../nn/batch-norm.ts";
import { deepcopy } from "../nn/deepcopy.ts";
import { Module } from "../nn/module.ts";
import * as ops from "../ops/index.ts";
import { Tensor } from "../tensor/tensor.ts";
import { checkFlag, checkNames } from "./option-checks.ts";

/**
 * Gives the new average of one tensor. `numAveraged` is the number of models in the average so far, an int32 tensor
 * of one element; it is at least 1.
 */
export type AvgFn = (averaged: Tensor, current: Tensor, numAveraged: Tensor) => Tensor;

/** Options of {@link AveragedModel}. */
export interface AveragedModelOptions {
  /** How values are averaged; equally by default, see `getSwaAvgFn`. */
  readonly avgFn?: AvgFn | undefined;
  /** Whether buffers are averaged too; false by default: they are the model's own. */
  readonly useBuffers?: boolean | undefined;
}

/**
 * A copy of a model whose weights are an average of the model's: over the last epochs (stochastic weight averaging:
 * Izmailov et al., 2018), or exponential with `getEmaAvgFn` (Polyak and Juditsky, 1992). It is called like the model.
 *
 * The copy is that of `nn.deepcopy`, with modes and hooks of its own. `updateParameters` reads nothing back: it becomes
 * part of the program of the next step. State-dict keys are `n_averaged` and those of the model behind `module.`.
 *
 * Batch norm needs statistics that fit the averaged weights: use `updateBn` after the training, or `useBuffers`.
 *
 * @example
 * const average = new optim.swaUtils.AveragedModel(model, { avgFn: optim.swaUtils.getEmaAvgFn(0.9) });
 * for await (const [x, y] of loader) {
 *   optimizer.zeroGrad();
 *   F.crossEntropy(model(x), y).backward();
 *   await optimizer.step();
 *   average.updateParameters(model);
 * }
 * average.eval();
 * average(images).shape; // [16, 10]
 */
export class AveragedModel<M extends Module = Module> extends Module {
  /** The averaged copy. */
  readonly module: M;
  avgFn: AvgFn;
  readonly useBuffers: boolean;

  /** @throws ArgumentError for anything but a module, or one that `nn.deepcopy` refuses. */
  constructor(model: M, options: AveragedModelOptions = {}) {
    super();
    checkNames("AveragedModel", ["avgFn", "useBuffers"], options);
    this.module = deepcopy(model);
    this.registerBuffer("n_averaged", new Tensor(constant(0, [], "int32")));
    this.avgFn = options.avgFn ?? getSwaAvgFn();
    this.useBuffers = options.useBuffers ?? false;
    if (typeof this.avgFn !== "function") {
      throw new ArgumentError(
        `AveragedModel: avgFn must be a function, such as getEmaAvgFn(); got ${this.avgFn}`,
      );
    }
    checkFlag(this, "useBuffers", this.useBuffers);
  }

  /** Number of models in the average, int32. */
  get nAveraged(): Tensor {
    return this.getBuffer("n_averaged") as Tensor;
  }

  forward(...inputs: Parameters<M["forward"]>): ReturnType<M["forward"]> {
    return this.module.__call__(inputs) as ReturnType<M["forward"]>;
  }

  /**
   * Takes the model's weights into the average; the first ones are copied.
   *
   * @param model the model that is trained; its parameters are those of the copy, in the same order
   * @throws ShapeError for a model of other parameters.
   */
  updateParameters(model: Module): void {
    const [own, given] = [tensorsOf(this.module), tensorsOf(model)];
    checkSame(own.all, given.all);
    withGradMode(false, () => {
      const { nAveraged } = this;
      const isFirst = ops.eq(nAveraged.node, constant(0, [], "int32"));
      const averages = this.useBuffers ? own.all.length : own.parameters.length;
      own.all.forEach((mine, i) => {
        const theirs = given.all[i] as Tensor;
        mine.assignNode(i < averages ? this.#average(mine, theirs, nAveraged, isFirst) : theirs.node);
      });
      nAveraged.assignNode(ops.add(nAveraged.node, constant(1, [], "int32")));
    });
  }

  /** Both cases of one program, so that the first update is like all others. */
  #average(mine: Tensor, theirs: Tensor, nAveraged: Tensor, isFirst: Node): Node {
    const average = this.avgFn(asFloat(mine), asFloat(theirs), nAveraged);
    return ops.where(isFirst, theirs.node, cast(average.node, mine.dtype));
  }
}

/** Counts, such as that of batches, are averaged as fractions and then cut off, as in PyTorch. */
function asFloat(t: Tensor): Tensor {
  return isFloat(t.dtype) ? t : new Tensor(cast(t.node, "float32"));
}

function tensorsOf(model: Module): {
  readonly parameters: readonly Tensor[];
  readonly all: readonly Tensor[];
} {
  if (!(model instanceof Module)) {
    throw new ArgumentError(`updateParameters: expected a module, got ${typeof model}`, { value: model });
  }
  const parameters = model.parameters();
  return { parameters, all: [...parameters, ...model.buffers()] };
}

function checkSame(own: readonly Tensor[], given: readonly Tensor[]): void {
  const at = own.findIndex((t, i) => given[i] === undefined || !sameShape(t.shape, given[i].shape));
  if (at < 0 && own.length === given.length) return;
  const shown = (t: Tensor | undefined): string => (t === undefined ? "none" : formatShape(t.shape));
  const place = at < 0 ? own.length : at;
  throw new ShapeError(
    `updateParameters: the model is not like the averaged one: tensor ${place} has shape ${shown(given[place])}, ` +
      `expected ${shown(own[place])}`,
    { given: given[place]?.shape, own: own[place]?.shape },
  );
}

/**
 * The plain average of all models: averaged + (current - averaged) / (numAveraged + 1) (Izmailov et al., 2018).
 *
 * @example
 * const avgFn = optim.swaUtils.getSwaAvgFn();
 * avgFn(tensor([1]), tensor([4]), tensor(2, { dtype: "int32" })); // [2]
 */
export function getSwaAvgFn(): AvgFn {
  return (averaged, current, numAveraged) => {
    const { dtype } = averaged;
    const count = ops.add(cast(numAveraged.node, dtype), constant(1, [], dtype));
    const step = ops.div(ops.sub(current.node, averaged.node), count);
    return new Tensor(ops.add(averaged.node, step));
  };
}

/**
 * An exponential moving average: decay * averaged + (1 - decay) * current.
 *
 * @param decay from 0 to 1; 0.999 by default
 * @throws ArgumentError for a decay out of range.
 * @example
 * const avgFn = optim.swaUtils.getEmaAvgFn(0.75);
 * avgFn(tensor([1]), tensor([5]), tensor(2, { dtype: "int32" })); // [2]
 */
export function getEmaAvgFn(decay = 0.999): AvgFn {
  if (typeof decay !== "number" || !(decay >= 0 && decay <= 1)) {
    throw new ArgumentError(`getEmaAvgFn: decay must be from 0 to 1; got ${String(decay)}`, { decay });
  }
  return (averaged, current) => {
    const { dtype } = averaged;
    const kept = ops.mul(averaged.node, scalar(decay, dtype));
    return new Tensor(ops.add(kept, ops.mul(current.node, scalar(1 - decay, dtype))));
  };
}

/** Batches whose first tensor is the input, or inputs alone. */
export type InputBatches = AsyncIterable<Tensor | readonly Tensor[]> | Iterable<Tensor | readonly Tensor[]>;

/**
 * Measures the running statistics of all batch norms anew, as averages over the batches of a loader: those of averaged
 * weights cannot be told from those of the weights. Modes and momenta are as before afterwards, also after an error.
 *
 * @param loader one epoch of it is used; of a batch with targets only the first tensor is
 * @throws ArgumentError when the loader gives no batch.
 * @example
 * const average = new optim.swaUtils.AveragedModel(model);
 * await optim.swaUtils.updateBn(loader, average);
 */
export async function updateBn(loader: InputBatches, model: Module): Promise<void> {
  const norms = model.modules().filter((m) => m instanceof BatchNorm1d || m instanceof BatchNorm2d);
  if (norms.length === 0) return;
  const momenta = norms.map((norm) => norm.momentum);
  const modes = model.modules().map((module) => ({ module, training: module.training }));
  let batches = 0;
  try {
    model.train();
    for (const norm of norms) {
      norm.resetRunningStats();
      norm.momentum = null;
    }
    for await (const batch of loader) {
      const x = batch instanceof Tensor ? batch : batch[0];
      withGradMode(false, () => model.__call__([x]));
      await currentEngine().flush();
      batches++;
    }
  } finally {
    norms.forEach((norm, i) => {
      norm.momentum = momenta[i] ?? null;
    });
    for (const { module, training } of modes) module.training = training;
  }
  if (batches === 0) throw new ArgumentError("updateBn: the loader gave no batch; the statistics start over");
}
