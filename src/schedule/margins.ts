/**
 * Values that are written between the zeros around them. A convolution reads its operand with padding; where what is inside
 * has memory of its own, that memory has room for the zeros, and the padded operand is no copy of it.
 */
import { type Shape, sizeOf } from "../base/shape.ts";
import { type Node, resolve } from "../graph/node.ts";
import { runsThrough, stridesFor } from "./order.ts";
import type { Buffer, Order } from "./plan.ts";
import { isLeaf, isLinear, isView } from "./views.ts";

/** A value, and how many zeros lie before it along each axis. */
export interface Padded {
  readonly value: Node;
  readonly before: readonly number[];
}

/** What lies between zeros: the value itself where it is not padded. */
export function zerosAround(node: Node): Padded {
  const n = resolve(node);
  if (n.value !== null || n.op.kind !== "pad" || n.op.value !== 0)
    return { value: n, before: n.shape.map(() => 0) };
  const { before } = n.op;
  const inside = zerosAround(n.inputs[0] as Node);
  return { value: inside.value, before: before.map((b, i) => b + (inside.before[i] as number)) };
}

/** What decides whether a value may have a margin. */
export interface MarginsRequest {
  /** What contractions read, and the views through which they read it. */
  readonly operands: ReadonlyMap<Node, readonly Node[]>;
  /** Values that contractions read without the zeros around them, as they are. */
  readonly bare: ReadonlySet<Node>;
  readonly wanted: ReadonlySet<Node>;
  orderOf(node: Node): Order;
}

/** The padded operands of contractions whose zeros may lie around the value inside, by that value. */
export function paddedOperands(request: MarginsRequest): Map<Node, Node> {
  const found = new Map<Node, Node>();
  for (const padded of request.operands.keys()) {
    const inside = zerosAround(padded).value;
    if (inside === padded) continue;
    const value = withoutOnes(inside);
    if (!found.has(value) && mayHaveMargin(value, padded, request)) found.set(value, padded);
  }
  return found;
}

/** What a view repeats that adds or drops axes of size 1. */
function withoutOnes(view: Node): Node {
  const { kind } = view.op;
  if (view.value !== null || (kind !== "reshape" && kind !== "alias")) return view;
  const source = resolve(view.inputs[0] as Node);
  return movingSizes(source.shape).join() === movingSizes(view.shape).join() ? withoutOnes(source) : view;
}

const movingSizes = (shape: Shape): number[] => shape.filter((s) => s !== 1);

function mayHaveMargin(value: Node, padded: Node, request: MarginsRequest): boolean {
  const { operands, bare, wanted, orderOf } = request;
  if (isLeaf(value) || isView(value) || value.op.kind === "scatterAdd") return false;
  if (wanted.has(value) || wanted.has(padded) || bare.has(value)) return false;
  const { strides } = placeBetween(value, padded, stridesFor(padded.shape, orderOf(padded)));
  const memory = { strides, size: sizeOf(padded.shape) };
  if (!runsThrough(value.shape, orderOf(value), strides)) return false;
  return (operands.get(value) ?? []).every((view) => isLinear(view, value, memory));
}

/**
 * How a value lies in the memory of its padded operand.
 *
 * @param around strides of the padded operand
 */
export function placeBetween(
  value: Node,
  padded: Node,
  around: readonly number[],
): Required<Pick<Buffer, "strides" | "start">> {
  const { before, value: inside } = zerosAround(padded);
  const moving = around.filter((_, d) => inside.shape[d] !== 1);
  let next = 0;
  return {
    strides: value.shape.map((s) => (s === 1 ? 0 : (moving[next++] as number))),
    start: before.reduce((sum, b, d) => sum + b * (around[d] as number), 0),
  };
}
