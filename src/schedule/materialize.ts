/**
 * Decides which values get memory. Contractions, reductions and scatters do, and what the caller asked for; an
 * elementwise value only where computing it again at each use would cost more than storing and reading it once.
 */
import type { BinaryFn, UnaryFn } from "../base/scalar.ts";
import { sizeOf } from "../base/shape.ts";
import { type Node, resolve } from "../graph/node.ts";
import { type Index, linearize, maxOf, minOf, ofAtom, variable, zero } from "./index-math.ts";
import { stridesFor } from "./order.ts";
import type { Order } from "./plan.ts";
import { type LoadScalar, ScalarBody } from "./scalar-body.ts";

/** What a node costs when it is computed inside another kernel. */
interface InlineCost {
  /** Positions of the stored nodes that are read. */
  readonly loads: ReadonlySet<number>;
  /** Arithmetic per element, in additions. */
  readonly work: number;
}

export interface Materialized {
  /** By position: whether the node's value is in memory (leaves are). */
  readonly stored: readonly boolean[];
  /** By position: the stored nodes that computing this one reads. */
  readonly reads: readonly ReadonlySet<number>[];
}

const heavyUnary: ReadonlySet<UnaryFn> = new Set([
  "exp",
  "expm1",
  "log",
  "log1p",
  "sin",
  "cos",
  "tanh",
  "erf",
]);
const mediumUnary: ReadonlySet<UnaryFn> = new Set(["sqrt", "reciprocal"]);
const mediumBinary: ReadonlySet<BinaryFn> = new Set(["div", "fmod", "idiv", "mod"]);

function workOf(node: Node): number {
  const { op } = node;
  switch (op.kind) {
    case "unary":
      return heavyUnary.has(op.fn) ? 15 : mediumUnary.has(op.fn) ? 4 : 1;
    case "binary":
      return op.fn === "pow" ? 30 : mediumBinary.has(op.fn) ? 4 : 1;
    case "random":
      return 60;
    case "compare":
    case "where":
    case "cast":
      return 1;
    case "gather":
      return 4;
    default:
      return 0;
  }
}

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

const alwaysStored: ReadonlySet<string> = new Set(["reduce", "contraction", "scatterAdd"]);

/** The nodes that each node feeds, by position; views are looked through. */
interface Uses {
  readonly count: number[];
  /** Whether some use repeats the value: an expand, a gather, windows that overlap. */
  readonly repeated: boolean[];
}

function countUses(nodes: readonly Node[]): Uses {
  const count = nodes.map(() => 0);
  const repeated = nodes.map(() => false);
  for (let p = nodes.length - 1; p >= 0; p--) {
    const node = nodes[p] as Node;
    if (isLeaf(node)) continue;
    const view = isView(node);
    const operands = new Set(node.inputs.map(resolve));
    for (const operand of operands) {
      const at = operand.position;
      count[at] = (count[at] as number) + (view ? Math.max(count[p] as number, 1) : 1);
      if ((view && repeated[p]) || repeats(node, operand)) repeated[at] = true;
    }
  }
  return { count, repeated };
}

function repeats(node: Node, operand: Node): boolean {
  const { op } = node;
  if (op.kind === "expand") return sizeOf(operand.shape) > 1 && sizeOf(node.shape) > sizeOf(operand.shape);
  if (op.kind === "window") return op.stride < op.size;
  return op.kind === "gather" && resolve(node.inputs[0] as Node) === operand;
}

/**
 * The operand that a contraction reads: itself, or the value under views that are linear in memory. Null entries
 * never come out: one of the two is always usable.
 */
