import type { Node } from "../../graph/node.ts";
import { compareOperation } from "../definition.ts";

/** a >= b as bool, with broadcasting. Comparisons with NaN are false. Shapes (*), (*) -> (*). */
export const ge: (a: Node, b: Node) => Node = compareOperation("ge", "le", true);
