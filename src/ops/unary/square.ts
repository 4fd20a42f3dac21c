import { binary } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { accept } from "../definition.ts";

/** x * x, element by element. Shape (*) -> (*). */
export function square(x: Node): Node {
  const v = accept(x, "number", "square");
  return binary("mul", v, v);
}
