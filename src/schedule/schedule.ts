/**
 * The schedule: from a graph and what is wanted of it to a program. It reads as the list of its steps: lay out,
 * decide what is stored, partition into groups, lower each group to kernels, order them into stages, plan memory.
 */
import { byteSize, type DType } from "../base/dtype.ts";
import { sizeOf } from "../base/shape.ts";
import { type Node, resolve } from "../graph/node.ts";
import { DistinctKernels } from "../kernel/distinct.ts";
import type { Kernel } from "../kernel/ir.ts";
import type { Call, Place, Program, Target } from "../kernel/program.ts";
import { AlikeGroups } from "./alike.ts";
import { contractionPlan } from "./contraction-plan.ts";
import { type PartPlace, placeOf } from "./dealt.ts";
import { described } from "./describe.ts";
import { hasWindows } from "./images-in-vectors.ts";
import { layoutNodes } from "./layout.ts";
import { lowerContraction } from "./lower/contraction.ts";
import { lowerMap } from "./lower/map.ts";
import { lowerMargin } from "./lower/margin.ts";
import { lowerReduce } from "./lower/reduce.ts";
import { lowerScatterAdd } from "./lower/scatter.ts";
import { unpaddedOperand } from "./lower/unpadded.ts";
import { placeBetween } from "./margins.ts";
import { type Materialized, materialize } from "./materialize.ts";
import { aligned, type Interval, planMemory } from "./memory.ts";
import { lostValue } from "./old-values.ts";
import { isRowMajor, rowMajor, stridesFor } from "./order.ts";
import { type PartitionInput, partition, readsInPlace } from "./partition.ts";
import {
  type Buffer,
  type Group,
  type LoweredCall,
  type LoweringContext,
  nodesMadeBy,
  type Order,
  type Schedule,
  type SlotBinding,
  type Store,
} from "./plan.ts";
import { laidOut, splitCalls, steadyNodes } from "./preparation.ts";
import { isLeaf } from "./views.ts";
import { updatesOf } from "./written-out.ts";

/** A value that the program must leave behind, in row-major order. */
export interface Wanted {
  readonly node: Node;
  /** The leaf whose storage it overwrites, by position among the leaves, or null for a fresh output. */
  readonly leaf: number | null;
}

export interface ScheduleRequest {
  /** All nodes that the wanted ones depend on, operands first; `position` of each is its place here. */
  readonly nodes: readonly Node[];
  /** Those of them whose values are inputs. */
  readonly leaves: readonly Node[];
  readonly wanted: readonly Wanted[];
  readonly target: Target;
  /** Whether sums are to be formed term by term: no Winograd convolution. False by default. */
  readonly strict?: boolean;
  /**
   * Whether what depends on stored leaves and scalars alone becomes a program of its own, because they will often be the
   * same at the next run. False by default.
   */
  readonly prepares?: boolean;
}

export function schedule(request: ScheduleRequest): Schedule {
  return new Scheduler(request, false).run();
}

/**
 * As `schedule`, with the images of a batch last in memory and in the vectors of all convolutions; see `images-in-vectors.ts`. Null
 * where some operand lies otherwise.
 */
export function scheduleImagesLast(request: ScheduleRequest): Schedule | null {
  const scheduler = new Scheduler(request, true);
  return scheduler.hasImagesInVectors() ? scheduler.run() : null;
}

class Scheduler implements LoweringContext {
  readonly target: Target;
  readonly strict: boolean;
  readonly imagesLast: boolean;
  readonly #request: ScheduleRequest;
  readonly #wanted: ReadonlySet<Node>;
  readonly #updates: ReadonlySet<Node>;
  readonly #steady: ReadonlySet<Node>;
  readonly #orders: readonly Order[];
  readonly #stored: Materialized;
  /** What each part is dealt out to, and where in it the part lies. */
  readonly #wholes: ReadonlyMap<Node, { readonly whole: Node; readonly at: PartPlace }>;
  /** By position, once asked for. */
  readonly #reads: ReadonlySet<Node>[] = [];
  readonly #buffers: Buffer[] = [];
  readonly #primary = new Map<Node, Buffer>();
  readonly #bindings: SlotBinding[] = [];
  readonly #slots: { dtype: DType; size: number }[] = [];
  readonly #leafSlots = new Map<Node, number>();

