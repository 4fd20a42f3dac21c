import { cast, reduce } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type ReduceOptions, reduceOver } from "./reduction.ts";

/** Whether any (or all) elements over axes are not zero. bool. */
export function truth(x: Node, which: "any" | "all", options: ReduceOptions = {}): Node {
  const v = cast(cast(x, "bool"), "int32");
  const y = reduceOver(v, options, which, (axes) => reduce(which === "any" ? "max" : "min", v, axes));
  return cast(y, "bool");
}
