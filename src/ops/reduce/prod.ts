import { isFloat } from "../../base/dtype.ts";
import { cast, reduce } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type ReduceOptions, reduceOver } from "./reduction.ts";

/** Product over axes. Integers and bool are multiplied as int32. */
export function prod(x: Node, options: ReduceOptions = {}): Node {
  const v = isFloat(x.dtype) ? x : cast(x, "int32");
  return reduceOver(v, options, "prod", (axes) => reduce("prod", v, axes));
}
