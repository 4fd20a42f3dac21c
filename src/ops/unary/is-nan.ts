import { compare } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

/** Whether an element is NaN. Shape (*) -> (*), bool. */
export function isnan(x: Node): Node {
  return compare("ne", x, x);
}
