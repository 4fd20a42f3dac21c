/**
 * What the pools share: their geometry from options, and inputs without a batch axis.
 */
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { reshape } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import type { Pair, WindowGeometry } from "../../ops/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkFloat, type NumberOrPair, showSizes, sizesOf } from "../arguments.ts";

/** What all pools over windows take. */
export interface PoolOptions {
  /** Distance between windows; the kernel size by default. */
  readonly stride?: NumberOrPair | null | undefined;
  /** Elements added on both sides, at most half of the kernel; 0 by default. */
  readonly padding?: NumberOrPair | undefined;
  /** Whether a last window that is only partly inside counts; false by default. */
  readonly ceilMode?: boolean | undefined;
}

export function poolGeometry(
  kernelSize: NumberOrPair,
  options: PoolOptions & { readonly dilation?: NumberOrPair | undefined },
  owner: string,
): WindowGeometry {
  const pair = (value: NumberOrPair, least: number, option: string): Pair =>
    sizesOf(value, 2, least, option, owner) as Pair;
  const kernel = pair(kernelSize, 1, "kernelSize");
  return {
    kernel,
    stride: pair(options.stride ?? kernel, 1, "stride"),
    padding: pair(options.padding ?? 0, 0, "padding"),
    dilation: pair(options.dilation ?? 1, 1, "dilation"),
    ceilMode: options.ceilMode ?? false,
  };
}

/** @throws ArgumentError for padding of more than half the kernel, whose windows could lie outside altogether. */
export function checkPadding(g: WindowGeometry, owner: string): void {
  if (g.padding.every((p, i) => 2 * p <= (g.kernel[i] as number))) return;
  throw new ArgumentError(
    `${owner}: padding ${showSizes(g.padding)} is more than half of kernelSize ${showSizes(g.kernel)}; pad with F.pad first`,
    { padding: g.padding, kernelSize: g.kernel },
  );
}

/** An input as a batch (N, C, H, W), and what makes a result for it one for the input. */
export interface Batched {
  readonly batch: Node;
  readonly restore: (y: Node) => Node;
}

/** (N, C, H, W) as it is, or (C, H, W) as a batch of one. @throws ShapeError, DTypeError. */
export function batched(x: Tensor, owner: string): Batched {
  checkFloat(x, owner);
  if (x.ndim === 4) return { batch: x.node, restore: (y) => y };
  if (x.ndim !== 3) {
    throw new ShapeError(
      `${owner}: input has ${x.ndim} dimensions (shape ${formatShape(x.shape)}), expected N, C, H, W or C, H, W`,
      { input: x.shape },
    );
  }
  return { batch: reshape(x.node, [1, ...x.shape]), restore: (y) => reshape(y, y.shape.slice(1)) };
}

/** Runs a function of (N, C, H, W) on such an input, or on (C, H, W) as a batch of one. @throws ShapeError, DTypeError. */
export function onBatch(x: Tensor, owner: string, body: (batch: Node) => Node): Node {
  const { batch, restore } = batched(x, owner);
  return restore(body(batch));
}
