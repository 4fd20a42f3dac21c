import { cast, constant, reduce } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type ReduceOptions, reducedCount, reduceOver } from "./reduction.ts";

/** Whether any (or all) elements over axes are not zero; of none at all, any is false and all is true. bool. */
export function truth(x: Node, which: "any" | "all", options: ReduceOptions = {}): Node {
  const v = cast(cast(x, "bool"), "int32");
  const y = reduceOver(v, options, which, (axes) => {
    if (reducedCount(v.shape, axes) > 0) return reduce(which === "any" ? "max" : "min", v, axes);
    const shape = v.shape.map((s, d) => (axes.includes(d) ? 1 : s));
    return constant(which === "any" ? 0 : 1, shape, "int32");
  });
  return cast(y, "bool");
}
