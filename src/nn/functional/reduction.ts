/**
 * What losses share: how element losses become the result, and the check of shapes.
 */
import { isFloat } from "../../base/dtype.ts";
import { DTypeError, ShapeError } from "../../base/errors.ts";
import { formatShape, sameShape } from "../../base/shape.ts";
import type { Node } from "../../graph/node.ts";
import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkChoice, checkTensor } from "../arguments.ts";

/** "mean" of the elements (the default), their "sum", or all of them ("none"). */
export type Reduction = "mean" | "sum" | "none";

/** What all losses take. */
export interface LossOptions {
  /** "mean" of the elements (the default), their "sum", or all of them ("none"). */
  readonly reduction?: Reduction | undefined;
}

/** @throws ArgumentError for an unknown reduction. */
export function reductionOf(options: LossOptions, owner: string): Reduction {
  return checkChoice(options.reduction ?? "mean", ["mean", "sum", "none"], "reduction", owner);
}

/** Element losses as the reduction wants them. */
export function reduceLoss(losses: Node, options: LossOptions, owner: string): Tensor {
  const reduction = reductionOf(options, owner);
  return Tensor.of(reduction === "none" ? losses : reduction === "sum" ? ops.sum(losses) : ops.mean(losses));
}

/**
 * Checks that input and target are float tensors of one shape. Broadcasting here is nearly always a mistake: (N, 1)
 * against (N) would compare every row with every target. @throws ShapeError, DTypeError.
 */
export function checkPaired(input: Tensor, target: Tensor, owner: string): void {
  checkTensor(input, "input", owner);
  checkTensor(target, "target", owner);
  if (!isFloat(input.dtype) || !isFloat(target.dtype)) {
    throw new DTypeError(
      `${owner}: input is ${input.dtype}, target ${target.dtype}; convert with .to("float32")`,
      {
        input: input.dtype,
        target: target.dtype,
      },
    );
  }
  if (input.dtype !== target.dtype) {
    throw new DTypeError(
      `${owner}: input is ${input.dtype}, target ${target.dtype}; convert the target with .to("${input.dtype}")`,
      { input: input.dtype, target: target.dtype },
    );
  }
  if (sameShape(input.shape, target.shape)) return;
  throw new ShapeError(
    `${owner}: input ${formatShape(input.shape)} and target ${formatShape(target.shape)} must have the same shape; use ` +
      "reshape, squeeze or expand on one of them",
    { input: input.shape, target: target.shape },
  );
}

/**
 * Checks a factor of element losses: a float tensor that broadcasts to the input's shape and does not enlarge it.
 * @throws ShapeError, DTypeError.
 */
export function checkFactor(factor: Tensor | null, input: Tensor, name: string, owner: string): void {
  if (factor === null) return;
  checkTensor(factor, name, owner);
  if (factor.dtype !== input.dtype) {
    throw new DTypeError(
      `${owner}: ${name} is ${factor.dtype}, input ${input.dtype}; convert with .to("${input.dtype}")`,
      { input: input.dtype, [name]: factor.dtype },
    );
  }
  const missing = input.ndim - factor.ndim;
  if (missing >= 0 && factor.shape.every((s, d) => s === 1 || s === input.shape[d + missing])) return;
  throw new ShapeError(
    `${owner}: ${name} has shape ${formatShape(factor.shape)}, which does not broadcast to the input's ` +
      formatShape(input.shape),
    { input: input.shape, [name]: factor.shape },
  );
}
