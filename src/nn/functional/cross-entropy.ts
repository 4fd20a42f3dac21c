/**
 * Losses of classification: from log-probabilities (`nllLoss`) and from logits (`crossEntropy`).
 */
import { type DType, isFloat } from "../../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../base/errors.ts";
import { formatShape, sameShape, sizeOf } from "../../base/shape.ts";
import { currentEngine } from "../../engine/default.ts";
import { cast, compare, constant, reshape, scalar } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { composite } from "../../graph/template.ts";
import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkFloat, checkInteger, checkOptions, checkRange, checkTensor } from "../arguments.ts";
import { type LossOptions, type Reduction, reductionOf } from "./reduction.ts";

/** Options of `F.nllLoss` and `nn.NLLLoss`. */
export interface NllLossOptions extends LossOptions {
  /** Shape (C): weight of each class; 1 by default. With "mean", the sum is divided by the weights of the targets. */
  readonly weight?: Tensor | null | undefined;
  /** Targets of this class count for nothing; -100 by default. */
  readonly ignoreIndex?: number | undefined;
}

/** Options of `F.crossEntropy` and `nn.CrossEntropyLoss`. */
export interface CrossEntropyOptions extends NllLossOptions {
  /** Share of the target that is spread evenly over all classes (Szegedy et al., 2016); 0 by default. */
  readonly labelSmoothing?: number | undefined;
}

/** The class whose targets count for nothing. @throws ArgumentError unless it is an integer. */
export function checkIgnoreIndex(options: NllLossOptions, owner: string): number {
  return checkInteger(options.ignoreIndex ?? -100, "ignoreIndex", owner);
}

/**
 * -input[target], averaged over the targets: negative log likelihood.
 *
 * @param input shape (N, C, *) or (C) of log-probabilities
 * @param target shape (N, *) or () of class indices, from 0 to C - 1
 * @param options.weight shape (C): weight of each class; 1 by default. The mean is divided by the weights of the targets
 * @param options.ignoreIndex targets of this class count for nothing; -100 by default
 * @param options.reduction "mean" (the default), "sum", or "none" for all elements
 * @returns shape (), or the target's without reduction
 * @throws ShapeError, DTypeError, ArgumentError for a class out of range.
 * @example
 * F.nllLoss(tensor([[0.5, 0.25, 0.25]]).log(), tensor([1], { dtype: "int32" })); // 1.3863
 */
export function nllLoss(input: Tensor, target: Tensor, options: NllLossOptions = {}): Tensor {
  checkOptions(options, ["weight", "ignoreIndex", "reduction"], "nllLoss", { nullable: ["weight"] });
  const loss = classLoss(input, target, options, "nllLoss");
  const { losses, weights } = ops.pickLoss(loss.input, loss.target, loss.weight, loss.ignoreIndex);
  return Tensor.of(combine(losses, weights, loss.reduction, target.shape));
}

/**
 * -ln softmax(input)[target], averaged over the targets; with probabilities as target the sum of -p ln softmax(input)
 * over classes, averaged over the rest.
 *
 * @param input shape (N, C, *) or (C) of logits
 * @param target shape (N, *) or () of class indices (int32), from 0 to C - 1, or probabilities in the shape of the input
 * @param options.weight shape (C): weight of each class; 1 by default. With class indices the mean is divided by the
 *   weights of the targets
 * @param options.ignoreIndex targets of this class count for nothing; -100 by default
 * @param options.labelSmoothing share of the target that is spread evenly over all classes (Szegedy et al., 2016), from
 *   0 to 1; 0 by default
 * @param options.reduction "mean" (the default), "sum", or "none" for all elements
 * @returns shape (), or (N, *) without reduction
 * @throws ShapeError, DTypeError, ArgumentError for a class out of range.
 * @example
 * F.crossEntropy(model(images), labels, { labelSmoothing: 0.1 }).shape; // []
 * F.crossEntropy(tensor([2, 0, 0]), tensor(0, { dtype: "int32" })); // 0.2395
 */
export function crossEntropy(input: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const names = ["weight", "ignoreIndex", "labelSmoothing", "reduction"];
  checkOptions(options, names, "crossEntropy", { nullable: ["weight"] });
  const smoothing = checkRange(options.labelSmoothing ?? 0, 0, 1, "labelSmoothing", "crossEntropy");
  checkTensor(input, "input", "crossEntropy");
  checkTensor(target, "target", "crossEntropy");
  if (isFloat(target.dtype)) return fromProbabilities(input, target, smoothing, options);
  const loss = classLoss(input, target, options, "crossEntropy");
  const share = smoothing / (loss.input.shape[1] as number);
  const smooth = (value: number): Node | null => (smoothing === 0 ? null : scalar(value, loss.input.dtype));
  const operands = [loss.input, loss.target, loss.weight, smooth(1 - smoothing), smooth(share)] as const;
  return Tensor.of(entropy(operands, loss.ignoreIndex, loss.reduction, target.shape)[0]);
}

type Operands = readonly [
  input: Node,
  target: Node,
  weight: Node | null,
  plainShare: Node | null,
  evenShare: Node | null,
];

