import { binary, constant, unary } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import * as ops from "../../ops/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkPaired, type LossOptions, reduceLoss } from "./reduction.ts";

export interface BinaryCrossEntropyOptions extends LossOptions {
  /** What element losses are multiplied by; broadcast. */
  readonly weight?: Tensor | null | undefined;
  /** What the losses of positive targets are multiplied by; broadcast, so shape (C) gives one for each class. */
  readonly posWeight?: Tensor | null | undefined;
}

/**
 * -[p y ln s(x) + (1 - y) ln(1 - s(x))] with the logistic function s, computed without overflow.
 *
 * Shapes: input (*), target (*) with values from 0 to 1 -> (), or (*) without reduction. @throws ShapeError, DTypeError.
 */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  const owner = "binaryCrossEntropyWithLogits";
  checkPaired(input, target, owner);
  const [x, y] = [input.node, target.node];
  const one = constant(1, [], x.dtype);
  const negative = unary("neg", x);
  // ln(1 + e ** -x), from whichever of e ** x and e ** -x cannot overflow.
  const tail = unary("log1p", unary("exp", unary("neg", unary("abs", x))));
  const softplus = binary("add", tail, binary("max", negative, constant(0, x.shape, x.dtype)));
  const positive = options.posWeight ?? null;
  const factor: Node | null =
    positive === null ? null : ops.add(ops.mul(ops.sub(positive.node, one), y), one);
  const weighted = factor === null ? softplus : ops.mul(factor, softplus);
  const losses = ops.add(ops.mul(ops.sub(one, y), x), weighted);
  const weight = options.weight ?? null;
  return reduceLoss(weight === null ? losses : ops.mul(losses, weight.node), options, owner);
}
