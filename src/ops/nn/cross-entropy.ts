/**
 * Negative log likelihood of classes. Class indices are compared with 0, 1, ... rather than gathered: the sum over
 * classes fuses with what surrounds it, and its gradient is elementwise.
 */
import { ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { binary, cast, compare, constant, expand, iota, reduce, reshape, where } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

/** One at the class of each element along axis 1, zero elsewhere. Target (N, *) -> (N, C, *) like `input`. */
export function classMask(target: Node, input: Node): Node {
  const classes = input.shape[1] as number;
  const line = input.shape.map((_, d) => (d === 1 ? classes : 1));
  const column = reshape(cast(target, "int32"), [input.shape[0] as number, 1, ...input.shape.slice(2)]);
  return compare("eq", expand(column, input.shape), expand(reshape(iota(classes), line), input.shape));
}

/** Checks that a target of class indices fits its input (N, C, *): shape (N, *). @throws ShapeError. */
export function checkClassTarget(input: Node, target: Node, name: string): void {
  const expected = [input.shape[0] as number, ...input.shape.slice(2)];
  if (input.shape.length < 2 || target.shape.join() !== expected.join()) {
    throw new ShapeError(
      `${name}: input ${formatShape(input.shape)} and target ${formatShape(target.shape)} do not fit: the input is ` +
        "(N, C) or (N, C, d1, ...), the target of class indices (N) or (N, d1, ...)",
      { input: input.shape, target: target.shape },
    );
  }
}

/** -weight[target] * logProbabilities[target] for every target element, 0 where it is to be ignored. */
export function pickLoss(
  logProbabilities: Node,
  target: Node,
  weight: Node | null,
  ignoreIndex: number,
): { losses: Node; weights: Node } {
  const { shape, dtype } = logProbabilities;
  const mask = classMask(target, logProbabilities);
  const zero = constant(0, shape, dtype);
  const picked = reshape(reduce("sum", where(mask, logProbabilities, zero), [1]), target.shape);
  const wanted = compare("ne", cast(target, "int32"), constant(ignoreIndex, target.shape, "int32"));
  const none = constant(0, target.shape, dtype);
  let weights = where(wanted, constant(1, target.shape, dtype), none);
  if (weight !== null) {
    const line = shape.map((s, d) => (d === 1 ? s : 1));
    const perClass = expand(reshape(weight, line), shape);
    const own = reshape(reduce("sum", where(mask, perClass, zero), [1]), target.shape);
    weights = where(wanted, own, none);
  }
  return {
    losses: binary("mul", picked, binary("mul", weights, constant(-1, target.shape, dtype))),
    weights,
  };
}
