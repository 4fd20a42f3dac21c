/**
 * Maximum pooling to a given size, whatever the size of the input.
 */
import { gather, reshape } from "../../graph/build.ts";
import { named } from "../../graph/named-calls.ts";
import type { Node } from "../../graph/node.ts";
import { adaptiveMaxIndices, maxPool2d, maxPoolIndices, type Pair } from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkOptions } from "../arguments.ts";
import { adaptiveSize, checkOutputSize, type OutputSize } from "./adaptive-avg-pool2d.ts";
import { batched } from "./pooling-arguments.ts";

/** Options of `F.adaptiveMaxPool2d` and `nn.AdaptiveMaxPool2d`. */
export interface AdaptiveMaxPool2dOptions {
  /** Whether to give the positions of the maxima too; false by default. */
  readonly returnIndices?: boolean | undefined;
}

/**
 * Maximum of windows that divide the input as evenly as possible: window i of n goes from floor(i * size / n) up to
 * ceil((i + 1) * size / n).
 *
 * @param x shape (N, C, H, W) or (C, H, W)
 * @param outputSize height and width of the output, or one number for both; null keeps the size of the input
 * @param options.returnIndices whether to give the positions of the maxima too; false by default
 * @returns shape (N, C, *outputSize) or (C, *outputSize); with `returnIndices` a pair of that and int32 positions in the
 *   flattened plane (H, W), of the first maximum
 * @throws ShapeError, ArgumentError unless sizes are integers of 1 or more, DTypeError unless x is float.
 * @example
 * F.adaptiveMaxPool2d(tensor([[[1, 9, 2], [3, 4, 8]]]), [1, 2]); // [[[9, 9]]]
 */
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: OutputSize,
  options: AdaptiveMaxPool2dOptions & { readonly returnIndices: true },
): [Tensor, Tensor];
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: OutputSize,
  options?: AdaptiveMaxPool2dOptions & { readonly returnIndices?: false | undefined },
): Tensor;
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: OutputSize,
  options?: AdaptiveMaxPool2dOptions,
): Tensor | [Tensor, Tensor];
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: OutputSize,
  options: AdaptiveMaxPool2dOptions = {},
): Tensor | [Tensor, Tensor] {
  return adaptiveMaxPoolFor(x, outputSize, options, "adaptiveMaxPool2d");
}

/** The same for a layer or function of that name. */
export function adaptiveMaxPoolFor(
  x: Tensor,
  outputSize: OutputSize,
  options: AdaptiveMaxPool2dOptions,
  owner: string,
): Tensor | [Tensor, Tensor] {
  checkOptions(options, ["returnIndices"], owner, { flags: ["returnIndices"] });
  const size = checkOutputSize(outputSize, owner);
  const { batch, restore } = batched(x, owner);
  const { output, indices } = pool(batch, adaptiveSize(batch, size, owner));
  const values = Tensor.of(restore(output));
  return options.returnIndices === true ? [values, Tensor.of(restore(indices))] : values;
}

type Pooled = { readonly output: Node; readonly indices: Node };

const pool: (x: Node, out: Pair) => Pooled = named("adaptiveMaxPool2d", (x: Node, out: Pair) => {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  if (h % out[0] === 0 && w % out[1] === 0) {
    const kernel: Pair = [h / out[0], w / out[1]];
    const geometry = { kernel, stride: kernel, padding: [0, 0], dilation: [1, 1], ceilMode: false } as const;
    const { output, offsets } = maxPool2d(x, geometry);
    return { output, indices: maxPoolIndices(offsets, x, geometry) };
  }
  const indices = adaptiveMaxIndices(x, out);
  const count = out[0] * out[1];
  const picked = gather(reshape(x, [n, c, h * w]), reshape(indices, [n, c, count]), 2);
  return { output: reshape(picked, [n, c, ...out]), indices };
});
