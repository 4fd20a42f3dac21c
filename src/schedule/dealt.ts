/**
 * Values that are dealt out of parts in turn, as the input gradient of a convolution with a stride: pixel s * q + r is pixel q
 * of part r. The parts are written where they belong, so that such a value has memory and needs no kernel.
 */
import { sizeOf } from "../base/shape.ts";
import { type Node, resolve } from "../graph/node.ts";
import {
  factorOf,
  fixed,
  type Index,
  isAffine,
  linearize,
  ofAtom,
  plus,
  variable,
  zero,
} from "./index-math.ts";
import { runsThrough, stridesFor } from "./order.ts";
import type { Buffer, Order } from "./plan.ts";
import { throughReshape } from "./scalar-body.ts";
import { isLeaf } from "./views.ts";

/** Where the elements of a part lie in the whole: one coordinate for each of its axes, in `x0`, `x1`, ... of the part's. */
export type PartPlace = readonly Index[];
export type Parts = ReadonlyMap<Node, PartPlace>;

/** The contractions that a value is dealt out of, each element of just one; null where it is not. */
export function partsOf(whole: Node): Parts | null {
  const parts = new Map<Node, PartPlace>();
  const isWhole = whole.op.kind === "binary" && !isLeaf(whole);
  return isWhole && collect(whole, (at) => at, parts) ? parts : null;
}

type Place = (at: readonly Index[]) => readonly Index[];

function collect(asked: Node, place: Place, parts: Map<Node, PartPlace>): boolean {
  const node = resolve(asked);
  if (isLeaf(node)) return false;
  const { op, shape } = node;
  const [operand] = node.inputs;
  switch (op.kind) {
    case "contraction": {
      const at = place(shape.map((size, d) => (size === 1 ? zero : ofAtom(variable(`x${d}`, size)))));
      if (parts.has(node) || !at.every(isAffine)) return false;
      parts.set(node, at);
      return true;
    }
    case "reshape": {
      const from = resolve(operand as Node).shape;
      return collect(operand as Node, (at) => place(throughReshape(from, shape, at)), parts);
    }
    case "binary":
      // Zeros anywhere else would be elements of no part.
      return turnsOf(node)?.every((turn) => collectTurn(turn, place, parts)) ?? false;
    default:
      return false;
  }
}

function collectTurn({ node, before }: Turn, place: Place, parts: Map<Node, PartPlace>): boolean {
  return collect(node, (at) => place(at.map((i, d) => plus(i, fixed(before[d] as number)))), parts);
}

/** What a sum has at one place of an axis, and the place: it is zero at all others. */
interface Turn {
  readonly node: Node;
  readonly before: readonly number[];
}

/** What a sum takes one after the other along an axis; null where it is not such a sum. */
function turnsOf(sum: Node): readonly Turn[] | null {
  if (sum.op.kind !== "binary" || sum.op.fn !== "add") return null;
  // Most sums are others, and may be long.
  if (resolve(sum.inputs[1] as Node).op.kind !== "pad") return null;
  const terms = termsOf(sum);
  for (let axis = 0; axis < sum.shape.length; axis++) {
    if (sum.shape[axis] !== terms.length) continue;
    const turns = terms.map((term) => turnOf(term, axis)).filter((t) => t !== null);
    const places = new Set(turns.map(({ before }) => before[axis]));
    if (places.size === terms.length) return turns;
  }
  return null;
}

function termsOf(node: Node): readonly Node[] {
  const isSum = !isLeaf(node) && node.op.kind === "binary" && node.op.fn === "add";
  return isSum ? node.inputs.map(resolve).flatMap(termsOf) : [node];
}

function turnOf(term: Node, axis: number): Turn | null {
  if (isLeaf(term) || term.op.kind !== "pad" || term.op.value !== 0) return null;
  const { before, after } = term.op;
  const isOne = term.shape.every((size, d) => {
    const padding = (before[d] as number) + (after[d] as number);
    return padding === (d === axis ? size - 1 : 0);
  });
  return isOne ? { node: term.inputs[0] as Node, before } : null;
}

/** How a part lies in the memory of the whole. */
export function placeOf(
  part: Node,
  at: PartPlace,
  { strides, start = 0 }: Pick<Buffer, "strides" | "start">,
): Required<Pick<Buffer, "strides" | "start" | "held">> {
  const index = linearize(at, strides);
  return {
    strides: part.shape.map((size, d) => (size === 1 ? 0 : factorOf(index, `x${d}`))),
    start: start + index.offset,
    held: sizeOf(part.shape),
  };
}

/** Whether all parts come in the order in which they lie in the whole, with neighbours side by side. */
export function comeInOrder(whole: Node, parts: Parts, orderOf: (n: Node) => Order): boolean {
  const around = { strides: stridesFor(whole.shape, orderOf(whole)) };
  return [...parts].every(([part, at]) => {
    const { strides } = placeOf(part, at, around);
    const order = orderOf(part);
    const last = order.findLast((d) => part.shape[d] !== 1);
    return last !== undefined && strides[last] === 1 && runsThrough(part.shape, order, strides);
  });
}
