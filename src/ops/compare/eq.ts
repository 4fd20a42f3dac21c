import type { Node } from "../../graph/node.ts";
import { compareOperation } from "../definition.ts";

/** a == b as bool, with broadcasting. Comparisons with NaN are false. Shapes (*), (*) -> (*). */
export const eq: (a: Node, b: Node) => Node = compareOperation("eq", "eq");