  constructor(request: ScheduleRequest, imagesLast: boolean) {
    this.#request = request;
    this.target = request.target;
    this.strict = request.strict ?? false;
    this.imagesLast = imagesLast;
    this.#wanted = new Set(request.wanted.map((w) => resolve(w.node)));
    this.#updates = updatesOf(request.nodes, request.wanted);
    this.#steady = steadyNodes(request.nodes);
    this.#orders = layoutNodes(request.nodes, this);
    this.#stored = materialize(
      request.nodes,
      this.#wanted,
      (n) => this.orderOf(n),
      (n) => unpaddedOperand(n, this),
    );
    this.#wholes = new Map(
      [...this.#stored.dealt].flatMap(([whole, parts]) =>
        [...parts].map(([part, at]) => [part, { whole, at }]),
      ),
    );
  }

  /** Whether all convolutions have the images in their vectors. */
  hasImagesInVectors(): boolean {
    return this.#request.nodes.every((n) => {
      if (n.value !== null || n.op.kind !== "contraction" || !hasWindows(n.op.spec)) return true;
      return contractionPlan(n, this).run !== null;
    });
  }

  run(): Schedule {
    this.#bindLeaves();
    const input: PartitionInput = {
      stores: this.#placeStores(),
      isStored: (n) => this.#isStored(n),
      readsOf: (n) => this.#readsOf(n),
      leafSlot: (n) => this.#leafSlots.get(n) ?? null,
    };
    const copies = this.#setAside(input);
    const groups = new AlikeGroups(this, (g, context) => described(g, lower(g, context), context));
    const lowered = this.#withoutUnread(this.#ordered(partition(input))).map((g) => [
      ...groups.lower(g),
      ...[...nodesMadeBy(g, this)].flatMap((node) => this.#marginOf(node)),
    ]);
    return this.#programs([...copies, ...lowered.flat()]);
  }

  /** All calls as one program, or as two where some can be prepared. */
  #programs(calls: readonly LoweredCall[]): Schedule {
    const split = this.#request.prepares === true ? splitCalls(calls, (s) => this.#holdsSteady(s)) : null;
    if (split === null)
      return { program: this.#assemble(calls), bindings: this.#bindings, preparation: null };
    const { offsets, bytes } = laidOut(split.handedOver);
    const moved = new Map(
      split.handedOver.map((b) => {
        const byteOffset = offsets.get(b.id) as number;
        const slot = this.#slot({ kind: "prepared", byteOffset }, b.dtype, b.size);
        return [b.id, { ...b, slot }];
      }),
    );
    const placed = (list: readonly LoweredCall[]): LoweredCall[] =>
      list.map((c) => ({ ...c, buffers: c.buffers.map((b) => moved.get(b.id) ?? b) }));
    const read = new Set(split.preparation.flatMap((c) => c.buffers.map((b) => b.slot)));
    const leaves = this.#bindings.flatMap((b, slot) => (b.kind === "leaf" && read.has(slot) ? [b.leaf] : []));
    const program = this.#assemble(placed(split.rest));
    const preparation = { program: this.#assemble(placed(split.preparation)), bytes, leaves };
    return { program, bindings: this.#bindings, preparation };
  }

  #holdsSteady(slot: number): boolean {
    const binding = this.#bindings[slot] as SlotBinding;
    return binding.kind === "leaf" && this.isSteady(this.#request.leaves[binding.leaf] as Node);
  }

  bufferOf(node: Node): Buffer | null {
    return this.#primary.get(resolve(node)) ?? null;
  }

  isWanted(node: Node): boolean {
    return this.#wanted.has(resolve(node));
  }

  isWrittenOut(node: Node): boolean {
    return this.isWanted(node) || this.isUpdate(node);
  }

  isUpdate(node: Node): boolean {
    return this.#updates.has(resolve(node));
  }

  isSteady(node: Node): boolean {
    return this.#request.prepares === true && this.#steady.has(resolve(node));
  }

  orderOf(node: Node): Order {
    return this.#orders[resolve(node).position] as Order;
  }

  temporary(dtype: DType, size: number): Buffer {
    return this.#buffer(dtype, size, [], null);
  }

  scratch(dtype: DType, size: number): Buffer {
    return { ...this.#buffer(dtype, size, [], null), scratch: true };
  }

  #buffer(dtype: DType, size: number, strides: readonly number[], slot: number | null): Buffer {
    const buffer = { id: this.#buffers.length, dtype, size, strides, slot };
    this.#buffers.push(buffer);
    return buffer;
  }

  #slot(binding: SlotBinding, dtype: DType, size: number): number {
    this.#bindings.push(binding);
    this.#slots.push({ dtype, size });
    return this.#bindings.length - 1;
  }

  #isStored(node: Node): boolean {
    return this.#stored.stored[resolve(node).position] === true;
  }

  #readsOf(node: Node): ReadonlySet<Node> {
    const { position } = resolve(node);
    let reads = this.#reads[position];
    if (reads === undefined) {
      const positions = [...(this.#stored.reads[position] ?? [])];
      reads = new Set(positions.map((p) => this.#request.nodes[p] as Node));
      this.#reads[position] = reads;
    }
    return reads;
  }

  #bindLeaves(): void {
    this.#request.leaves.forEach((node, leaf) => {
      const slot = this.#slot({ kind: "leaf", leaf }, node.dtype, sizeOf(node.shape));
      this.#leafSlots.set(node, slot);
      const strides = stridesFor(node.shape, rowMajor(node.shape.length));
      this.#primary.set(node, this.#buffer(node.dtype, sizeOf(node.shape), strides, slot));
    });
  }

  /** Buffers for all stored nodes and wanted values; a wanted value that can be computed in place needs no copy. */
  #placeStores(): Store[] {
    const stores: Store[] = [];
    const copies: Store[] = [];
    const inSlot = new Map<Node, Buffer>();
    for (const [output, w] of this.#request.wanted.entries()) {
      const node = resolve(w.node);
      const buffer = this.#wantedBuffer(w, node, output);
      const stored = this.#isStored(node) && !isLeaf(node);
      const order = this.orderOf(node);
      const usable =
        stored && isRowMajor(order, node.shape) && !inSlot.has(node) && this.#canOverwrite(node, w);
      if (usable) inSlot.set(node, buffer);
      else copies.push({ node, buffer });
    }
    for (const node of this.#request.nodes) {
      if (!this.#isStored(node) || isLeaf(node)) continue;
      const buffer = inSlot.get(node) ?? this.#memoryOf(node);
      this.#primary.set(node, buffer);
      stores.push({ node, buffer });
    }
    return [...stores, ...copies];
  }

  /** Memory for a value, with room for the zeros around it where it has such, or in that of a value that it is a part of. */
  #memoryOf(node: Node): Buffer {
    const dealt = this.#wholes.get(node);
    if (dealt !== undefined) {
      const { whole, at } = dealt;
      const memory = this.#primary.get(whole) ?? this.#ownMemory(whole, this.orderOf(whole));
      this.#primary.set(whole, memory);
      return { ...memory, ...placeOf(node, at, memory) };
    }
    const padded = this.#stored.margins.get(node) ?? node;
    const around = this.#ownMemory(padded, this.orderOf(padded));
    if (padded === node) return around;
    this.#primary.set(padded, around);
    return { ...around, ...placeBetween(node, padded, around.strides), held: sizeOf(node.shape) };
  }

  #ownMemory({ dtype, shape }: Node, order: Order): Buffer {
    return this.#buffer(dtype, sizeOf(shape), stridesFor(shape, order), null);
  }

  /** What writes the zeros around a value that has been stored. */
  #marginOf(node: Node): LoweredCall[] {
    const padded = this.#stored.margins.get(node);
    return padded === undefined ? [] : [lowerMargin(padded, this.bufferOf(padded) as Buffer, this)];
  }

  #wantedBuffer(w: Wanted, node: Node, output: number): Buffer {
    const leaf = w.leaf === null ? undefined : this.#request.leaves[w.leaf];
    const size = sizeOf(node.shape);
    const slot =
      (leaf === undefined ? undefined : this.#leafSlots.get(leaf)) ??
      this.#slot({ kind: "output", output }, node.dtype, size);
    return this.#buffer(node.dtype, size, stridesFor(node.shape, rowMajor(node.shape.length)), slot);
  }

  /** Whether the kernel that computes a node may write straight into the storage that it overwrites. */
  #canOverwrite(node: Node, w: Wanted): boolean {
    if (w.leaf === null) return true;
    const leaf = this.#request.leaves[w.leaf] as Node;
    if (!this.#readsOf(node).has(leaf)) return true;
    const { kind } = node.op;
    if (kind === "reduce" || kind === "contraction" || kind === "scatterAdd") return false;
    return readsInPlace(node, new Set([leaf]), (n) => this.#isStored(n));
  }

  /** Copies old values into the arena that are needed after they have been overwritten; from here on they are there. */
  #setAside(input: PartitionInput): LoweredCall[] {
    const calls: LoweredCall[] = [];
    for (let leaf = lostValue(input); leaf !== null; leaf = lostValue(input)) {
      const buffer = this.#ownMemory(leaf, rowMajor(leaf.shape.length));
      calls.push(...lowerMap({ kind: "map", core: [], stores: [{ node: leaf, buffer }] }, this));
      this.#primary.set(leaf, buffer);
      this.#leafSlots.delete(leaf);
    }
    return calls;
  }

  /** Groups in an order in which every value is made before it is read and read before it is overwritten. */
  #ordered(groups: readonly Group[]): Group[] {
    const maker = new Map<Node, Group>();
    for (const g of groups) {
      for (const node of nodesMadeBy(g, this)) maker.set(node, g);
    }
    const readers = new Map<number, Set<Group>>();
    for (const g of groups) {
      for (const r of this.#groupReads(g)) {
        const slot = this.#leafSlots.get(r);
        if (slot !== undefined) readers.set(slot, (readers.get(slot) ?? new Set()).add(g));
      }
    }
    const out: Group[] = [];
    const state = new Map<Group, "open" | "done">();
    const visit = (g: Group): void => {
      if (state.get(g) === "done") return;
      if (state.get(g) === "open") throw new Error("schedule: groups depend on each other in a circle");
      state.set(g, "open");
      for (const r of this.#groupReads(g)) {
        const from = maker.get(r);
        if (from !== undefined && from !== g) visit(from);
      }
      for (const s of g.stores) {
        for (const r of (s.buffer.slot === null ? undefined : readers.get(s.buffer.slot)) ?? [])
          if (r !== g) visit(r);
      }
      state.set(g, "done");
      out.push(g);
    };
    for (const g of groups) visit(g);
    return out;
  }

  /** Without the stores of sums and extremes that nobody but the group itself asks for: it has them in registers. */
  #withoutUnread(groups: readonly Group[]): Group[] {
    const read = new Set<Node>();
    for (const g of groups) {
      const made = nodesMadeBy(g, this);
      for (const r of this.#groupReads(g)) if (!made.has(r)) read.add(r);
      for (const s of g.stores) if (!made.has(s.node) || s.buffer.slot !== null) read.add(s.node);
    }
    return groups.map((g) => {
      const stores = g.stores.filter(({ node }) => read.has(node) || !g.core.includes(node));
      for (const s of g.stores) if (!stores.includes(s)) this.#primary.delete(s.node);
      return stores.length < g.stores.length ? { ...g, stores } : g;
    });
  }

  #groupReads(group: Group): Set<Node> {
    const reads = new Set<Node>();
    for (const s of group.stores) {
      if (this.#primary.get(s.node) !== s.buffer && this.#primary.has(s.node)) {
        for (const r of this.#stored.dealt.get(s.node)?.keys() ?? [s.node]) reads.add(r);
      } else for (const r of this.#readsOf(s.node)) reads.add(r);
    }
    for (const n of group.core) for (const r of this.#readsOf(n)) reads.add(r);
    return reads;
  }

  #assemble(calls: readonly LoweredCall[]): Program {
    const stageOf = stageNumbers(calls);
    const arena = this.#arena(calls, stageOf);
    const kernels = new DistinctKernels();
    const stages: Call[][] = [];
    calls.forEach((call, i) => {
      const stage = stageOf[i] as number;
      while (stages.length <= stage) stages.push([]);
      const kernel = kernels.add(call.kernel);
      const places = placesOf(call, arena.place);
      (stages[stage] as Call[]).push({ kernel, places, ...(call.fillsUp === true && { fillsUp: true }) });
    });
    const scratchBytes = Math.max(0, ...calls.map(scratchOf));
    return {
      kernels: kernels.list,
      stages: stages.map((c) => ({ calls: c })),
      slots: this.#slots,
      arenaBytes: arena.bytes,
      ...(scratchBytes > 0 ? { scratchBytes } : {}),
    };
  }

  #arena(
    calls: readonly LoweredCall[],
    stageOf: readonly number[],
  ): { bytes: number; place(b: Buffer): Place } {
    const lives = new Map<number, { first: number; last: number; bytes: number }>();
    calls.forEach((call, i) => {
      const stage = stageOf[i] as number;
      for (const b of call.buffers) {
        if (b.slot !== null || b.scratch === true) continue;
        const life = lives.get(b.id) ?? { first: stage, last: stage, bytes: b.size * byteSize(b.dtype) };
        life.first = Math.min(life.first, stage);
        life.last = Math.max(life.last, stage);
        lives.set(b.id, life);
      }
    });
    const ids = [...lives.keys()];
    const { offsets, bytes } = planMemory(ids.map((id) => lives.get(id) as Interval));
    const offsetOf = new Map(ids.map((id, i) => [id, offsets[i] as number]));
    return {
      bytes: aligned(bytes),
      place: (b) =>
        b.slot === null
          ? { kind: "arena", byteOffset: offsetOf.get(b.id) as number }
          : { kind: "slot", slot: b.slot },
    };
  }
}