function contractionSource(operand: Node, orderOf: (n: Node) => Order): Node {
  let base = resolve(operand);
  while (isLinearView(base)) base = resolve(base.inputs[0] as Node);
  return linearLoad(operand, base, orderOf(base)) === null ? resolve(operand) : base;
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

/** The index of `operand`'s elements in the memory of `base`, if it is linear in the coordinates. */
function linearLoad(operand: Node, base: Node, order: Order): Index | null {
  const strides = stridesFor(base.shape, order);
  const body: ScalarBody = new ScalarBody((node, at) =>
    node === base ? body.load(0, base.dtype, linearize(at, strides), []) : null,
  );
  const at = operand.shape.map((s, d) => (s === 1 ? zero : ofAtom(variable(`x${d}`, s))));
  const value = body.evaluate(operand, at);
  if (value.kind !== "load" || value.guards.length > 0) return null;
  const { index } = value as LoadScalar;
  if (index.terms.some((t) => t.atom.kind !== "var")) return null;
  return minOf(index) >= 0 && maxOf(index) < sizeOf(base.shape) ? index : null;
}

/** An operand of a contraction and what lies between the zeros around it, of which it reads none; null where there is no such. */
type UnpaddedOperand = (contraction: Node) => { readonly operand: Node; readonly value: Node } | null;

/** Nodes that contractions need in memory. */
function contractionOperands(
  nodes: readonly Node[],
  orderOf: (n: Node) => Order,
  unpadded: UnpaddedOperand,
): Set<Node> {
  const needed = new Set<Node>();
  for (const node of nodes) {
    if (node.op.kind !== "contraction" || isLeaf(node)) continue;
    const inside = unpadded(node);
    for (const operand of node.inputs)
      needed.add(resolve(operand) === inside?.operand ? inside.value : contractionSource(operand, orderOf));
  }
  return needed;
}

export function materialize(
  nodes: readonly Node[],
  wanted: ReadonlySet<Node>,
  orderOf: (n: Node) => Order,
  unpadded: UnpaddedOperand,
): Materialized {
  const needed = contractionOperands(nodes, orderOf, unpadded);
  const uses = countUses(nodes);
  const stored: boolean[] = [];
  const reads: ReadonlySet<number>[] = [];
  const costs: InlineCost[] = [];
  for (const node of nodes) {
    const cost = inlineCost(node, costs);
    const keep =
      isLeaf(node) ||
      alwaysStored.has(node.op.kind) ||
      needed.has(node) ||
      (wanted.has(node) && !isView(node)) ||
      (!isView(node) && worthStoring(node, cost, uses, nodes));
    stored.push(keep);
    reads.push(cost.loads);
    costs.push(keep ? { loads: new Set([node.position]), work: 0 } : cost);
  }
  return { stored, reads };
}

function inlineCost(node: Node, costs: readonly InlineCost[]): InlineCost {
  if (isLeaf(node)) return { loads: new Set(), work: 0 };
  let work = workOf(node);
  const operands = new Set(node.inputs.map(resolve));
  // What is one number for all elements is computed once, outside their loops.
  const once = (o: Node): boolean => sizeOf(o.shape) === 1 && sizeOf(node.shape) > 1;
  if (operands.size === 1) {
    for (const o of operands) {
      const c = costs[o.position] as InlineCost;
      if (work === 0 && !once(o)) return c;
      return { loads: c.loads, work: once(o) ? work : c.work + work };
    }
  }
  const loads = new Set<number>();
  for (const o of operands) {
    const c = costs[o.position] as InlineCost;
    if (!once(o)) work += c.work;
    for (const l of c.loads) loads.add(l);
  }
  return { loads, work };
}

/** Beyond these an expression is cut in two, so that kernels stay of a size that compilers like. */
const mostWork = 400;
const mostLoads = 16;
/** From this much arithmetic on, doing it twice is worse than a store and a load. */
const heavyWork = 16;

function worthStoring(node: Node, cost: InlineCost, uses: Uses, nodes: readonly Node[]): boolean {
  if (cost.work === 0) return false;
  if (cost.work > mostWork || cost.loads.size > mostLoads) return true;
  const size = sizeOf(node.shape);
  if (size === 1) return false;
  const count = uses.count[node.position] as number;
  if (uses.repeated[node.position]) return true;
  if (count < 2) return false;
  if (cost.work >= heavyWork) return true;
  let large = 0;
  for (const l of cost.loads) if (sizeOf((nodes[l] as Node).shape) * 2 >= size) large++;
  return count * large > 1 + large + count;
}
