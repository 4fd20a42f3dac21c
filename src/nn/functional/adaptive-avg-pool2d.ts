/**
 * Average pooling to a given size, whatever the size of the input.
 */
import { ArgumentError } from "../../base/errors.ts";
import { binary, constant, reduce } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { avgPool2d, concatenate, cut, type Pair } from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { onBatch } from "./pooling-arguments.ts";

/** Height and width of the output, or one number for both; null keeps the size of the input. */
export type OutputSize = number | null | readonly [number | null, number | null];

/** @throws ArgumentError unless sizes are integers of 1 or more, or null. */
export function checkOutputSize(size: OutputSize, owner: string): readonly [number | null, number | null] {
  const pair = Array.isArray(size) ? size : [size, size];
  if (pair.length !== 2 || pair.some((s) => s !== null && (!Number.isInteger(s) || s < 1))) {
    throw new ArgumentError(
      `${owner}: outputSize must be an integer of 1 or more, null, or a pair of them; got ${String(size)}`,
      { outputSize: size },
    );
  }
  return pair as unknown as readonly [number | null, number | null];
}

/**
 * Mean of windows that divide the input as evenly as possible: window i of n goes from floor(i * size / n) up to
 * ceil((i + 1) * size / n).
 *
 * Shape (N, C, H, W) or (C, H, W) -> (N, C, outputSize). @throws ShapeError, ArgumentError.
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: OutputSize): Tensor {
  const size = checkOutputSize(outputSize, "adaptiveAvgPool2d");
  return Tensor.of(
    onBatch(x, "adaptiveAvgPool2d", (batch) => {
      const [, , h, w] = batch.shape as [number, number, number, number];
      const out: Pair = [size[0] ?? h, size[1] ?? w];
      if (out[0] === 1 && out[1] === 1) return scaled(reduce("sum", batch, [2, 3]), h * w);
      if (h % out[0] === 0 && w % out[1] === 0) {
        const kernel: Pair = [h / out[0], w / out[1]];
        const geometry = {
          kernel,
          stride: kernel,
          padding: [0, 0],
          dilation: [1, 1],
          ceilMode: false,
        } as const;
        return avgPool2d(batch, geometry, true, null);
      }
      return unevenMeans(unevenMeans(batch, 2, out[0]), 3, out[1]);
    }),
  );
}

const scaled = (x: Node, count: number): Node => binary("mul", x, constant(1 / count, x.shape, x.dtype));

/** Means over windows of one axis, whose lengths differ by one. */
function unevenMeans(x: Node, axis: number, count: number): Node {
  const size = x.shape[axis] as number;
  const parts = Array.from({ length: count }, (_, i) => {
    const start = Math.floor((i * size) / count);
    const length = Math.ceil(((i + 1) * size) / count) - start;
    return scaled(reduce("sum", cut(x, axis, start, length, 1), [axis]), length);
  });
  return concatenate(parts, axis);
}
