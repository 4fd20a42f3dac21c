import { ShapeError } from "../../base/errors.ts";
import { formatShape, sizeOf } from "../../base/shape.ts";
import { reshape } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { composite } from "../../graph/template.ts";
import { normalizeOver } from "./normalize.ts";

/**
 * Normalises runs of channels of each sample (Wu and He, 2018). Shapes: x (N, C, *), weight and bias (C) -> as x.
 * @throws ShapeError naming the operation `name`.
 */
export function groupNorm(
  x: Node,
  numGroups: number,
  weight: Node | null,
  bias: Node | null,
  eps: number,
  name = "groupNorm",
): Node {
  return whole([x, weight, bias], numGroups, eps, name)[0];
}

type Operands = readonly [x: Node, weight: Node | null, bias: Node | null];

const whole = composite(
  "groupNorm",
  ([x, weight, bias]: Operands, numGroups: number, eps: number, name: string): [Node] => {
    const [n, channels, ...plane] = x.shape;
    if (n === undefined || channels === undefined || channels % numGroups !== 0) {
      throw new ShapeError(
        `${name}: input of shape ${formatShape(x.shape)} must be N, C, ... with channels C divisible into ${numGroups} ` +
          `group${numGroups === 1 ? "" : "s"}`,
        { input: x.shape, numGroups },
      );
    }
    const members = channels / numGroups;
    if (n * members * sizeOf(plane) === 1) {
      throw new ShapeError(
        `${name}: needs more than one value per group, got input shape ${formatShape(x.shape)} and ${numGroups} groups; ` +
          "use fewer groups",
        { input: x.shape, numGroups },
      );
    }
    // Axes: sample, group, channel of the group, plane.
    const grouped = reshape(x, [n, numGroups, members, ...plane]);
    const aligned = [1, numGroups, members, ...plane.map(() => 1)];
    const line = (p: Node | null): Node | null => (p === null ? null : reshape(p, aligned));
    const axes = grouped.shape.flatMap((_, d) => (d < 2 ? [] : [d]));
    return [reshape(normalizeOver(grouped, axes, line(weight), line(bias), eps).output, x.shape)];
  },
);
