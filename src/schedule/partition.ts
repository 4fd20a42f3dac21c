/**
 * Sorts stored values into groups that one kernel computes: elementwise values of one shape, reductions over one
 * domain, and what follows a reduction or contraction element by element goes into its epilogue.
 */
import { sizeOf } from "../base/shape.ts";
import type { Node } from "../graph/node.ts";
import { isConditional } from "./conditional.ts";
import { type Index, linearize, ofAtom, variable, zero } from "./index-math.ts";
import { mergedAxes } from "./merged-axes.ts";
import { rowMajorStrides } from "./order.ts";
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
  /** Positions of its stores among all. */
  readonly members: number[];
  /** Stored nodes read, by nodes of the group. */
  readonly reads: Set<Node>;
  readonly domain: string;
}

/** Extents without the ones: two values of equal domain can be computed in the same loops. */
function domainOf(node: Node): string {
  return node.shape.filter((s) => s !== 1).join("x");
}

/** Whether neighbouring axes of a contraction's result, multiplied, give the extents of a node. */
function isMerged({ kind, core: [made] }: Group, node: Node): boolean {
  return kind === "contraction" && made !== undefined && mergedAxes(made.shape, node.shape) !== null;
}

const most = { stores: 12, reads: 24 };
/** Reductions of one pass: their accumulators have to be in registers. */
const mostReductions = 20;
/** An epilogue keeps a contraction's accumulators waiting: beyond this it is cheaper to read the result again. */
const mostInEpilogue = { stores: 4, reads: 3 };
/**
 * Elements from which an epilogue updates several values in place, as Adam does with its averages and the parameter: smaller
 * ones are still in a cache when a kernel of their own comes, which walks through them in order.
 */
const largeUpdate = 65_536;

export function partition(input: PartitionInput): Group[] {
  return new Partition(input).run();
}

class Partition {
  readonly #input: PartitionInput;
  readonly #drafts: Draft[] = [];
  readonly #owner = new Map<Node, Draft>();
  readonly #readers = new Map<Node, Set<Draft>>();
  readonly #draftOf: (Draft | undefined)[] = [];
  /** For each store, those that must come after it: they read what it writes, or overwrite what it reads. */
  readonly #after: readonly (readonly number[])[];
  readonly #before: readonly (readonly number[])[];
  /** For each store, the first that must come after it or after a later one. */
  readonly #firstAfter: readonly number[];

