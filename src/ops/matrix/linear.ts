import { ShapeError } from "../../base/errors.ts";
import { formatShape, sizeOf } from "../../base/shape.ts";
import { binary, contraction, expand, reshape } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import type { AxisMap } from "../../graph/operation.ts";
import { composite } from "../../graph/template.ts";

const axis = (dim: number): AxisMap => ({ dims: [dim], strides: [1] });

/** y = x W^T + b. Shapes x (*, in), W (out, in), b (out) -> (*, out). @throws ShapeError when the last size differs. */
export function linear(x: Node, weight: Node, bias: Node | null): Node {
  return whole([x, weight, bias])[0];
}

const whole = composite(
  "linear",
  ([x, weight, bias]: readonly [x: Node, weight: Node, bias: Node | null]): [Node] => {
    const [out, inside] = weight.shape as [number, number];
    const last = x.shape[x.shape.length - 1];
    if (last !== inside) {
      throw new ShapeError(
        `linear: the input has ${last ?? 0} features in its last dimension, expected ${inside} (input shape ` +
          `${formatShape(x.shape)}, weight ${formatShape(weight.shape)}); give the layer ${last ?? 0} input features, or ` +
          "flatten the input to (N, features) first",
        { input: x.shape, weight: weight.shape },
      );
    }
    const rows = sizeOf(x.shape.slice(0, -1));
    const flat = reshape(x, [rows, inside]);
    const spec = { sizes: [rows, out, inside], outputs: 2, a: [axis(0), axis(2)], b: [axis(1), axis(2)] };
    let y = contraction(spec, flat, weight);
    if (bias !== null) y = binary("add", y, expand(bias, y.shape));
    return [reshape(y, [...x.shape.slice(0, -1), out])];
  },
);
