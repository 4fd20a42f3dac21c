import { binary, cast } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";

/** x * x, element by element; of bools as integers, as any power of them. Shape (*) -> (*). */
export function square(x: Node): Node {
  const v = x.dtype === "bool" ? cast(x, "int32") : x;
  return binary("mul", v, v);
}
