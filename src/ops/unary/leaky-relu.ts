import { binary, compare, constant, expand, where, withGradient } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";

/** x where x > 0, else slope * x, with a slope of shape []. Shape (*) -> (*). (Maas, Hannun and Ng, 2013.) */
export function leakyRelu(x: Node, slope: Node): Node {
  const v = accept(x, "float", "leakyRelu");
  const positive = compare("lt", constant(0, v.shape, v.dtype), v);
  const factor = expand(slope, v.shape);
  return withGradient(where(positive, v, binary("mul", v, factor)), [v], (g) => [
    where(positive, g, binary("mul", g, factor)),
  ]);
}
