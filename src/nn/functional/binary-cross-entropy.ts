import { ArgumentError } from "../../base/errors.ts";
import { currentEngine } from "../../engine/default.ts";
import { binary, constant, unary, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import * as ops from "../../ops/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkOptions } from "../arguments.ts";
import { checkFactor, checkPaired, type LossOptions, reduceLoss } from "./reduction.ts";

/** Options of `F.binaryCrossEntropy` and `nn.BCELoss`. */
export interface BinaryCrossEntropyOptions extends LossOptions {
  /** What element losses are multiplied by; broadcast. */
  readonly weight?: Tensor | null | undefined;
}

/**
 * -[y ln x + (1 - y) ln(1 - x)] of probabilities. Logarithms are at least -100, so that the loss stays finite at 0 and 1;
 * `binaryCrossEntropyWithLogits` is exact there.
 *
 * @param input shape (*) of probabilities x from 0 to 1, as `sigmoid` gives them
 * @param target shape (*) of probabilities y from 0 to 1
 * @param options.weight what element losses are multiplied by; broadcast. 1 by default
 * @param options.reduction "mean" (the default), "sum", or "none" for all elements
 * @returns shape (), or (*) without reduction
 * @throws ShapeError where shapes differ, DTypeError, ArgumentError for an input outside of 0 to 1 (where it is known on
 *   the host; elsewhere the loss is NaN).
 * @example
 * F.binaryCrossEntropy(tensor([0.5, 0.9]), tensor([1, 1]), { reduction: "none" }); // [0.6931, 0.1054]
 */
export function binaryCrossEntropy(
  input: Tensor,
  target: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  const owner = "binaryCrossEntropy";
  checkOptions(options, ["weight", "reduction"], owner, { nullable: ["weight"] });
  checkPaired(input, target, owner);
  const { weight = null } = options;
  checkFactor(weight, input, "weight", owner);
  checkProbabilities(input, owner);
  const losses = elementLosses(input.node, target.node);
  return reduceLoss(weight === null ? losses : ops.mul(losses, weight.node), options, owner);
}

function elementLosses(x: Node, y: Node): Node {
  const at = (value: number): Node => constant(value, x.shape, x.dtype);
  const bounded = (log: Node): Node => binary("max", log, at(-100));
  const yes = bounded(unary("log", x));
  const no = bounded(unary("log1p", unary("neg", x)));
  const losses = binary("sub", binary("mul", binary("sub", y, at(1)), no), binary("mul", y, yes));
  return withGradient(losses, [x, y], (g) => {
    // PyTorch's: the slope is limited rather than cut off where a logarithm is.
    const spread = binary("max", binary("mul", binary("sub", at(1), x), x), at(1e-12));
    const forX = binary("mul", g, binary("div", binary("sub", x, y), spread));
    return [forX, y.requiresGrad ? binary("mul", g, binary("sub", no, yes)) : null];
  });
}

function checkProbabilities(input: Tensor, owner: string): void {
  const known = currentEngine().peek(input.node);
  const position = known?.findIndex((p) => p < 0 || p > 1) ?? -1;
  if (position < 0) return;
  throw new ArgumentError(
    `${owner}: input ${known?.[position]} at position ${position} is not a probability; use ` +
      "binaryCrossEntropyWithLogits for logits",
    { position },
  );
}
