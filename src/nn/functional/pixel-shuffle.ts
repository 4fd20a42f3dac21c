/**
 * Channels to pixels, and back.
 */
import { ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { permute, reshape } from "../../graph/build.ts";
import { named } from "../../graph/named-calls.ts";
import type { Node } from "../../graph/node.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkCount, checkTensor } from "../arguments.ts";

/**
 * Moves groups of r * r channels into blocks of r x r pixels, r being the factor: the last step of a network that
 * computes a plane in low resolution and gives it in high. (Shi et al., 2016.)
 *
 * @param x shape (*, C r r, H, W)
 * @param upscaleFactor the factor for height and width
 * @returns shape (*, C, H r, W r); element (c, h r + i, w r + j) is x[c r r + i r + j, h, w]
 * @throws ShapeError unless r * r divides the channels, ArgumentError unless the factor is an integer of 1 or more.
 * @example
 * F.pixelShuffle(tensor([[[1]], [[2]], [[3]], [[4]]]), 2); // [[[1, 2], [3, 4]]]
 */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  return pixelShuffleFor(x, upscaleFactor, "pixelShuffle");
}

/** The same for a layer or function of that name. */
export function pixelShuffleFor(x: Tensor, upscaleFactor: number, owner: string): Tensor {
  const r = checkCount(upscaleFactor, 1, "upscaleFactor", owner);
  const { outer, planes } = planesOf(x, owner);
  const [channels, h, w] = planes;
  if (channels % (r * r) !== 0) {
    throw new ShapeError(
      `${owner}: ${channels} channels cannot be divided by ${r} * ${r} (input shape ${formatShape(x.shape)})`,
      { input: x.shape, upscaleFactor },
    );
  }
  const n = outer.reduce((a, b) => a * b, 1);
  const flat = reshape(x.node, [n, channels, h, w]);
  return Tensor.of(reshape(shuffle(flat, r), [...outer, channels / (r * r), h * r, w * r]));
}

/** (N, C r r, H, W) -> (N, C, H r, W r). */
const shuffle: (x: Node, r: number) => Node = named("pixelShuffle", (x: Node, r: number) => {
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  const c = channels / (r * r);
  const open = permute(reshape(x, [n, c, r, r, h, w]), [0, 1, 4, 2, 5, 3]);
  return reshape(open, [n, c, h * r, w * r]);
});

/**
 * Moves blocks of r x r pixels into groups of r * r channels: undoes `pixelShuffle`.
 *
 * @param x shape (*, C, H r, W r)
 * @param downscaleFactor the factor for height and width, r
 * @returns shape (*, C r r, H, W)
 * @throws ShapeError unless the factor divides height and width, ArgumentError unless it is an integer of 1 or more.
 * @example
 * F.pixelUnshuffle(tensor([[[1, 2], [3, 4]]]), 2); // [[[1]], [[2]], [[3]], [[4]]]
 */
export function pixelUnshuffle(x: Tensor, downscaleFactor: number): Tensor {
  return pixelUnshuffleFor(x, downscaleFactor, "pixelUnshuffle");
}

/** The same for a layer or function of that name. */
export function pixelUnshuffleFor(x: Tensor, downscaleFactor: number, owner: string): Tensor {
  const r = checkCount(downscaleFactor, 1, "downscaleFactor", owner);
  const { outer, planes } = planesOf(x, owner);
  const [c, height, width] = planes;
  if (height % r !== 0 || width % r !== 0) {
    throw new ShapeError(
      `${owner}: a plane of ${height} x ${width} cannot be divided into blocks of ${r} x ${r} (input shape ` +
        `${formatShape(x.shape)})`,
      { input: x.shape, downscaleFactor },
    );
  }
  const n = outer.reduce((a, b) => a * b, 1);
  const flat = reshape(x.node, [n, c, height, width]);
  return Tensor.of(reshape(unshuffle(flat, r), [...outer, c * r * r, height / r, width / r]));
}

/** (N, C, H r, W r) -> (N, C r r, H, W). */
const unshuffle: (x: Node, r: number) => Node = named("pixelUnshuffle", (x: Node, r: number) => {
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const [h, w] = [height / r, width / r];
  const open = permute(reshape(x, [n, c, h, r, w, r]), [0, 1, 3, 5, 2, 4]);
  return reshape(open, [n, c * r * r, h, w]);
});

function planesOf(x: Tensor, owner: string): { outer: readonly number[]; planes: [number, number, number] } {
  checkTensor(x, "input", owner);
  if (x.ndim < 3) {
    throw new ShapeError(
      `${owner}: input has ${x.ndim} dimensions (shape ${formatShape(x.shape)}), expected at least C, H, W`,
      { input: x.shape },
    );
  }
  return { outer: x.shape.slice(0, -3), planes: x.shape.slice(-3) as unknown as [number, number, number] };
}
