/**
 * Padding of the last axes.
 */
import { type DType, isFloat } from "../../base/dtype.ts";
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { formatShape, type Shape } from "../../base/shape.ts";
import { expand, pad as padWith } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { concatenate, cut, flip } from "./shape-ops.ts";

/** Zeros or another value; the mirrored inside without the edge; the edge repeated; the other end. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

/** Options of `F.pad` and `Tensor.pad`. */
export interface PadOptions {
  /** "constant" by default. */
  readonly mode?: PadMode | undefined;
  /** What "constant" pads with; 0 by default. */
  readonly value?: number | undefined;
}

const modes: readonly PadMode[] = ["constant", "reflect", "replicate", "circular"];

/**
 * Adds elements at both ends of the last axes.
 *
 * @param padding [left, right] of the last axis, then [top, bottom] of the one before, and so on
 * @param owner what errors call the operation
 * @throws ShapeError when the input is too small, ArgumentError for a wrong list or mode.
 */
export function pad(x: Node, padding: readonly number[], options: PadOptions = {}, owner = "pad"): Node {
  const mode = options.mode ?? "constant";
  if (!modes.includes(mode)) {
    const list = modes.map((m) => `"${m}"`).join(", ");
    throw new ArgumentError(`${owner}: mode must be one of ${list}; got "${mode}"`, {
      option: "mode",
      value: mode,
    });
  }
  const value = options.value ?? 0;
  if (typeof value !== "number" || !fitsType(value, x.dtype)) {
    throw new ArgumentError(`${owner}: value must be a number that fits ${x.dtype}; got ${String(value)}`, {
      value,
    });
  }
  const { shape } = x;
  const ndim = shape.length;
  if (!Array.isArray(padding)) {
    throw new ArgumentError(`${owner}: padding is a list such as [left, right]; got ${String(padding)}`, {
      padding,
    });
  }
  if (padding.length % 2 !== 0 || padding.length > 2 * ndim || !padding.every(Number.isInteger)) {
    throw new ArgumentError(
      `${owner}: padding ${formatShape(padding)} must be pairs of integers, at most ${ndim} for shape ${formatShape(shape)}, ` +
        "starting with the last axis: [left, right, top, bottom]",
      { padding, shape },
    );
  }
  let node = x;
  for (let i = 0; i < padding.length; i += 2) {
    const [before, after] = [padding[i] as number, padding[i + 1] as number];
    const axis = ndim - 1 - i / 2;
    checkRoom(shape, axis, before, after, mode, owner);
    node =
      mode === "constant"
        ? padConstant(node, axis, before, after, value)
        : padInside(node, axis, before, after, mode);
  }
  return node;
}

function padConstant(x: Node, axis: number, before: number, after: number, value: number): Node {
  const left = x.shape[axis] as number;
  const from = Math.max(0, -before);
  const length = left + Math.min(before, 0) + Math.min(after, 0);
  const kept = from > 0 || after < 0 ? cut(x, axis, from, Math.max(length, 0), 1) : x;
  const at = (n: number): number[] => x.shape.map((_, d) => (d === axis ? Math.max(n, 0) : 0));
  return padWith(kept, at(before), at(after), value);
}

function padInside(
  x: Node,
  axis: number,
  before: number,
  after: number,
  mode: Exclude<PadMode, "constant">,
): Node {
  if (before === 0 && after === 0) return x;
  const size = x.shape[axis] as number;
  const part = (from: number, length: number): Node => cut(x, axis, from, length, 1);
  const copies = (from: number, count: number): Node =>
    expand(
      part(from, 1),
      x.shape.map((s, d) => (d === axis ? count : s)),
    );
  const ends = {
    reflect: () => [() => flip(part(1, before), [axis]), () => flip(part(size - 1 - after, after), [axis])],
    replicate: () => [() => copies(0, before), () => copies(size - 1, after)],
    circular: () => [() => part(size - before, before), () => part(0, after)],
  }[mode]() as [() => Node, () => Node];
  const parts = [...(before > 0 ? [ends[0]()] : []), x, ...(after > 0 ? [ends[1]()] : [])];
  return concatenate(parts, axis);
}

const highest = { bool: 1, uint8: 255, int32: 2 ** 31 - 1 } as const;

function fitsType(value: number, dtype: DType): boolean {
  if (isFloat(dtype)) return true;
  const least = dtype === "int32" ? -(2 ** 31) : 0;
  return Number.isInteger(value) && value >= least && value <= highest[dtype as keyof typeof highest];
}

/** @throws ShapeError unless an axis has the elements that are taken away, or that the padding is made of. */
function checkRoom(
  shape: Shape,
  axis: number,
  before: number,
  after: number,
  mode: PadMode,
  owner: string,
): void {
  const size = shape[axis] as number;
  // A mirror has one element less than the axis; an edge is enough for any number of its copies.
  const most = {
    constant: Number.POSITIVE_INFINITY,
    reflect: Math.max(size - 1, 0),
    replicate: size > 0 ? Number.POSITIVE_INFINITY : 0,
    circular: size,
  }[mode];
  const least = mode === "constant" ? -size : 0;
  const fits = Math.min(before, after, before + after) >= least && Math.max(before, after) <= most;
  if (fits) return;
  throw new ShapeError(
    `${owner}: mode "${mode}" cannot pad ${before} before and ${after} after the ${size} elements of dimension ${axis} ` +
      `(input shape ${formatShape(shape)})`,
    { input: shape, before, after, mode },
  );
}