  constructor(input: PartitionInput) {
    this.#input = input;
    this.#after = followersOf(input);
    const before: number[][] = this.#after.map(() => []);
    this.#after.forEach((list, i) => {
      for (const j of list) before[j]?.push(i);
    });
    this.#before = before;
    const firstAfter: number[] = [];
    for (let i = this.#after.length - 1; i >= 0; i--)
      firstAfter[i] = Math.min(firstAfter[i + 1] ?? Number.POSITIVE_INFINITY, ...(this.#after[i] ?? []));
    this.#firstAfter = firstAfter;
  }

  run(): Group[] {
    const { stores, isStored, readsOf } = this.#input;
    stores.forEach((store, i) => {
      const copied = this.#owner.get(store.node);
      const draft = this.#findHome(store, i, copied) ?? this.#open(store, copied !== undefined);
      draft.group.stores.push(store);
      draft.members.push(i);
      this.#draftOf[i] = draft;
      for (const r of copied === undefined ? readsOf(store.node) : [store.node]) {
        draft.reads.add(r);
        this.#readers.set(r, (this.#readers.get(r) ?? new Set()).add(draft));
      }
      if (copied === undefined && isStored(store.node)) this.#owner.set(store.node, draft);
    });
    return this.#drafts.map((d) => d.group);
  }

  #open(store: Store, copies: boolean): Draft {
    const { node } = store;
    const kind = this.#input.isStored(node) && !copies ? coreKind(node) : "map";
    const group: Group = { kind, core: kind === "map" ? [] : [node], stores: [] };
    const draft: Draft = { group, members: [], reads: new Set(), domain: domainOf(node) };
    this.#drafts.push(draft);
    return draft;
  }

  /** The group that a store can join: the one that makes an operand, or one that reads what it reads. */
  #findHome(store: Store, i: number, copied: Draft | undefined): Draft | null {
    const { node } = store;
    const kind = copied === undefined ? coreKind(node) : "map";
    if (kind === "contraction" || kind === "scatterAdd") return null;
    const reads = copied === undefined ? this.#input.readsOf(node) : new Set([node]);
    const candidates = new Set<Draft>();
    for (const r of reads) {
      const made = this.#owner.get(r);
      if (made !== undefined) candidates.add(made);
    }
    for (const r of reads)
      if (sizeOf(r.shape) > 1) for (const d of this.#readers.get(r) ?? []) candidates.add(d);
    if (kind === "reduce") for (const d of this.#readingSiblings(reads)) candidates.add(d);
    for (const draft of candidates) {
      const mostStores = draft.group.kind === "reduce" ? mostReductions : most.stores;
      if (draft.group.stores.length >= mostStores || draft.reads.size > most.reads) continue;
      const fits =
        kind === "reduce"
          ? reduceFits(node, draft, reads, this.#owner)
          : mapFits(store, draft, reads, this.#owner, this.#input);
      if (!fits || !this.#independent(draft, i)) continue;
      if (kind === "reduce") draft.group.core.push(node);
      return draft;
    }
    return null;
  }

  /** Groups that read what was made together with one of these values. */
  *#readingSiblings(reads: ReadonlySet<Node>): Iterable<Draft> {
    for (const r of reads) {
      const made = this.#owner.get(r);
      if (made?.group.kind !== "reduce" || sizeOf(r.shape) === 1) continue;
      for (const { node } of made.group.stores) yield* this.#readers.get(node) ?? [];
    }
  }

  /** Whether a store can be made together with a group: nothing else must come between the two. */
  #independent(draft: Draft, store: number): boolean {
    const arrives = (this.#before[store] ?? []).some((i) => this.#draftOf[i] !== draft);
    if (arrives && this.#pathBetween(draft.members, [store], store)) return false;
    const leadsBack = (this.#firstAfter[store] as number) < store;
    return !leadsBack || !this.#pathBetween([store], draft.members, store);
  }

  /** Whether some third store lies on a path from one set of stores to the other, both of them up to `last`. */
  #pathBetween(from: readonly number[], to: readonly number[], last: number): boolean {
    const goal = new Set(to);
    const start = new Set(from);
    const seen = new Set<number>();
    const stack: number[] = [];
    // Nearly always what comes after a store also stands after it, and paths beyond `last` do not come back.
    const returns = (this.#firstAfter[last + 1] ?? Number.POSITIVE_INFINITY) <= last;
    const push = (i: number): void => {
      if (i > last && !returns) return;
      // Stores of one group come and go together.
      for (const m of this.#draftOf[i]?.members ?? [i]) {
        if (!seen.has(m)) {
          seen.add(m);
          stack.push(m);
        }
      }
    };
    for (const i of from) for (const j of this.#after[i] ?? []) if (!goal.has(j) && !start.has(j)) push(j);
    for (let i = stack.pop(); i !== undefined; i = stack.pop()) {
      for (const j of this.#after[i] ?? []) {
        if (goal.has(j)) return true;
        if (!start.has(j)) push(j);
      }
    }
    return false;
  }
}

/** For each store, those that must come after it: they read what it writes, or overwrite what it reads. */
export function followersOf(input: PartitionInput): number[][] {
  const { stores } = input;
  const after: number[][] = stores.map(() => []);
  const maker = new Map<Node, number>();
  const readsOf = stores.map((s, i) => {
    const known = maker.has(s.node);
    if (!known && input.isStored(s.node)) maker.set(s.node, i);
    return known || input.leafSlot(s.node) !== null ? new Set([s.node]) : input.readsOf(s.node);
  });
  const writer = new Map<number, number>();
  stores.forEach((s, i) => {
    if (s.buffer.slot !== null) writer.set(s.buffer.slot, i);
  });
  readsOf.forEach((reads, i) => {
    for (const r of reads) {
      const made = maker.get(r);
      if (made !== undefined && made !== i) after[made]?.push(i);
      const slot = input.leafSlot(r);
      const overwriting = slot === null ? undefined : writer.get(slot);
      if (overwriting !== undefined && overwriting !== i) after[i]?.push(overwriting);
    }
  });
  return after;
}

function coreKind(node: Node): Group["kind"] {
  const { kind } = node.op;
  if (node.value !== null) return "map";
  return kind === "reduce" || kind === "contraction" || kind === "scatterAdd" ? kind : "map";
}

/**
 * Reductions join when they run over the same operand shape and axes, and share something they read or read what one
 * group has made: the totals of sums by channel, say.
 */
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
  if (isConditional(node) !== isConditional(first)) return false;
  const makers = new Set([...draft.reads].map((r) => owner.get(r)));
  let shared = false;
  for (const r of reads) {
    const made = owner.get(r);
    if (made === draft) return false;
    const together = made?.group.kind === "reduce" && makers.has(made);
    if ((together || draft.reads.has(r)) && sizeOf(r.shape) > 1) shared = true;
  }
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
  const fits = draft.domain === domainOf(node) || isMerged(draft.group, node);
  if (!fits || draft.group.kind === "scatterAdd") return false;
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
  if (draft.group.kind === "contraction") {
    const large = [...reads].filter(
      (r) => owner.get(r) !== draft && sizeOf(r.shape) * 2 >= sizeOf(node.shape),
    );
    const crowded = draft.group.stores.length >= mostInEpilogue.stores;
    if (crowded || large.length > mostInEpilogue.reads) return false;
  }
  // What the group overwrites may be read by it only at the element that is being written.
  const overwritten = new Set([store, ...draft.group.stores].map((s) => s.buffer.slot));
  const clashing = (n: Node): boolean => {
    const slot = input.leafSlot(n);
    return slot !== null && overwritten.has(slot);
  };
  for (const r of reads) if (clashing(r)) inside.add(r);
  if (inside.size > 0 && !readsInPlace(node, inside, input.isStored)) return false;
  const { kind } = draft.group;
  const updates = kind === "map" || (kind === "contraction" && sizeOf(node.shape) >= largeUpdate);
  for (const other of draft.group.stores) {
    const clashes = new Set([...input.readsOf(other.node)].filter(clashing));
    if (clashes.size > 0 && (!updates || !readsInPlace(other.node, clashes, input.isStored))) return false;
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
  const isHere = (n: Node, where: readonly Index[]): boolean =>
    keyOf(where) === here ||
    linearize(where, rowMajorStrides(n.shape)).key === linearize(at, rowMajorStrides(node.shape)).key;
  const body: ScalarBody = new ScalarBody((n, where) => {
    if (operands.has(n) && !isHere(n, where)) same = false;
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
