/**
 * Physical layout: for each node the order in which its axes vary in memory if it is stored. A contraction decides
 * its own (channels last for a convolution), everything else follows its largest operand, so that the kernels of a
 * network agree and a value is laid out anew only where that cannot be avoided.
 */
import { type Shape, sizeOf } from "../base/shape.ts";
import { type Node, resolve } from "../graph/node.ts";
import { contractionPlan, type Surroundings } from "./contraction-plan.ts";
import { isRowMajor, rowMajor } from "./order.ts";
import type { Order } from "./plan.ts";
import { isLargeUpdate } from "./written-out.ts";

/** What layout depends on beside the graph. */
type LayoutRequest = Omit<Surroundings, "orderOf"> & {
  /** Whether a value leaves the program. */
  isWanted(node: Node): boolean;
  /** Whether an assignment is made of it element by element. */
  isUpdate(node: Node): boolean;
};

/**
 * Orders of all nodes of a topologically sorted graph, by their position. What leaves the program does so row-major,
 * so elementwise results that are wanted are computed in that order at once.
 */
export function layoutNodes(nodes: readonly Node[], about: LayoutRequest): Order[] {
  const orders: Order[] = [];
  const around: Surroundings = {
    orderOf: (node) => orders[resolve(node).position] as Order,
    isWrittenOut: (node) => about.isWrittenOut(node),
    isSteady: (node) => about.isSteady(node),
    imagesLast: about.imagesLast,
    target: about.target,
  };
  const preferred = preferredOrders(nodes, about.imagesLast);
  for (const node of nodes) {
    const asked = preferred.get(node);
    if (asked !== undefined && isRowMajor(orderOfNode(node, around), node.shape)) {
      orders.push(asked);
      continue;
    }
    // The gradient of a weight is turned once, rather than the weight and its moments read and written across memory.
    const free =
      node.op.kind === "contraction"
        ? !isLargeUpdate(node, about)
        : !about.isWanted(node) || node.op.kind === "reduce";
    orders.push(free ? orderOfNode(node, around) : rowMajor(node.shape.length));
  }
  return orders;
}

/**
 * Padded operands of convolutions, which are stored for them anyway: images one after the other, and the channels last, so
 * that the hot loop reads them one after another. Where images are summed as well, as for the gradient of a weight, they might
 * lie beside the channels; but the padding is then written across memory, and so are the tiles of Winograd's method read.
 */
function preferredOrders(nodes: readonly Node[], imagesLast: boolean): Map<Node, Order> {
  const preferred = new Map<Node, Order>();
  for (const node of nodes) {
    if (node.op.kind !== "contraction" || node.value !== null) continue;
    const { spec } = node.op;
    const maps = [spec.a, spec.b];
    node.inputs.forEach((input, i) => {
      const operand = wholeOf(resolve(input));
      const own = maps[i] as typeof spec.a;
      if (operand.op.kind !== "pad" || operand.value !== null || !own.some((m) => m.dims.length > 1)) return;
      const rank = (m: (typeof own)[number]): number => {
        const isFirst = own.indexOf(m) === 0;
        if (m.dims.length > 1) return 1;
        return isFirst === imagesLast ? 2 : 0;
      };
      const order = own
        .map((_, d) => d)
        .sort((x, y) => rank(own[x] as (typeof own)[number]) - rank(own[y] as (typeof own)[number]) || x - y);
      if (!preferred.has(operand)) preferred.set(operand, order);
    });
  }
  return preferred;
}

/** What a value is a part of. */
function wholeOf(node: Node): Node {
  const isPart = node.op.kind === "slice" && node.value === null;
  return isPart ? wholeOf(resolve(node.inputs[0] as Node)) : node;
}

function orderOfNode(node: Node, around: Surroundings): Order {
  const of = (n: Node): Order => around.orderOf(n);
  const { op } = node;
  const operand = node.inputs[0];
  if (operand === undefined || node.value !== null) return rowMajor(node.shape.length);
  switch (op.kind) {
    case "contraction":
      return contractionPlan(node, around).order;
    case "permute":
      return of(operand).map((d) => op.axes.indexOf(d));
    case "reshape":
      return reshapedOrder(operand.shape, node.shape, of(operand));
    case "window":
      return of(operand).flatMap((d) => (d === op.axis ? [d, d + 1] : d > op.axis ? [d + 1] : [d]));
    case "pad":
      return openedOrder(operand.shape, node.shape, of(operand));
    case "gather":
    case "scatterAdd":
    case "random":
      return rowMajor(node.shape.length);
    default:
      return followed(node, of);
  }
}

/**
 * An axis of one element may lie anywhere. One that is padded lies behind the axis before it, with which it will be one: so
 * pixels of several parts are dealt out in turn.
 */
function openedOrder(from: Shape, to: Shape, order: Order): Order {
  const opened = to.flatMap((size, d) => (d > 0 && from[d] === 1 && size > 1 ? [d] : []));
  return opened.reduce<Order>((moved, d) => {
    const rest = moved.filter((other) => other !== d);
    const behind = rest.indexOf(d - 1) + 1;
    return [...rest.slice(0, behind), d, ...rest.slice(behind)];
  }, order);
}

/**
 * The order of the largest operand of the same rank; of equals, one that is not row-major, but rather any than one that repeats
 * elements: a line of weights has no say in how images lie.
 */
function followed(node: Node, of: (n: Node) => Order): Order {
  let best: Order | null = null;
  let bestSize = -1;
  for (const input of node.inputs) {
    if (input.shape.length !== node.shape.length) continue;
    const order = of(input);
    const { op, value } = resolve(input);
    const repeats = op.kind === "expand" && value === null;
    const preference = repeats ? -0.5 : isRowMajor(order, input.shape) ? 0 : 0.5;
    const size = sizeOf(input.shape) + preference;
    if (size > bestSize) {
      best = order;
      bestSize = size;
    }
  }
  return best ?? rowMajor(node.shape.length);
}

/** Carries an order through a reshape where runs of axes map to runs of axes; otherwise row-major. */
function reshapedOrder(from: Shape, to: Shape, order: Order): Order {
  const runs = matchRuns(from, to);
  // Position of each operand axis in memory, ignoring axes of size 1, which lie anywhere.
  const placed = order.filter((d) => from[d] !== 1);
  const result: number[] = [];
  const used = new Set<number>();
  for (let i = 0; i < placed.length; ) {
    const run = runs.find((r) => r.from.includes(placed[i] as number));
    if (run === undefined) return rowMajor(to.length);
    const wanted = run.from.filter((d) => from[d] !== 1);
    if (!wanted.every((d, j) => placed[i + j] === d)) return rowMajor(to.length);
    for (const d of run.to) {
      result.push(d);
      used.add(d);
    }
    i += wanted.length;
  }
  const ones = rowMajor(to.length).filter((d) => !used.has(d));
  return [...ones, ...result];
}

function matchRuns(from: Shape, to: Shape): { from: number[]; to: number[] }[] {
  const runs: { from: number[]; to: number[] }[] = [];
  let i = 0;
  let j = 0;
  while (i < from.length && j < to.length) {
    const run = { from: [i], to: [j] };
    let a = from[i++] as number;
    let b = to[j++] as number;
    while (a !== b) {
      if (a < b) {
        run.from.push(i);
        a *= from[i++] as number;
      } else {
        run.to.push(j);
        b *= to[j++] as number;
      }
    }
    runs.push(run);
  }
  return runs;
}
