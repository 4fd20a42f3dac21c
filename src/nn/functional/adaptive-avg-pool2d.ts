/**
 * Average pooling to a given size, whatever the size of the input.
 */
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { binary, constant, reduce } from "../../graph/build.ts";
import { named } from "../../graph/named-calls.ts";
import type { Node } from "../../graph/node.ts";
import { adaptiveWindows, avgPool2d, concatenate, cut, type Pair } from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { onBatch } from "./pooling-arguments.ts";

/** Height and width of the output, or one number for both; null keeps the size of the input. */
export type OutputSize = number | null | readonly [number | null, number | null];

/** @throws ArgumentError unless sizes are integers of 1 or more, or null. */
export function checkOutputSize(size: OutputSize, owner: string): readonly [number | null, number | null] {
  const pair = Array.isArray(size) ? size : [size, size];
  if (
    size === undefined ||
    pair.length !== 2 ||
    pair.some((s) => s !== null && (!Number.isInteger(s) || s < 1))
  ) {
    throw new ArgumentError(
      `${owner}: outputSize must be an integer of 1 or more, null, or a pair of them; got ${String(size)}`,
      { outputSize: size },
    );
  }
  return pair as unknown as readonly [number | null, number | null];
}

/** Height and width of the output for a batch (N, C, H, W). @throws ShapeError for a plane without elements. */
export function adaptiveSize(
  batch: Node,
  size: readonly [number | null, number | null],
  owner: string,
): Pair {
  const [, , h, w] = batch.shape as [number, number, number, number];
  if (h > 0 && w > 0) return [size[0] ?? h, size[1] ?? w];
  throw new ShapeError(`${owner}: a plane of ${h} x ${w} has no elements to pool`, { input: batch.shape });
}

/**
 * Mean of windows that divide the input as evenly as possible: window i of n goes from floor(i * size / n) up to
 * ceil((i + 1) * size / n).
 *
 * @param x shape (N, C, H, W) or (C, H, W)
 * @param outputSize height and width of the output, or one number for both; null keeps the size of the input
 * @returns shape (N, C, *outputSize) or (C, *outputSize)
 * @throws ShapeError, ArgumentError unless sizes are integers of 1 or more, DTypeError unless x is float.
 * @example
 * F.adaptiveAvgPool2d(tensor([[[1, 2, 6], [3, 4, 8]]]), [1, 2]); // [[[2.5, 5]]]
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: OutputSize): Tensor {
  return adaptiveAvgPoolFor(x, outputSize, "adaptiveAvgPool2d");
}

/** The same for a layer or function of that name. */
export function adaptiveAvgPoolFor(x: Tensor, outputSize: OutputSize, owner: string): Tensor {
  const size = checkOutputSize(outputSize, owner);
  return Tensor.of(onBatch(x, owner, (batch) => pool(batch, adaptiveSize(batch, size, owner))));
}

const pool: (x: Node, out: Pair) => Node = named("adaptiveAvgPool2d", (x: Node, out: Pair) => {
  const [, , h, w] = x.shape as [number, number, number, number];
  if (out[0] === 1 && out[1] === 1) return scaled(reduce("sum", x, [2, 3]), h * w);
  if (h % out[0] === 0 && w % out[1] === 0) {
    const kernel: Pair = [h / out[0], w / out[1]];
    const geometry = { kernel, stride: kernel, padding: [0, 0], dilation: [1, 1], ceilMode: false } as const;
    return avgPool2d(x, geometry, true, null);
  }
  return unevenMeans(unevenMeans(x, 2, out[0]), 3, out[1]);
});

const scaled = (x: Node, count: number): Node => binary("mul", x, constant(1 / count, x.shape, x.dtype));

/** Means over windows of one axis, whose lengths differ by one. */
function unevenMeans(x: Node, axis: number, count: number): Node {
  const parts = adaptiveWindows(x.shape[axis] as number, count).map(({ start, length }) =>
    scaled(reduce("sum", cut(x, axis, start, length, 1), [axis]), length),
  );
  return concatenate(parts, axis);
}
