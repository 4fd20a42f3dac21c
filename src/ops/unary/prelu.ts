import { ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { binary, compare, constant, expand, reshape, where, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";

/**
 * x where x > 0, else weight * x; one weight for all, or one for each channel (axis 1). Shapes: x (N, C, *), weight (C)
 * or (1) -> (N, C, *). (He, Zhang, Ren and Sun, 2015.) @throws ShapeError.
 */
export function prelu(x: Node, weight: Node, name = "prelu"): Node {
  const v = accept(x, "float", name);
  const { shape } = v;
  const zero = constant(0, shape, v.dtype);
  const positive = compare("lt", zero, v);
  const slope = expand(reshape(weight, weightShape(shape, weight, name)), shape);
  return withGradient(where(positive, v, binary("mul", v, slope)), [v, slope], (g) => [
    where(positive, g, binary("mul", g, slope)),
    where(positive, zero, binary("mul", g, v)),
  ]);
}

/** The weight's shape as it broadcasts against x. */
function weightShape(x: readonly number[], weight: Node, name: string): readonly number[] {
  const count = weight.shape.length === 1 ? weight.shape[0] : null;
  if (count === 1) return x.map(() => 1);
  const channels = x.length < 2 ? 1 : x[1];
  if (count === null || count !== channels) {
    const has = x.length < 2 ? "no channels" : `${channels} channel${channels === 1 ? "" : "s"}`;
    throw new ShapeError(
      `${name}: input of shape ${formatShape(x)} has ${has}, and weight shape ${formatShape(weight.shape)}; the weight ` +
        "has one element, or one for each channel of an input (N, C, *)",
      { input: x, weight: weight.shape },
    );
  }
  return x.map((s, d) => (d === 1 ? s : 1));
}
