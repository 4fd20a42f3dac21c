/**
 * What of a computation need not be done at every run: calls that read nothing but parameters, such as those that lay
 * weights out for a contraction or map them for Winograd's algorithm. They become a program of their own, which runs when
 * a parameter has changed; what it computes stays where it is until then.
 */
import { byteSize } from "../base/dtype.ts";
import { type Node, resolve } from "../graph/node.ts";
import { aligned } from "./memory.ts";
import type { Buffer, LoweredCall } from "./plan.ts";

/** Nodes that depend on stored leaves and scalars alone. `nodes` has operands first. */
export function steadyNodes(nodes: readonly Node[]): ReadonlySet<Node> {
  const steady = new Set<Node>();
  for (const node of nodes) {
    const { value, op } = node;
    const given = value !== null || op.kind === "scalar";
    const holds = given
      ? value?.kind === "storage" || op.kind === "scalar"
      : node.inputs.every((i) => steady.has(resolve(i)));
    if (holds) steady.add(node);
  }
  return steady;
}

/** The calls of a computation, taken apart. */
export interface Split {
  /** Calls that depend on steady slots alone, in their order. */
  readonly preparation: readonly LoweredCall[];
  readonly rest: readonly LoweredCall[];
  /** Buffers that `preparation` writes and `rest` reads. */
  readonly handedOver: readonly Buffer[];
}

/**
 * @param calls in an order in which every buffer is written before it is read
 * @param isSteady whether what a slot is bound to has the same contents at most runs
 * @returns null where nothing can be prepared
 */
export function splitCalls(calls: readonly LoweredCall[], isSteady: (slot: number) => boolean): Split | null {
  const prepared = steadyCalls(calls, isSteady);
  if (prepared.size === 0) return null;
  const preparation = calls.filter((c) => prepared.has(c));
  const rest = calls.filter((c) => !prepared.has(c));
  const made = new Map(preparation.flatMap((c) => buffersOf(c, writes).map((b) => [b.id, b])));
  const read = new Set(rest.flatMap((c) => buffersOf(c, reads).map((b) => b.id)));
  return { preparation, rest, handedOver: [...made.values()].filter((b) => read.has(b.id)) };
}

/** Byte offsets of buffers that lie one after the other, by id, and of their end. */
export function laidOut(buffers: readonly Buffer[]): { offsets: ReadonlyMap<number, number>; bytes: number } {
  const offsets = new Map<number, number>();
  let bytes = 0;
  for (const b of buffers) {
    offsets.set(b.id, bytes);
    bytes += aligned(b.size * byteSize(b.dtype));
  }
  return { offsets, bytes };
}

type Access = LoweredCall["kernel"]["buffers"][number]["access"];

const reads = (access: Access): boolean => access !== "write";
const writes = (access: Access): boolean => access !== "read";

/** The buffers that a call has access to in this way, without scratch memory, which holds nothing between calls. */
function buffersOf({ kernel, buffers }: LoweredCall, has: (access: Access) => boolean): Buffer[] {
  return buffers.filter((b, i) => b.scratch !== true && has(kernel.buffers[i]?.access as Access));
}

/** A call drops out that writes where the program's caller looks, or reads or shares a buffer with one that is out. */
function steadyCalls(
  calls: readonly LoweredCall[],
  isSteady: (slot: number) => boolean,
): ReadonlySet<LoweredCall> {
  const steady = new Set(calls);
  const writers = new Map<number, LoweredCall[]>();
  for (const call of calls)
    for (const b of buffersOf(call, writes)) writers.set(b.id, [...(writers.get(b.id) ?? []), call]);
  const isOut = (call: LoweredCall): boolean =>
    buffersOf(call, writes).some((b) => b.slot !== null) ||
    buffersOf(call, () => true).some((b) =>
      b.slot === null ? writers.get(b.id)?.some((w) => !steady.has(w)) : !isSteady(b.slot),
    );
  for (let before = -1; before !== steady.size; ) {
    before = steady.size;
    for (const call of steady) if (isOut(call)) steady.delete(call);
  }
  return steady;
}
