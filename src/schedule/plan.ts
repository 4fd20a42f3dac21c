/**
 * What the stages of the schedule hand to each other: which values get a buffer, how it is laid out, and which
 * stores are made by one kernel.
 */
import type { DType } from "../base/dtype.ts";
import type { Node } from "../graph/node.ts";
import type { Kernel } from "../kernel/ir.ts";
import type { Program, Target } from "../kernel/program.ts";
import { fixed, type Index, linearize, plus } from "./index-math.ts";

/** Axes from the slowest-varying in memory to the fastest. */
export type Order = readonly number[];

/** Memory for one value. */
export interface Buffer {
  readonly id: number;
  readonly dtype: DType;
  /** Number of elements. */
  readonly size: number;
  /** Elements between neighbours along each logical axis. */
  readonly strides: readonly number[];
  /** Elements before the value's first one, where it lies between zeros. 0 by default. */
  readonly start?: number;
  /** How many elements are the value's, where it lies between zeros. All by default. */
  readonly held?: number;
  /** The slot of the program that binds it, or null for memory in the arena. */
  readonly slot: number | null;
  /** Whether each thread has one of its own, which holds nothing from one chunk to the next. */
  readonly scratch?: boolean;
}

/** The element of a buffer that holds the value's element at some coordinates. */
export function placeIn({ strides, start = 0 }: Buffer, at: readonly Index[]): Index {
  return plus(linearize(at, strides), fixed(start));
}

/** A value that a kernel writes. */
export interface Store {
  readonly node: Node;
  readonly buffer: Buffer;
}

/**
 * Stores made by one kernel (or a few that belong together). `core` is what the loops are built around: nothing
 * special for a map, the reductions of one domain, one contraction, one scatter; the stores are made of it.
 */
export interface Group {
  readonly kind: "map" | "reduce" | "contraction" | "scatterAdd";
  readonly core: Node[];
  readonly stores: Store[];
}

/** The nodes that a group's stores compute; others copy what is in memory already. */
export function nodesMadeBy({ stores }: Group, context: Pick<LoweringContext, "bufferOf">): Set<Node> {
  return new Set(stores.filter((s) => context.bufferOf(s.node) === s.buffer).map((s) => s.node));
}

/** A kernel and the buffers it is called with. */
export interface LoweredCall {
  readonly kernel: Kernel;
  readonly buffers: readonly Buffer[];
  /** Whether it writes the rest of a buffer that the group before it writes: the two run side by side. */
  readonly fillsUp?: true;
}

/** What lowering a group may ask for. */
export interface LoweringContext {
  readonly target: Target;
  /** Whether sums are to be formed term by term, without algorithms that round differently. */
  readonly strict: boolean;
  /** Whether the images of a batch are last in memory; see `images-in-vectors.ts`. */
  readonly imagesLast: boolean;
  /** The buffer of a node, where it has one. */
  bufferOf(node: Node): Buffer | null;
  orderOf(node: Node): Order;
  /** Whether it is best computed row-major: it leaves the program, or an assignment is made of it element by element. */
  isWrittenOut(node: Node): boolean;
  /** Whether an assignment is made of it element by element. */
  isUpdate(node: Node): boolean;
  /** Whether what depends on this value alone is prepared, and costs nothing at most runs. */
  isSteady(node: Node): boolean;
  /** A buffer for the use of one group: partial sums, packed operands. */
  temporary(dtype: DType, size: number): Buffer;
  /** A buffer that each thread has of its own while it runs a chunk. */
  scratch(dtype: DType, size: number): Buffer;
}

/** A context in which some things are otherwise. */
export function changed(context: LoweringContext, otherwise: Partial<LoweringContext>): LoweringContext {
  return {
    target: context.target,
    strict: context.strict,
    imagesLast: context.imagesLast,
    bufferOf: (node) => context.bufferOf(node),
    orderOf: (node) => context.orderOf(node),
    isWrittenOut: (node) => context.isWrittenOut(node),
    isUpdate: (node) => context.isUpdate(node),
    isSteady: (node) => context.isSteady(node),
    temporary: (dtype, size) => context.temporary(dtype, size),
    scratch: (dtype, size) => context.scratch(dtype, size),
    ...otherwise,
  };
}

/** What a slot of the program is bound to at launch. */
export type SlotBinding =
  /** The value of a leaf, by its position among `leaves`. An assignment to it goes to the same slot. */
  | { readonly kind: "leaf"; readonly leaf: number }
  /** Where output number `output` is to be written. */
  | { readonly kind: "output"; readonly output: number }
  /** What the preparation leaves for the program, at an offset in memory that outlives a run. */
  | { readonly kind: "prepared"; readonly byteOffset: number };

/** A program that computes what another one needs, and that need not run again until its operands change. */
export interface Preparation {
  /** Its slots are those of the program that it prepares. */
  readonly program: Program;
  /** Bytes of memory for what it leaves. */
  readonly bytes: number;
  /** The leaves that it reads, by position. */
  readonly leaves: readonly number[];
}

/** The result of scheduling one graph. */
export interface Schedule {
  readonly program: Program;
  readonly bindings: readonly SlotBinding[];
  readonly preparation: Preparation | null;
}
