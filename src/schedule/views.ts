/** What has memory of its own, what is another look at it, and which of these looks are linear in that memory. */
import { sizeOf } from "../base/shape.ts";
import { type Node, resolve } from "../graph/node.ts";
import { type Index, isAffine, linearize, maxOf, minOf, ofAtom, variable, zero } from "./index-math.ts";
import { stridesFor } from "./order.ts";
import type { Buffer, Order } from "./plan.ts";
import { ScalarBody } from "./scalar-body.ts";

const viewKinds: ReadonlySet<string> = new Set([
  "reshape",
  "permute",
  "expand",
  "pad",
  "slice",
  "flip",
  "window",
  "unwindow",
  "alias",
]);

export function isView(node: Node): boolean {
  return viewKinds.has(node.op.kind);
}

export function isLeaf(node: Node): boolean {
  return node.value !== null || node.op.kind === "scalar";
}

/** The operand that a contraction reads: itself, or the value under views that are linear in memory. */
export function contractionSource(operand: Node, orderOf: (n: Node) => Order): Node {
  let base = resolve(operand);
  while (isLinearView(base)) base = resolve(base.inputs[0] as Node);
  const dense = { strides: stridesFor(base.shape, orderOf(base)), size: sizeOf(base.shape) };
  return isLinear(operand, base, dense) ? base : resolve(operand);
}

function isLinearView(node: Node): boolean {
  const { kind } = node.op;
  return (
    node.value === null &&
    (kind === "reshape" ||
      kind === "permute" ||
      kind === "slice" ||
      kind === "flip" ||
      kind === "expand" ||
      kind === "window")
  );
}

/** Whether `operand`'s elements lie in the memory of `base` at an index that is linear in the coordinates. */
export function isLinear(
  operand: Node,
  base: Node,
  { strides, size }: Pick<Buffer, "strides" | "size">,
): boolean {
  const body: ScalarBody = new ScalarBody((node, at) =>
    node === base ? body.load(0, base.dtype, linearize(at, strides), []) : null,
  );
  const at = operand.shape.map((s, d) => (s === 1 ? zero : ofAtom(variable(`x${d}`, s))));
  const value = body.evaluate(operand, at);
  if (value.kind !== "load" || value.guards.length > 0) return false;
  const { index }: { readonly index: Index } = value;
  return isAffine(index) && minOf(index) >= 0 && maxOf(index) < size;
}
