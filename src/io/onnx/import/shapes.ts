/** Shape rules that operators on the host and on tensors share. */
import { type Shape, sizeOf } from "../../../base/shape.ts";
import type { Operator } from "./operator.ts";

/** The target of `Reshape`: 0 copies a size unless `allowzero`, one size may be -1. */
export function reshapeDims(op: Operator, from: Shape): number[] {
  const given = op.ints("shape") ?? op.numbers(1);
  const copies = op.int("allowzero", 0) === 0;
  const dims = given.map((s, d) => (s === 0 && copies ? (from[d] ?? 0) : s));
  const open = dims.indexOf(-1);
  if (open < 0) return dims;
  const rest = dims.reduce((n, s, d) => (d === open ? n : n * s), 1);
  const size = rest === 0 ? 0 : sizeOf(from) / rest;
  if (!Number.isInteger(size) || size < 0)
    throw op.refuse(`[${from.join(", ")}] cannot become [${given.join(", ")}]`);
  return dims.map((s, d) => (d === open ? size : s));
}

export interface Range {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** What `Slice` takes of each axis: operands since operator set 10, attributes before. */
export function sliceRanges(op: Operator, shape: Shape): Range[] {
  const starts = op.ints("starts") ?? op.numbers(1);
  const ends = op.ints("ends") ?? op.numbers(2);
  const axes =
    op.ints("axes") ??
    op.numbersOr(
      3,
      starts.map((_, i) => i),
    );
  const steps = op.numbersOr(
    4,
    starts.map(() => 1),
  );
  const ranges: Range[] = shape.map((count) => ({ start: 0, step: 1, count }));
  axes.forEach((given, i) => {
    const axis = op.axis(given, shape.length);
    const size = shape[axis] as number;
    const [start, end, step] = [starts[i] ?? 0, ends[i] ?? size, steps[i] ?? 1];
    if (step === 0) throw op.refuse("a step of 0 gets nowhere");
    const from = (v: number): number => (v < 0 ? v + size : v);
    const clip = (v: number, least: number, most: number): number => Math.min(Math.max(v, least), most);
    const first = step > 0 ? clip(from(start), 0, size) : clip(from(start), 0, size - 1);
    const last = step > 0 ? clip(from(end), 0, size) : clip(from(end), -1, size - 1);
    ranges[axis] = { start: first, step, count: Math.max(Math.ceil((last - first) / step), 0) };
  });
  return ranges;
}

/** Sizes of the pieces of `Split`: given, or as equal as possible. */
export function splitLengths(op: Operator, length: number): number[] {
  const given = op.ints("split") ?? (op.has(1) ? op.numbers(1) : null);
  if (given !== null) {
    if (given.some((s) => s < 0) || given.reduce((a, b) => a + b, 0) !== length)
      throw op.refuse(`pieces of ${given.join(", ")} are not the ${length} elements of the axis`);
    return [...given];
  }
  const count = op.int("num_outputs", op.node.outputs.length);
  const each = Math.ceil(length / Math.max(count, 1));
  return Array.from({ length: count }, (_, i) => Math.max(Math.min(each, length - i * each), 0));
}