/** The shares are those of the target's class and of each class, where the target is smoothed. */
const entropy = composite(
  "crossEntropy",
  (
    [input, target, weight, plainShare, evenShare]: Operands,
    ignoreIndex: number,
    reduction: Reduction,
    shape: readonly number[],
  ): [Node] => {
    const logProbabilities = ops.logSoftmax(input, 1);
    const { losses, weights } = ops.pickLoss(logProbabilities, target, weight, ignoreIndex);
    const plain = combine(losses, weights, reduction, shape);
    if (plainShare === null || evenShare === null) return [plain];
    const even = evenLoss(logProbabilities, weight);
    const wanted = compare("ne", target, constant(ignoreIndex, target.shape, "int32"));
    const kept = ops.where(wanted, even, constant(0, even.shape, even.dtype));
    const smooth = combine(kept, weights, reduction, shape);
    return [ops.add(ops.mul(plain, plainShare), ops.mul(smooth, evenShare))];
  },
);

/** Sum over classes of -weight * ln p. Shape (N, C, *) -> (N, *). */
function evenLoss(logProbabilities: Node, weight: Node | null): Node {
  const line = logProbabilities.shape.map((s, d) => (d === 1 ? s : 1));
  const weighted = weight === null ? logProbabilities : ops.mul(logProbabilities, reshape(weight, line));
  return ops.neg(ops.sum(weighted, { dim: 1 }));
}

/** "mean" divides by the weights of the targets that count, not by their number. */
function combine(losses: Node, weights: Node, reduction: Reduction, shape: readonly number[]): Node {
  if (reduction === "none") return reshape(losses, shape);
  const total = ops.sum(losses);
  return reduction === "sum" ? total : ops.div(total, ops.sum(weights));
}

function fromProbabilities(
  input: Tensor,
  target: Tensor,
  smoothing: number,
  options: CrossEntropyOptions,
): Tensor {
  if (!sameShape(input.shape, target.shape) || input.ndim === 0) {
    throw new ShapeError(
      `crossEntropy: a float target is probabilities in the shape of the input, got input ${formatShape(input.shape)} and ` +
        `target ${formatShape(target.shape)}; for class indices use .to("int32")`,
      { input: input.shape, target: target.shape },
    );
  }
  checkFloat(input, "crossEntropy");
  const single = input.ndim === 1;
  const batch = (n: Node): Node => (single ? reshape(n, [1, ...n.shape]) : n);
  const x = batch(input.node);
  const classes = x.shape[1] as number;
  const weight = classWeight(options.weight ?? null, classes, x.dtype, "crossEntropy");
  const { dtype } = x;
  let probabilities = cast(batch(target.node), dtype);
  if (smoothing > 0) {
    const kept = ops.mul(probabilities, scalar(1 - smoothing, dtype));
    probabilities = ops.add(kept, scalar(smoothing / classes, dtype));
  }
  const losses = evenLoss(ops.mul(ops.logSoftmax(x, 1), probabilities), weight);
  const reduction = reductionOf(options, "crossEntropy");
  if (reduction === "none") return Tensor.of(single ? reshape(losses, []) : losses);
  const total = ops.sum(losses);
  if (reduction === "sum") return Tensor.of(total);
  return Tensor.of(ops.div(total, constant(sizeOf(losses.shape), [], dtype)));
}

interface ClassLoss {
  /** (N, C, *) */
  readonly input: Node;
  /** (N, *), int32 */
  readonly target: Node;
  readonly weight: Node | null;
  readonly ignoreIndex: number;
  readonly reduction: Reduction;
}

/** Checks the operands of a loss over class indices, and gives a single sample a batch axis. */
function classLoss(input: Tensor, target: Tensor, options: NllLossOptions, owner: string): ClassLoss {
  checkTensor(target, "target", owner);
  checkFloat(input, owner);
  if (isFloat(target.dtype) || target.dtype === "bool") {
    throw new DTypeError(
      `${owner}: target is ${target.dtype}, expected class indices; convert with .to("int32")`,
      {
        target: target.dtype,
      },
    );
  }
  const single = input.ndim === 1;
  const x = single ? reshape(input.node, [1, ...input.shape]) : input.node;
  const y = cast(single && target.ndim === 0 ? reshape(target.node, [1]) : target.node, "int32");
  ops.checkClassTarget(x, y, owner);
  const ignoreIndex = checkIgnoreIndex(options, owner);
  const classes = x.shape[1] as number;
  checkClasses(target, classes, ignoreIndex, owner);
  const weight = classWeight(options.weight ?? null, classes, x.dtype, owner);
  return { input: x, target: y, weight, ignoreIndex, reduction: reductionOf(options, owner) };
}

/** Labels that are known on the host, as those from a loader are, are checked before they do harm. */
function checkClasses(target: Tensor, classes: number, ignoreIndex: number, owner: string): void {
  const known = currentEngine().peek(target.node);
  if (known === null) return;
  for (let i = 0; i < known.length; i++) {
    const label = known[i] as number;
    if ((label >= 0 && label < classes) || label === ignoreIndex) continue;
    throw new ArgumentError(
      `${owner}: target ${label} at position ${i} is out of range for ${classes} classes (use 0 to ${classes - 1}, or ` +
        "set ignoreIndex)",
      { target: label, position: i, classes },
    );
  }
}

function classWeight(weight: Tensor | null, classes: number, dtype: DType, owner: string): Node | null {
  if (weight === null) return null;
  checkTensor(weight, "weight", owner);
  if (weight.dtype !== dtype) {
    throw new DTypeError(
      `${owner}: weight is ${weight.dtype}, input ${dtype}; convert the weight with .to("${dtype}")`,
      { input: dtype, weight: weight.dtype },
    );
  }
  if (weight.ndim !== 1 || weight.shape[0] !== classes) {
    throw new ShapeError(
      `${owner}: weight has shape ${formatShape(weight.shape)}, expected [${classes}]: one for each class`,
      { weight: weight.shape, classes },
    );
  }
  return weight.node;
}
