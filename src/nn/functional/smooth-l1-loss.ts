/**
 * Losses that are quadratic near zero and linear beyond.
 */
import { binary, constant, expand, unary, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import * as ops from "../../ops/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkNumber, checkOptions, checkPositive, checkRange } from "../arguments.ts";
import { checkPaired, type LossOptions, reduceLoss } from "./reduction.ts";

/** Options of `F.smoothL1Loss` and `nn.SmoothL1Loss`. */
export interface SmoothL1Options extends LossOptions {
  /** Distance up to which the loss is quadratic; 1 by default. With 0 the loss is `l1Loss`. */
  readonly beta?: number | undefined;
}

/** Options of `F.huberLoss` and `nn.HuberLoss`. */
export interface HuberOptions extends LossOptions {
  /** Distance up to which the loss is quadratic, above 0; 1 by default. */
  readonly delta?: number | undefined;
}

/** @throws ArgumentError unless beta is a finite number of 0 or more. */
export function checkBeta(options: SmoothL1Options, owner: string): number {
  const beta = checkNumber(options.beta ?? 1, "beta", owner);
  return checkRange(beta, 0, Number.POSITIVE_INFINITY, "beta", owner);
}

/**
 * d ** 2 / 2 for |d| < bend, else bend * (|d| - bend / 2), all multiplied by `factor`. The slope is d cut off at the
 * bend, which stays finite where the square does not.
 */
function bent(d: Node, bend: number, factor: number): Node {
  const at = (value: number): Node => constant(value, d.shape, d.dtype);
  const size = unary("abs", d);
  const inner = binary("min", size, at(bend));
  const half = binary("mul", inner, at(0.5));
  const losses = binary("mul", binary("mul", inner, binary("sub", size, half)), at(factor));
  return withGradient(losses, [d], (g) => {
    const slope = ops.clamp(d, constant(-bend, [], d.dtype), constant(bend, [], d.dtype));
    return [binary("mul", g, binary("mul", slope, expand(constant(factor, [], d.dtype), d.shape)))];
  });
}

/**
 * With d = input - target: d ** 2 / (2 beta) where |d| < beta, else |d| - beta / 2. (Girshick, 2015.)
 *
 * @param input shape (*)
 * @param target shape (*)
 * @param options.beta distance up to which the loss is quadratic; 1 by default
 * @param options.reduction "mean" (the default), "sum", or "none" for all elements
 * @returns shape (), or (*) without reduction
 * @throws ShapeError where shapes differ, DTypeError, ArgumentError for a negative beta.
 * @example
 * F.smoothL1Loss(tensor([0.5, 3]), tensor([0, 0]), { reduction: "none" }); // [0.125, 2.5]
 */
export function smoothL1Loss(input: Tensor, target: Tensor, options: SmoothL1Options = {}): Tensor {
  const owner = "smoothL1Loss";
  checkOptions(options, ["beta", "reduction"], owner);
  const beta = checkBeta(options, owner);
  checkPaired(input, target, owner);
  const d = ops.sub(input.node, target.node);
  return reduceLoss(beta === 0 ? ops.abs(d) : bent(d, beta, 1 / beta), options, owner);
}

/**
 * With d = input - target: d ** 2 / 2 where |d| < delta, else delta (|d| - delta / 2). (Huber, 1964.)
 *
 * @param input shape (*)
 * @param target shape (*)
 * @param options.delta distance up to which the loss is quadratic, above 0; 1 by default
 * @param options.reduction "mean" (the default), "sum", or "none" for all elements
 * @returns shape (), or (*) without reduction
 * @throws ShapeError where shapes differ, DTypeError, ArgumentError unless delta is above 0.
 * @example
 * F.huberLoss(tensor([1, 4]), tensor([0, 0]), { delta: 2, reduction: "none" }); // [0.5, 6]
 */
export function huberLoss(input: Tensor, target: Tensor, options: HuberOptions = {}): Tensor {
  const owner = "huberLoss";
  checkOptions(options, ["delta", "reduction"], owner);
  const delta = checkPositive(options.delta ?? 1, "delta", owner);
  checkPaired(input, target, owner);
  return reduceLoss(bent(ops.sub(input.node, target.node), delta, 1), options, owner);
}
