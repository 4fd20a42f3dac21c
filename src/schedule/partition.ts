/**
 * Sorts stored values into groups that one kernel computes: elementwise values of one shape, reductions over one
 * domain, and what follows a reduction or contraction element by element goes into its epilogue.
 */
import { sizeOf } from "../base/shape.ts";
import type { Node } from "../graph/node.ts";
import { type Index, ofAtom, variable, zero } from "./index-math.ts";
import type { Group, Store } from "./plan.ts";
import { ScalarBody } from "./scalar-body.ts";

/** What partitioning needs to know of the graph. */
export interface PartitionInput {
  /** All stores to be made, in topological order of their nodes. */
  readonly stores: readonly Store[];
  /** Whether a node's value is in memory. */
  isStored(node: Node): boolean;
  /** Stored nodes that computing a node reads. */
  readsOf(node: Node): ReadonlySet<Node>;
  /** The slot that a leaf is bound to, or null. */
  leafSlot(node: Node): number | null;
}

interface Draft {
  readonly group: Group;
  readonly id: number;
  /** Stored nodes read, by nodes of the group. */
  readonly reads: Set<Node>;
  readonly domain: string;
}

/** Extents without the ones: two values of equal domain can be computed in the same loops. */
function domainOf(node: Node): string {
  return node.shape.filter((s) => s !== 1).join("x");
}

const most = { stores: 12, reads: 24 };

export function partition(input: PartitionInput): Group[] {
  const drafts: Draft[] = [];
  const owner = new Map<Node, Draft>();
  for (const store of input.stores) {
    const draft = findHome(store, drafts, owner, input) ?? open(store, drafts, input);
    if (!draft.group.stores.includes(store)) draft.group.stores.push(store);
    for (const r of input.readsOf(store.node)) draft.reads.add(r);
    if (input.isStored(store.node) && !owner.has(store.node)) owner.set(store.node, draft);
    else draft.reads.add(store.node);
  }
  return drafts.map((d) => d.group);
}

function open(store: Store, drafts: Draft[], input: PartitionInput): Draft {
  const { node } = store;
  const kind = input.isStored(node) && !isCopy(store, drafts) ? coreKind(node) : "map";
  const group: Group = { kind, core: kind === "map" ? [] : [node], stores: [] };
  const draft: Draft = { group, id: drafts.length, reads: new Set(), domain: domainOf(node) };
  drafts.push(draft);
  return draft;
}

/** Whether the node's value has been stored by an earlier group already, so that this store copies it. */
function isCopy(store: Store, drafts: readonly Draft[]): boolean {
  return drafts.some((d) => d.group.stores.some((s) => s.node === store.node));
}

function coreKind(node: Node): Group["kind"] {
  const { kind } = node.op;
  if (node.value !== null) return "map";
  return kind === "reduce" || kind === "contraction" || kind === "scatterAdd" ? kind : "map";
}

/** The group that a store can join: the one that makes an operand, or one that reads what it reads. */
function findHome(
  store: Store,
  drafts: readonly Draft[],
  owner: ReadonlyMap<Node, Draft>,
  input: PartitionInput,
): Draft | null {
  const { node } = store;
  const copied = owner.get(node);
  if (copied !== undefined) return copied.group.kind === "scatterAdd" ? null : copied;
  const reads = input.readsOf(node);
  const kind = coreKind(node);
  if (kind === "contraction" || kind === "scatterAdd") return null;
  const candidates = new Set<Draft>();
  for (const r of reads) {
    const made = owner.get(r);
    if (made !== undefined) candidates.add(made);
  }
  for (let i = drafts.length - 1; i >= 0 && i >= drafts.length - 24; i--) candidates.add(drafts[i] as Draft);
  for (const draft of candidates) {
    if (draft.group.stores.length >= most.stores || draft.reads.size > most.reads) continue;
    if (kind === "reduce" ? reduceFits(node, draft, reads, owner) : mapFits(store, draft, reads, owner, input)) {
      if (independent(draft, reads, owner)) return draft;
    }
  }
  return null;
}

