import { normalizeDim } from "../../base/shape.ts";
import { binary, detach, expand, reduce, unary, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { composite } from "../../graph/template.ts";
import { accept } from "../definition.ts";

/** e ** x / sum of e ** x along an axis, shifted by the maximum so that nothing overflows. Shape (*) -> (*). */
export function softmax(x: Node, dim: number): Node {
  return probabilities([x], dim)[0];
}

const probabilities = composite("softmax", ([x]: readonly [Node], dim: number): [Node] => {
  const v = accept(x, "float", "softmax");
  const axes = [normalizeDim(dim, v.shape.length, "softmax")];
  if (v.shape.length === 0) return [unary("exp", binary("sub", v, v))];
  const e = unary("exp", shifted(v, axes));
  const y = binary("div", e, expand(reduce("sum", e, axes), v.shape));
  const output = withGradient(y, [v], (g, node) => {
    const dot = reduce("sum", binary("mul", g, node), axes);
    return [binary("mul", node, binary("sub", g, expand(dot, v.shape)))];
  });
  return [output];
});

/** ln softmax(x) along an axis, computed as x - logsumexp(x). Shape (*) -> (*). */
export function logSoftmax(x: Node, dim: number): Node {
  return logProbabilities([x], dim)[0];
}

const logProbabilities = composite("logSoftmax", ([x]: readonly [Node], dim: number): [Node] => {
  const v = accept(x, "float", "logSoftmax");
  const axes = [normalizeDim(dim, v.shape.length, "logSoftmax")];
  if (v.shape.length === 0) return [binary("sub", v, v)];
  const s = shifted(v, axes);
  const y = binary("sub", s, expand(unary("log", reduce("sum", unary("exp", s), axes)), v.shape));
  const output = withGradient(y, [v], (g, node) => {
    const total = expand(reduce("sum", g, axes), v.shape);
    return [binary("sub", g, binary("mul", unary("exp", node), total))];
  });
  return [output];
});

/** x minus its maximum, which carries no gradient: it cancels. */
function shifted(x: Node, axes: readonly number[]): Node {
  return binary("sub", x, expand(detach(reduce("max", x, axes)), x.shape));
}
