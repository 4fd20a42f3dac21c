/**
 * A small convolutional network for images of any size: the one that the command trains unless told otherwise.
 */
import * as nn from "../nn/index.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Options of {@link Cnn}. */
export interface CnnOptions {
  /** Channels of the images. Default 1. */
  readonly inChannels?: number;
  /** Number of classes. Default 10. */
  readonly numClasses?: number;
  /** Output channels of each block's convolution. Default [32, 64, 128]. */
  readonly widths?: readonly number[];
  /** Normalisation after each convolution. Default "batch". */
  readonly norm?: "batch" | "none";
  /** Height and width that the last features are averaged to. Default 1: where something is does not count. */
  readonly poolSize?: number;
}

/**
 * Blocks of 3x3 convolution, batch norm and ReLU, halved in size by max pooling between them, then means over
 * `poolSize` x `poolSize` parts of the image and a linear layer. (N, C, H, W) -> (N, classes), with H and W of at least 2 ** (blocks - 1).
 *
 * @example
 * const model = new models.Cnn({ widths: [16, 32, 64] });
 * model(zeros([64, 1, 8, 8])).shape; // [64, 10]
 */
export class Cnn extends nn.Module {
  readonly features: nn.Sequential;
  readonly head: nn.Linear;

  constructor(options: CnnOptions = {}) {
    super();
    const { inChannels = 1, numClasses = 10, widths = [32, 64, 128], norm = "batch", poolSize = 1 } = options;
    const blocks = widths.map((width, i) => {
      const normed = norm === "batch";
      // Batch norm takes the mean away again, so a bias before it would learn nothing.
      const conv = new nn.Conv2d(widths[i - 1] ?? inChannels, width, 3, { padding: 1, bias: !normed });
      const layers = [conv, ...(normed ? [new nn.BatchNorm2d(width)] : []), new nn.ReLU()];
      return i < widths.length - 1 ? [...layers, new nn.MaxPool2d(2)] : layers;
    });
    this.features = new nn.Sequential(...blocks.flat(), new nn.AdaptiveAvgPool2d(poolSize));
    this.head = new nn.Linear((widths.at(-1) ?? inChannels) * poolSize * poolSize, numClasses);
  }

  forward(x: Tensor): Tensor {
    return this.head(this.features(x).flatten(1));
  }
}
