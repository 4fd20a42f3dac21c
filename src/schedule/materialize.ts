/**
 * Decides which values get memory. Contractions, reductions and scatters do, and what the caller asked for; an
 * elementwise value only where computing it again at each use would cost more than storing and reading it once.
 */
import type { BinaryFn, UnaryFn } from "../base/scalar.ts";
import { sizeOf } from "../base/shape.ts";
import { type Node, resolve } from "../graph/node.ts";
import { comeInOrder, type Parts, partsOf } from "./dealt.ts";
import { paddedOperands } from "./margins.ts";
import type { Order } from "./plan.ts";
import { contractionSource, isLeaf, isView } from "./views.ts";

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
  /** Padded values that lie in the memory of what is inside, by that value. */
  readonly margins: ReadonlyMap<Node, Node>;
  /** Values that lie in memory because their parts do. */
  readonly dealt: ReadonlyMap<Node, Parts>;
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

const alwaysStored: ReadonlySet<string> = new Set(["reduce", "contraction", "scatterAdd"]);

/** The nodes that each node feeds, by position; views are looked through. */
interface Uses {
  readonly count: number[];
  /** Whether some use repeats the value: an expand, a gather, windows that overlap. */
  readonly repeated: boolean[];
}

function countUses(nodes: readonly Node[]): Uses {
  const repeated = nodes.map(() => false);
  for (let p = nodes.length - 1; p >= 0; p--) {
    const node = nodes[p] as Node;
    if (isLeaf(node)) continue;
    for (const operand of new Set(node.inputs.map(resolve)))
      if ((isView(node) && repeated[p]) || repeats(node, operand)) repeated[operand.position] = true;
  }
  return { count: readersOf(nodes).map((readers) => readers.size), repeated };
}

/**
 * Who reads each value: a node, or all reductions that will be one pass over it, with what is computed for them alone. Views
 * are looked through.
 */
function readersOf(nodes: readonly Node[]): ReadonlySet<string>[] {
  const depths = depthsOf(nodes);
  const readers = nodes.map(() => new Set<string>());
  for (let p = nodes.length - 1; p >= 0; p--) {
    const node = nodes[p] as Node;
    if (isLeaf(node)) continue;
    const by = readers[p] as Set<string>;
    const [only] = by;
    const inPass = by.size === 1 && only?.startsWith("reduce") === true && !alwaysStored.has(node.op.kind);
    const reads = isView(node) && by.size > 0 ? by : [inPass ? only : passOf(node, depths[p] as number)];
    for (const operand of new Set(node.inputs.map(resolve)))
      for (const reader of reads) readers[operand.position]?.add(reader);
  }
  return readers;
}

function passOf({ op, inputs, position }: Node, depth: number): string {
  if (op.kind !== "reduce") return `${position}`;
  return `reduce ${inputs[0]?.shape.join("x")} over ${op.axes.join()}, ${depth}`;
}

/** How many reductions lead to each value, one after the other. */
function depthsOf(nodes: readonly Node[]): number[] {
  const depths: number[] = [];
  for (const node of nodes) {
    const before = isLeaf(node) ? [] : node.inputs.map((input) => depths[resolve(input).position] as number);
    depths.push(Math.max(0, ...before) + (node.op.kind === "reduce" ? 1 : 0));
  }
  return depths;
}

function repeats(node: Node, operand: Node): boolean {
  const { op } = node;
  if (op.kind === "expand") return sizeOf(operand.shape) > 1 && sizeOf(node.shape) > sizeOf(operand.shape);
  if (op.kind === "window") return op.stride < op.size;
  return op.kind === "gather" && resolve(node.inputs[0] as Node) === operand;
}

/** An operand of a contraction and what lies between the zeros around it, of which it reads none; null where there is no such. */
type UnpaddedOperand = (contraction: Node) => { readonly operand: Node; readonly value: Node } | null;

interface ContractionOperands {
  /** Nodes that contractions need in memory, and the operands that are views of them. */
  readonly views: ReadonlyMap<Node, readonly Node[]>;
  /** Those that are read without the zeros around them. */
  readonly bare: ReadonlySet<Node>;
}

