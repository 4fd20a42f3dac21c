import { binary, constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";
import { elu } from "./elu.ts";

// With these, mean 0 and variance 1 are a fixed point of a layer (equation 14 of the paper), in 17 digits.
const alpha = 1.6732632423543772;
const scale = 1.0507009873554805;

/**
 * scale * x where x > 0, else scale * alpha * (e ** x - 1). Shape (*) -> (*). (Klambauer, Unterthiner, Mayr and
 * Hochreiter, 2017.)
 */
export function selu(x: Node): Node {
  const v = accept(x, "float", "selu");
  return binary("mul", elu(v, constant(alpha, [], v.dtype)), constant(scale, v.shape, v.dtype));
}