function lower(group: Group, context: LoweringContext): LoweredCall[] {
  switch (group.kind) {
    case "map":
      return lowerMap(group, context);
    case "reduce":
      return lowerReduce(group, context);
    case "contraction":
      return lowerContraction(group, context);
    case "scatterAdd":
      return lowerScatterAdd(group, context);
  }
}

const alignedBytes = (b: Buffer): number => aligned(b.size * byteSize(b.dtype));

/** Bytes of scratch memory that a call uses: its scratch buffers lie one after the other. */
function scratchOf({ buffers }: LoweredCall): number {
  return buffers.reduce((sum, b) => sum + (b.scratch === true ? alignedBytes(b) : 0), 0);
}

function placesOf({ buffers }: LoweredCall, elsewhere: (b: Buffer) => Place): Place[] {
  let next = 0;
  return buffers.map((b): Place => {
    if (b.scratch !== true) return elsewhere(b);
    const byteOffset = next;
    next += alignedBytes(b);
    return { kind: "scratch", byteOffset };
  });
}

/** The earliest stage of each call: after what it reads was written, and after what it overwrites was read. */
function stageNumbers(calls: readonly LoweredCall[]): number[] {
  const lastWrite = new Map<string, number>();
  const lastRead = new Map<string, number>();
  let before = 0;
  return calls.map(({ kernel, buffers, fillsUp }) => {
    let stage = fillsUp === true ? before : 0;
    buffers.forEach((b, i) => {
      const key = b.slot === null ? `b${b.id}` : `s${b.slot}`;
      const { access } = kernel.buffers[i] as Kernel["buffers"][number];
      if (fillsUp !== true) stage = Math.max(stage, (lastWrite.get(key) ?? -1) + 1);
      if (access !== "read") stage = Math.max(stage, (lastRead.get(key) ?? -1) + 1);
    });
    buffers.forEach((b, i) => {
      const key = b.slot === null ? `b${b.id}` : `s${b.slot}`;
      const { access } = kernel.buffers[i] as Kernel["buffers"][number];
      if (access !== "write") lastRead.set(key, Math.max(lastRead.get(key) ?? -1, stage));
      if (access !== "read") lastWrite.set(key, stage);
    });
    before = stage;
    return stage;
  });
}
