import type { Node } from "../../graph/node.ts";
import { reciprocal } from "./reciprocal.ts";
import { sqrt } from "./sqrt.ts";

/** 1 / sqrt(x), element by element. Shape (*) -> (*). */
export function rsqrt(x: Node): Node {
  return reciprocal(sqrt(x));
}