/** Reductions join when they run over the same operand shape and axes and share something they read. */
function reduceFits(
  node: Node,
  draft: Draft,
  reads: ReadonlySet<Node>,
  owner: ReadonlyMap<Node, Draft>,
): boolean {
  const first = draft.group.core[0];
  if (draft.group.kind !== "reduce" || first === undefined) return false;
  if (node.op.kind !== "reduce" || first.op.kind !== "reduce") return false;
  const a = node.inputs[0] as Node;
  const b = first.inputs[0] as Node;
  if (a.shape.join() !== b.shape.join() || node.op.axes.join() !== first.op.axes.join()) return false;
  let shared = false;
  for (const r of reads) {
    if (owner.get(r) === draft) return false;
    if (draft.reads.has(r) && sizeOf(r.shape) > 1) shared = true;
  }
  if (shared) draft.group.core.push(node);
  return shared;
}

function mapFits(
  store: Store,
  draft: Draft,
  reads: ReadonlySet<Node>,
  owner: ReadonlyMap<Node, Draft>,
  input: PartitionInput,
): boolean {
  const { node } = store;
  if (draft.domain !== domainOf(node) || draft.group.kind === "scatterAdd") return false;
  let consumes = false;
  let shares = false;
  const inside = new Set<Node>();
  for (const r of reads) {
    if (owner.get(r) === draft) {
      consumes = true;
      inside.add(r);
    } else if (draft.reads.has(r) && sizeOf(r.shape) * 2 >= sizeOf(node.shape)) shares = true;
  }
  if (!consumes && (!shares || draft.group.kind !== "map")) return false;
  // What the group overwrites may be read by it only at the element that is being written.
  const overwritten = new Set([store, ...draft.group.stores].map((s) => s.buffer.slot));
  const clashing = (n: Node): boolean => {
    const slot = input.leafSlot(n);
    return slot !== null && overwritten.has(slot);
  };
  for (const r of reads) if (clashing(r)) inside.add(r);
  if (inside.size > 0 && !readsInPlace(node, inside, input.isStored)) return false;
  for (const other of draft.group.stores) {
    const clashes = new Set([...input.readsOf(other.node)].filter(clashing));
    if (clashes.size > 0 && (draft.group.kind !== "map" || !readsInPlace(other.node, clashes, input.isStored))) return false;
  }
  return true;
}

/** Whether computing an element of `node` reads `operands` only at that same element. */
export function readsInPlace(
  node: Node,
  operands: ReadonlySet<Node>,
  isStored: (n: Node) => boolean,
): boolean {
  let same = true;
  let axis = 0;
  // Numbered without the axes of size 1, so that shapes of one domain get equal coordinates.
  const at = node.shape.map((s) => (s === 1 ? zero : ofAtom(variable(`x${axis++}`, s))));
  const here = keyOf(at);
  const body: ScalarBody = new ScalarBody((n, where) => {
    if (operands.has(n) && keyOf(where) !== here) same = false;
    return n !== node && isStored(n) ? body.hole(n.position, "f32") : null;
  });
  if (operands.has(node)) return true;
  body.compute(node, at);
  return same;
}

function keyOf(at: readonly Index[]): string {
  return at
    .filter((i) => i.terms.length > 0 || i.offset !== 0)
    .map((i) => i.key)
    .join();
}

/** Whether adding these reads to a group makes no circle: nothing read may depend on the group. */
function independent(
  draft: Draft,
  reads: ReadonlySet<Node>,
  owner: ReadonlyMap<Node, Draft>,
): boolean {
  const seen = new Set<Draft>();
  const reaches = (d: Draft): boolean => {
    if (d === draft) return true;
    if (seen.has(d)) return false;
    seen.add(d);
    for (const r of d.reads) {
      const from = owner.get(r);
      if (from !== undefined && from !== d && reaches(from)) return true;
    }
    return false;
  };
  for (const r of reads) {
    const from = owner.get(r);
    if (from !== undefined && from !== draft && reaches(from)) return false;
  }
  return true;
}
