import type { Tensor } from "../tensor/tensor.ts";
import { checkCount } from "./arguments.ts";
import { pixelShuffleFor, pixelUnshuffleFor } from "./functional/pixel-shuffle.ts";
import { Module } from "./module.ts";

/**
 * Moves groups of r * r channels into blocks of r x r pixels, r being the factor. (Shi et al., 2016.)
 *
 * Shape (*, C r r, H, W) -> (*, C, H r, W r).
 *
 * @example
 * new nn.PixelShuffle(2)(tensor([[[1]], [[2]], [[3]], [[4]]])); // [[[1, 2], [3, 4]]]
 */
export class PixelShuffle extends Module {
  static override readonly pure = true;
  readonly upscaleFactor: number;

  /**
   * @param upscaleFactor the factor for height and width, r
   * @throws ArgumentError unless it is an integer of 1 or more.
   */
  constructor(upscaleFactor: number) {
    super();
    this.upscaleFactor = checkCount(upscaleFactor, 1, "upscaleFactor", "PixelShuffle");
  }

  /** @throws ShapeError unless r * r divides the channels. */
  forward(x: Tensor): Tensor {
    return pixelShuffleFor(x, this.upscaleFactor, `PixelShuffle(${this.upscaleFactor})`);
  }

  override extraRepr(): string {
    return `upscaleFactor=${this.upscaleFactor}`;
  }
}

/**
 * Moves blocks of r x r pixels into groups of r * r channels: undoes `PixelShuffle`.
 *
 * Shape (*, C, H r, W r) -> (*, C r r, H, W).
 *
 * @example
 * new nn.PixelUnshuffle(2)(zeros([8, 3, 32, 32])).shape; // [8, 12, 16, 16]
 */
export class PixelUnshuffle extends Module {
  static override readonly pure = true;
  readonly downscaleFactor: number;

  /**
   * @param downscaleFactor the factor for height and width, r
   * @throws ArgumentError unless it is an integer of 1 or more.
   */
  constructor(downscaleFactor: number) {
    super();
    this.downscaleFactor = checkCount(downscaleFactor, 1, "downscaleFactor", "PixelUnshuffle");
  }

  /** @throws ShapeError unless r divides height and width. */
  forward(x: Tensor): Tensor {
    return pixelUnshuffleFor(x, this.downscaleFactor, `PixelUnshuffle(${this.downscaleFactor})`);
  }

  override extraRepr(): string {
    return `downscaleFactor=${this.downscaleFactor}`;
  }
}
