import { ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { binary, constant, pad, reduce, reshape, window, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { composite } from "../../graph/template.ts";

export interface ResponseNormNumbers {
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

/** Sums over `before` channels in front of each, itself, and `after` behind it; there are zeros beyond the ends. */
function sumOverChannels(x: Node, before: number, after: number): Node {
  const at = (count: number): number[] => x.shape.map((_, d) => (d === 1 ? count : 0));
  const windows = window(pad(x, at(before), at(after), 0), 1, before + 1 + after, 1, 1);
  return reshape(reduce("sum", windows, [2]), x.shape);
}

/**
 * x / (k + alpha / size * sum of squares over `size` neighbouring channels) ** beta (Krizhevsky, Sutskever and Hinton,
 * 2012, who do not divide by the size). Shape (N, C, *) -> (N, C, *). @throws ShapeError.
 */
export function localResponseNorm(
  x: Node,
  size: number,
  numbers: ResponseNormNumbers,
  name = "localResponseNorm",
): Node {
  return whole([x], size, numbers, name)[0];
}

const whole = composite(
  "localResponseNorm",
  ([x]: readonly [Node], size: number, { alpha, beta, k }: ResponseNormNumbers, name: string): [Node] => {
    if (x.shape.length < 3) {
      throw new ShapeError(
        `${name}: input has shape ${formatShape(x.shape)}, expected at least 3 dimensions N, C, ...`,
        { input: x.shape },
      );
    }
    const c = (value: number): Node => constant(value, x.shape, x.dtype);
    const [before, after] = [Math.floor(size / 2), Math.floor((size - 1) / 2)];
    const squares = sumOverChannels(binary("mul", x, x), before, after);
    const base = binary("add", binary("mul", squares, c(alpha / size)), c(k));
    const factor = binary("pow", base, c(-beta));
    const output = withGradient(binary("mul", x, factor), [x], (g, y) => {
      // Each element is in the windows of its neighbours: the same sum, with front and back exchanged.
      const pull = sumOverChannels(binary("div", binary("mul", g, y), base), after, before);
      const shared = binary("mul", binary("mul", x, c((2 * alpha * beta) / size)), pull);
      return [binary("sub", binary("mul", g, factor), shared)];
    });
    return [output];
  },
);
