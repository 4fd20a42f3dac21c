import { ShapeError } from "../../base/errors.ts";
import { formatShape, type Shape, sameShape } from "../../base/shape.ts";
import { reshape } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { composite } from "../../graph/template.ts";
import { normalizeOver } from "./normalize.ts";

/**
 * Normalises each run of the last axes (Ba, Kiros and Hinton, 2016). Shapes: x (*, normalizedShape), weight and bias
 * normalizedShape -> as x. @throws ShapeError naming the operation `name`.
 */
export function layerNorm(
  x: Node,
  normalizedShape: Shape,
  weight: Node | null,
  bias: Node | null,
  eps: number,
  name = "layerNorm",
): Node {
  return whole([x, weight, bias], normalizedShape, eps, name)[0];
}

type Operands = readonly [x: Node, weight: Node | null, bias: Node | null];

const whole = composite(
  "layerNorm",
  ([x, weight, bias]: Operands, normalizedShape: Shape, eps: number, name: string): [Node] => {
    const kept = x.shape.length - normalizedShape.length;
    if (kept < 0 || !sameShape(x.shape.slice(kept), normalizedShape)) {
      throw new ShapeError(
        `${name}: input has shape ${formatShape(x.shape)}, which must end in the normalized shape ` +
          formatShape(normalizedShape),
        { input: x.shape, normalizedShape },
      );
    }
    for (const [which, p] of Object.entries({ weight, bias })) {
      if (p === null || sameShape(p.shape, normalizedShape)) continue;
      throw new ShapeError(
        `${name}: ${which} has shape ${formatShape(p.shape)}, expected the normalized shape ${formatShape(normalizedShape)}`,
        { [which]: p.shape, normalizedShape },
      );
    }
    const aligned = x.shape.map((s, d) => (d < kept ? 1 : s));
    const line = (p: Node | null): Node | null => (p === null ? null : reshape(p, aligned));
    const axes = normalizedShape.map((_, i) => kept + i);
    return [normalizeOver(x, axes, line(weight), line(bias), eps).output];
  },
);
