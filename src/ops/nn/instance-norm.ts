import { ShapeError } from "../../base/errors.ts";
import { formatShape, sizeOf } from "../../base/shape.ts";
import { binary, constant, detach, reduce, reshape } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { composite } from "../../graph/template.ts";
import type { BatchStatistics } from "./batch-norm.ts";
import { normalizeOver } from "./normalize.ts";

/**
 * Normalises each plane of each sample (Ulyanov, Vedaldi and Lempitsky, 2016); the statistics are means over samples.
 * Shapes: x (N, C, *), weight and bias (C) -> as x. @throws ShapeError naming the operation `name`.
 */
export function instanceNorm(
  x: Node,
  weight: Node | null,
  bias: Node | null,
  eps: number,
  name = "instanceNorm",
): { output: Node; statistics: BatchStatistics } {
  const [output, mean, unbiasedVariance] = whole([x, weight, bias], eps, name);
  return { output, statistics: { mean, unbiasedVariance } };
}

type Operands = readonly [x: Node, weight: Node | null, bias: Node | null];

const whole = composite(
  "instanceNorm",
  ([x, weight, bias]: Operands, eps: number, name: string): [Node, Node, Node] => {
    const [samples, channels, ...plane] = x.shape;
    const n = sizeOf(plane);
    if (samples === undefined || channels === undefined || plane.length === 0 || n <= 1) {
      throw new ShapeError(
        `${name}: needs an input N, C, ... with more than one value per channel and sample, got input shape ` +
          formatShape(x.shape),
        { input: x.shape },
      );
    }
    const aligned = [1, channels, ...plane.map(() => 1)];
    const line = (p: Node | null): Node | null => (p === null ? null : reshape(p, aligned));
    const axes = plane.map((_, i) => 2 + i);
    const { output, mean, squares } = normalizeOver(x, axes, line(weight), line(bias), eps);
    const average = (v: Node, count: number): Node => {
      const total = reduce("sum", v, [0]);
      return detach(reshape(binary("mul", total, constant(1 / count, total.shape, x.dtype)), [channels]));
    };
    return [output, average(mean, samples), average(squares, samples * (n - 1))];
  },
);
