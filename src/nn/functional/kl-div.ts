import { ShapeError } from "../../base/errors.ts";
import { binary, compare, constant, unary, where } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkChoice, checkOptions } from "../arguments.ts";
import { checkPaired, type Reduction, reduceLoss } from "./reduction.ts";

/** Options of `F.klDiv` and `nn.KLDivLoss`. */
export interface KlDivOptions {
  /** As for other losses, or "batchmean": the sum divided by the size of the first axis. "mean" by default. */
  readonly reduction?: Reduction | "batchmean" | undefined;
  /** Whether the target is log-probabilities; false by default. */
  readonly logTarget?: boolean | undefined;
}

/** @throws ArgumentError for an unknown reduction or option. */
export function checkKlDiv(options: KlDivOptions, owner: string): Reduction | "batchmean" {
  checkOptions(options, ["reduction", "logTarget"], owner, { flags: ["logTarget"] });
  return checkChoice(options.reduction ?? "mean", ["mean", "batchmean", "sum", "none"], "reduction", owner);
}

/**
 * Kullback-Leibler divergence, target (ln target - input), 0 where the target is 0. The definition sums over classes
 * and averages over the batch: use reduction "batchmean". (Kullback and Leibler, 1951.)
 *
 * @param input shape (*) of log-probabilities, as `logSoftmax` gives them
 * @param target shape (*) of probabilities, or log-probabilities with `logTarget`
 * @param options.reduction "mean" of all elements (the default), "batchmean", "sum", or "none" for all elements
 * @param options.logTarget whether the target is log-probabilities; false by default
 * @returns shape (), or (*) without reduction
 * @throws ShapeError where shapes differ, DTypeError, ArgumentError.
 * @example
 * const input = tensor([[0.5, 0.5]]).log();
 * F.klDiv(input, tensor([[0.9, 0.1]]), { reduction: "batchmean" }); // 0.3681
 */
export function klDiv(input: Tensor, target: Tensor, options: KlDivOptions = {}): Tensor {
  const owner = "klDiv";
  const reduction = checkKlDiv(options, owner);
  checkPaired(input, target, owner);
  const losses =
    options.logTarget === true
      ? binary("mul", unary("exp", target.node), binary("sub", target.node, input.node))
      : fromProbabilities(input.node, target.node);
  if (reduction !== "batchmean") return reduceLoss(losses, { reduction }, owner);
  const batch = input.shape[0];
  if (batch === undefined) {
    throw new ShapeError(`${owner}: reduction "batchmean" needs a batch axis, got shape []; use "sum"`, {
      input: input.shape,
    });
  }
  return Tensor.of(ops.mul(ops.sum(losses), constant(1 / batch, [], losses.dtype)));
}

/** target * (ln target - input), without the logarithm of 0. */
function fromProbabilities(input: Node, target: Node): Node {
  const at = (value: number): Node => constant(value, target.shape, target.dtype);
  const none = compare("eq", target, at(0));
  const logarithm = unary("log", where(none, at(1), target));
  return binary("mul", target, binary("sub", logarithm, input));
}
