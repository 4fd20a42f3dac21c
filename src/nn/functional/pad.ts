/**
 * Padding of the last axes.
 */
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { expand, pad as padWith } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { concatenate, cut, flip } from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkChoice } from "../arguments.ts";

/** Zeros or another value; the mirrored inside without the edge; the edge repeated; the other end. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

export interface PadOptions {
  /** "constant" by default. */
  readonly mode?: PadMode | undefined;
  /** What "constant" pads with; 0 by default. */
  readonly value?: number | undefined;
}

/**
 * Adds elements at both ends of the last axes.
 *
 * @param padding [left, right] of the last axis, then [top, bottom] of the one before, and so on. Negative numbers
 *   remove elements ("constant" only).
 * @throws ShapeError when the input is too small, ArgumentError for a wrong list or mode.
 * @example
 * F.pad(ones([1, 3, 4, 4]), [1, 1, 2, 2]).shape; // [1, 3, 8, 6]
 */
export function pad(x: Tensor, padding: readonly number[], options: PadOptions = {}): Tensor {
  const mode = checkChoice(
    options.mode ?? "constant",
    ["constant", "reflect", "replicate", "circular"],
    "mode",
    "pad",
  );
  const { ndim, shape } = x;
  if (padding.length % 2 !== 0 || padding.length > 2 * ndim || !padding.every(Number.isInteger)) {
    throw new ArgumentError(
      `pad: padding ${formatShape(padding)} must be pairs of integers, at most ${ndim} for shape ${formatShape(shape)}, ` +
        "starting with the last axis: [left, right, top, bottom]",
      { padding, shape },
    );
  }
  let node = x.node;
  for (let i = 0; i < padding.length; i += 2) {
    const [before, after] = [padding[i] as number, padding[i + 1] as number];
    const axis = ndim - 1 - i / 2;
    node =
      mode === "constant"
        ? padConstant(node, axis, before, after, options.value ?? 0)
        : padInside(node, axis, before, after, mode);
  }
  return Tensor.of(node);
}

function padConstant(x: Node, axis: number, before: number, after: number, value: number): Node {
  const left = x.shape[axis] as number;
  if (left + before + after < 0) throw tooSmall(x, axis, before, after, "constant");
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
  const size = x.shape[axis] as number;
  // A mirror has one element less than the axis; an edge is enough for any number of its copies.
  const most =
    mode === "reflect" ? size - 1 : mode === "circular" ? size : size > 0 ? Number.POSITIVE_INFINITY : 0;
  if (before < 0 || after < 0 || before > most || after > most) throw tooSmall(x, axis, before, after, mode);
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
  return parts.length === 1 ? x : concatenate(parts, axis);
}

function tooSmall(x: Node, axis: number, before: number, after: number, mode: PadMode): ShapeError {
  return new ShapeError(
    `pad: mode "${mode}" cannot pad ${before} before and ${after} after the ${x.shape[axis]} elements of dimension ` +
      `${axis} (input shape ${formatShape(x.shape)})`,
    { input: x.shape, before, after, mode },
  );
}
