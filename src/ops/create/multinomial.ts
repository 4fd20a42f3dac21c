/**
 * Drawing classes with given weights. Only classes of positive weight are ever drawn: where a row has too few of
 * them, the missing places are -1.
 */
import { isFloat } from "../../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../base/errors.ts";
import { formatShape, type Shape } from "../../base/shape.ts";
import {
  binary,
  cast,
  compare,
  constant,
  detach,
  expand,
  gather,
  iota,
  reduce,
  reshape,
  unary,
  where,
} from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { cumsum } from "../reduce/cumsum.ts";
import { topk } from "../reduce/topk.ts";
import { type RandomState, uniform01 } from "./random.ts";

/**
 * Classes drawn with probabilities in proportion to weights: (classes) -> (count), (rows, classes) -> (rows, count),
 * int32. Weights that the host knows are checked; where others leave too few classes of positive weight, -1 stands for
 * a class that is missing.
 *
 * @param replacement whether a class can be drawn again
 * @throws DTypeError, ShapeError, ArgumentError
 */
export function multinomial(state: RandomState, weights: Node, count: number, replacement: boolean): Node {
  checkArguments(weights, count, replacement);
  checkWeights(weights, replacement ? 1 : count);
  const isList = weights.shape.length === 1;
  const rows = isList ? reshape(weights, [1, ...weights.shape]) : weights;
  if (rows.shape[0] === 0) return constant(0, [0, count], "int32");
  const draw = replacement ? drawWithReplacement : drawWithoutReplacement;
  const drawn = draw(state, rows, count);
  return isList ? reshape(drawn, [count]) : drawn;
}

function checkArguments({ shape, dtype }: Node, count: number, replacement: boolean): void {
  if (!isFloat(dtype)) {
    throw new DTypeError(
      `multinomial: needs float probabilities, got ${dtype}; convert with .to("float32")`,
      {
        dtype,
      },
    );
  }
  const classes = shape[shape.length - 1];
  if (shape.length < 1 || shape.length > 2 || classes === undefined || classes === 0) {
    throw new ShapeError(
      `multinomial: needs probabilities of shape (classes) or (rows, classes), got ${formatShape(shape)}`,
      { shape },
    );
  }
  if (!Number.isInteger(count) || count < 1) {
    throw new ArgumentError(`multinomial: numSamples must be an integer of 1 or more; got ${count}`, {
      numSamples: count,
    });
  }
  if (!replacement && count > classes) {
    throw new ArgumentError(
      `multinomial: cannot draw ${count} different ones of ${classes} classes; draw fewer, or pass ` +
        "{ replacement: true }",
      { numSamples: count, classes },
    );
  }
}

/** @throws ArgumentError where weights that the host knows are no weights, or too few are positive. */
function checkWeights({ value, shape }: Node, needed: number): void {
  const data = value?.kind === "host" ? value.data : null;
  if (data === null) return;
  const classes = shape[shape.length - 1] as number;
  const bad = data.findIndex((w) => !(w >= 0 && w < Number.POSITIVE_INFINITY));
  if (bad >= 0) {
    throw new ArgumentError(
      `multinomial: ${data[bad]} (element ${bad}) is no probability; all must be finite and 0 or more`,
      { value: data[bad], element: bad },
    );
  }
  for (let row = 0; row * classes < data.length; row++) {
    const positive = data.subarray(row * classes, (row + 1) * classes).filter((w) => w > 0).length;
    if (positive >= needed) continue;
    throw new ArgumentError(
      `multinomial: row ${row} has ${positive} classes of positive probability, ${needed} are needed`,
      { row, positive, needed },
    );
  }
}

/**
 * `count` classes for each row, each drawn independently: the first whose running sum of weights exceeds a uniform
 * number. (rows, classes) -> (rows, count), int32.
 */
function drawWithReplacement(state: RandomState, weights: Node, count: number): Node {
  const [rows, classes] = weights.shape as [number, number];
  const w = cast(detach(weights), "float64");
  const upTo = cumsum(w, 1);
  const total = reduce("max", upTo, [1]);
  const u = uniform01(state, [rows, count], "float64");
  const threshold = binary("mul", u, expand(total, [rows, count]));
  const wide = [rows, count, classes];
  const isPositive = compare("lt", constant(0, w.shape, "float64"), w);
  // Rounding may give a class of weight 0 a step of its own; it is passed over all the same.
  const exceeds = compare(
    "lt",
    expand(reshape(threshold, [rows, count, 1]), wide),
    expand(reshape(upTo, [rows, 1, classes]), wide),
  );
  const fits = binary("and", exceeds, expand(reshape(isPositive, [rows, 1, classes]), wide));
  const first = reshape(reduce("argmax", cast(fits, "int32"), [2]), [rows, count]);
  const any = reshape(reduce("max", cast(fits, "int32"), [2]), [rows, count]);
  const at = expand(reshape(iota(classes), [1, classes]), w.shape);
  const last = reduce("max", where(isPositive, at, constant(-1, w.shape, "int32")), [1]);
  const isFound = compare("ne", any, constant(0, [rows, count], "int32"));
  return where(isFound, first, expand(last, [rows, count]));
}

/**
 * `count` different classes for each row, drawn one after the other in proportion to the weights that are left: those
 * of the greatest log(u) / weight with u uniform (Efraimidis and Spirakis, "Weighted random sampling with a
 * reservoir", 2006). (rows, classes) -> (rows, count), int32.
 */
function drawWithoutReplacement(state: RandomState, weights: Node, count: number): Node {
  const w = cast(detach(weights), "float64");
  const { shape } = w;
  const one = constant(1, shape, "float64");
  const u = binary("sub", one, uniform01(state, shape, "float64"));
  const isPositive = compare("lt", constant(0, shape, "float64"), w);
  const key = binary("div", unary("log", u), where(isPositive, w, one));
  const never = constant(Number.NEGATIVE_INFINITY, shape, "float64");
  const { indices } = topk(where(isPositive, key, never), count, { dim: 1 });
  const drawn: Shape = indices.shape;
  const usable = gather(cast(isPositive, "int32"), indices, 1);
  return where(compare("ne", usable, constant(0, drawn, "int32")), indices, constant(-1, drawn, "int32"));
}
