/** What is best computed row-major from the beginning. */
import { sizeOf } from "../base/shape.ts";
import { type Node, resolve } from "../graph/node.ts";
import { isLeaf } from "./views.ts";

/** What gives each element from the element of each operand at the same place of a row-major list. */
const elementwise: ReadonlySet<string> = new Set(["unary", "binary", "where", "cast", "reshape", "alias"]);

/** Elements from which it is worth a walk of its own to turn a value that is made in another order. */
export const worthTurning = 8192;

/**
 * Values of which something of the same size is made, element by element, that an assignment writes over a leaf: the gradient
 * of a weight with an optimizer's step behind it, say.
 *
 * @param nodes each after what it reads
 */
export function updatesOf(
  nodes: readonly Node[],
  wanted: readonly { readonly node: Node; readonly leaf: number | null }[],
): ReadonlySet<Node> {
  const assigned = new Set(wanted.filter((w) => w.leaf !== null).map((w) => resolve(w.node)));
  for (const node of nodes.toReversed()) {
    if (!assigned.has(node) || isLeaf(node) || !elementwise.has(node.op.kind)) continue;
    for (const input of node.inputs.map(resolve)) {
      if (sizeOf(input.shape) === sizeOf(node.shape)) assigned.add(input);
    }
  }
  return assigned;
}

/** Whether a result is a large update: it lies row-major, and what is assigned is made of it by a walk of its own. */
export const isLargeUpdate = (node: Node, about: { isUpdate(node: Node): boolean }): boolean =>
  about.isUpdate(node) && sizeOf(node.shape) >= worthTurning;
