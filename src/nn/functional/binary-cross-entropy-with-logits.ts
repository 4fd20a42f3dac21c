import { binary, constant, unary } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import * as ops from "../../ops/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkOptions } from "../arguments.ts";
import { checkFactor, checkPaired, type LossOptions, reduceLoss } from "./reduction.ts";

/** Options of `F.binaryCrossEntropyWithLogits` and `nn.BCEWithLogitsLoss`. */
export interface BinaryCrossEntropyWithLogitsOptions extends LossOptions {
  /** What element losses are multiplied by; broadcast. */
  readonly weight?: Tensor | null | undefined;
  /** What the losses of positive targets are multiplied by; broadcast, so shape (C) gives one for each class. */
  readonly posWeight?: Tensor | null | undefined;
}

/**
 * -[p y ln s(x) + (1 - y) ln(1 - s(x))] with the logistic function s, computed without overflow.
 *
 * @param input shape (*) of logits x
 * @param target shape (*) of probabilities y from 0 to 1
 * @param options.weight what element losses are multiplied by; broadcast. 1 by default
 * @param options.posWeight what the losses of positive targets are multiplied by, p; broadcast. 1 by default
 * @param options.reduction "mean" (the default), "sum", or "none" for all elements
 * @returns shape (), or (*) without reduction
 * @throws ShapeError where shapes differ, DTypeError, ArgumentError.
 * @example
 * F.binaryCrossEntropyWithLogits(tensor([0, 2]), tensor([1, 1]), { reduction: "none" }); // [0.6931, 0.1269]
 */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  options: BinaryCrossEntropyWithLogitsOptions = {},
): Tensor {
  const owner = "binaryCrossEntropyWithLogits";
  checkOptions(options, ["weight", "posWeight", "reduction"], owner, { nullable: ["weight", "posWeight"] });
  checkPaired(input, target, owner);
  const { weight = null, posWeight = null } = options;
  checkFactor(weight, input, "weight", owner);
  checkFactor(posWeight, input, "posWeight", owner);
  const [x, y] = [input.node, target.node];
  const one = constant(1, [], x.dtype);
  const negative = unary("neg", x);
  // ln(1 + e ** -x), from whichever of e ** x and e ** -x cannot overflow.
  const tail = unary("log1p", unary("exp", unary("neg", unary("abs", x))));
  const softplus = binary("add", tail, binary("max", negative, constant(0, x.shape, x.dtype)));
  const factor: Node | null =
    posWeight === null ? null : ops.add(ops.mul(ops.sub(posWeight.node, one), y), one);
  const weighted = factor === null ? softplus : ops.mul(factor, softplus);
  const losses = ops.add(ops.mul(ops.sub(one, y), x), weighted);
  return reduceLoss(weight === null ? losses : ops.mul(losses, weight.node), options, owner);
}
