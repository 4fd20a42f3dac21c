import type { Node } from "../../graph/node.ts";
import { compareOperation } from "../definition.ts";

/** a != b as bool, with broadcasting. Comparisons with NaN are true. Shapes (*), (*) -> (*). */
export const ne: (a: Node, b: Node) => Node = compareOperation("ne", "ne");