function contractionOperands(
  nodes: readonly Node[],
  orderOf: (n: Node) => Order,
  unpadded: UnpaddedOperand,
): ContractionOperands {
  const views = new Map<Node, Node[]>();
  const bare = new Set<Node>();
  for (const node of nodes) {
    if (node.op.kind !== "contraction" || isLeaf(node)) continue;
    const inside = unpadded(node);
    for (const operand of node.inputs) {
      const isBare = resolve(operand) === inside?.operand;
      const source = isBare ? inside.value : contractionSource(operand, orderOf);
      if (isBare) bare.add(source);
      views.set(source, [...(views.get(source) ?? []), ...(isBare ? [] : [resolve(operand)])]);
    }
  }
  return { views, bare };
}

export function materialize(
  nodes: readonly Node[],
  wanted: ReadonlySet<Node>,
  orderOf: (n: Node) => Order,
  unpadded: UnpaddedOperand,
): Materialized {
  const { views, bare } = contractionOperands(nodes, orderOf, unpadded);
  const padded = paddedOperands({ operands: views, bare, wanted, orderOf });
  const uses = countUses(nodes);
  const stored: boolean[] = [];
  const reads: ReadonlySet<number>[] = [];
  const costs: InlineCost[] = [];
  const margins = new Map<Node, Node>();
  const around = new Set<Node>();
  const dealt = dealtValues(nodes, orderOf, (n) => wanted.has(n) || views.has(n) || padded.has(n));
  for (const node of nodes) {
    const cost = inlineCost(node, costs);
    const zeros = padded.get(node);
    const keep =
      !dealt.has(node) &&
      (isLeaf(node) ||
        alwaysStored.has(node.op.kind) ||
        (views.has(node) && !around.has(node)) ||
        (wanted.has(node) && !isView(node)) ||
        (!isView(node) && worthStoring(node, cost, uses, nodes)) ||
        (zeros !== undefined && (largeLoads(node, cost, nodes) > 1 || followsContraction(node, uses))));
    if (keep && zeros !== undefined) {
      margins.set(node, zeros);
      around.add(zeros);
    }
    stored.push(keep);
    reads.push(cost.loads);
    if (keep) costs.push({ loads: new Set([node.position]), work: 0 });
    else costs.push(dealt.has(node) ? { loads: cost.loads, work: 0 } : cost);
  }
  return { stored, reads, margins, dealt };
}

/** @param isElsewhere whether a value has to lie in some memory of its own */
function dealtValues(
  nodes: readonly Node[],
  orderOf: (n: Node) => Order,
  isElsewhere: (n: Node) => boolean,
): Map<Node, Parts> {
  const found = new Map<Node, Parts>();
  const taken = new Set<Node>();
  // Later ones first: what is dealt out along two axes is dealt out along each.
  for (const node of nodes.toReversed()) {
    const parts = partsOf(node);
    if (parts === null || !comeInOrder(node, parts, orderOf)) continue;
    if ([...parts.keys()].some((part) => isElsewhere(part) || taken.has(part))) continue;
    for (const part of parts.keys()) taken.add(part);
    found.set(node, parts);
  }
  return found;
}

/**
 * Whether an elementwise value is made of a contraction's result that is needed for nothing else: written in its stead, it costs
 * nothing.
 */
function followsContraction(node: Node, uses: Uses): boolean {
  return node.inputs.some((input) => {
    const operand = resolve(input);
    if (isLeaf(operand) || uses.count[operand.position] !== 1) return false;
    if (sizeOf(operand.shape) !== sizeOf(node.shape)) return false;
    const { kind } = operand.op;
    return (
      kind === "contraction" ||
      (!alwaysStored.has(kind) && !isView(operand) && followsContraction(operand, uses))
    );
  });
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
  const large = largeLoads(node, cost, nodes);
  return count * large > 1 + large + count;
}

/** How many values of the node's own size it is computed from. */
function largeLoads(node: Node, { loads }: InlineCost, nodes: readonly Node[]): number {
  const size = sizeOf(node.shape);
  return [...loads].filter((l) => sizeOf((nodes[l] as Node).shape) * 2 >= size).length;
}
