/**
 * Mixtures of the images of a batch, with mixtures of their labels. They work on tensors: call them in the training loop,
 * or give one to the `DataLoader` as `batchTransform`.
 */

import { isFloat } from "../../base/dtype.ts";
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import { formatShape } from "../../base/shape.ts";
import { Callable } from "../../nn/callable.ts";
import { arange, oneHot } from "../../tensor/create.ts";
import { defaultGenerator, type Generator } from "../../tensor/generator.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { RandomKey, type RandomStream } from "../random-stream.ts";
import { normal } from "./transform.ts";

/** A change of a whole batch. @param random Where random choices come from. */
export type BatchTransform = (images: Tensor, labels: Tensor, random: RandomStream) => [Tensor, Tensor];

/** Options of {@link MixUp} and {@link CutMix}. */
export interface MixOptions {
  /** Both parameters of the Beta distribution of the share; 1, the default, makes all shares equally likely. */
  readonly alpha?: number;
  /** Number of classes. Needed for labels that are class indices. */
  readonly numClasses?: number;
  /** Where the shares come from in a direct call. Default: the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}

export interface Mix {
  /**
   * @param images Shape (N, C, H, W).
   * @param labels Class indices, shape (N); or probabilities, shape (N, classes).
   * @param random Where random choices come from. Default: the next ones of the generator.
   * @returns Images, and labels as float32 probabilities, shape (N, classes).
   * @throws ShapeError or ArgumentError for others.
   */
  // biome-ignore lint/style/useShorthandFunctionType: only an interface can give a class a call signature
  (images: Tensor, labels: Tensor, random?: RandomStream): [Tensor, Tensor];
}

/** Lane of the draws of direct calls; samples have the lanes of their indices, which stay below it. */
const mixLane = 0xfffffffe;

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: gives the class its call signature
export abstract class Mix extends Callable {
  readonly alpha: number;
  readonly numClasses: number | undefined;
  readonly #generator: Generator;

  constructor(options: MixOptions = {}) {
    super();
    const owner = new.target.name;
    checkOptions(options, ["alpha", "numClasses", "generator"], owner);
    const { alpha = 1, numClasses, generator = defaultGenerator } = options;
    if (!(alpha > 0 && Number.isFinite(alpha))) {
      throw new ArgumentError(`${owner}: alpha must be above 0; got ${alpha}`, { alpha });
    }
    if (numClasses !== undefined && !(Number.isInteger(numClasses) && numClasses >= 1)) {
      throw new ArgumentError(`${owner}: numClasses must be an integer of 1 or more; got ${numClasses}`, {
        numClasses,
      });
    }
    this.alpha = alpha;
    this.numClasses = numClasses;
    this.#generator = generator;
  }

  /** Each image with the one before it in the batch; the share of its own that is left. */
  protected abstract mixImages(
    images: Tensor,
    share: number,
    random: RandomStream,
  ): { mixed: Tensor; share: number };

  /** @internal */
  override __call__(inputs: readonly unknown[]): unknown {
    const [images, labels, random] = inputs as [Tensor, Tensor, RandomStream | undefined];
    const owner = this.constructor.name;
    if (images.ndim !== 4 || labels.shape[0] !== images.shape[0]) {
      throw new ShapeError(
        `${owner}: expected images (N, C, H, W) and N labels; got ${formatShape(images.shape)} and ` +
          formatShape(labels.shape),
        { images: images.shape, labels: labels.shape },
      );
    }
    const soft = this.#soft(labels, owner);
    const stream = random ?? this.#nextStream();
    const { mixed, share } = this.mixImages(images, beta(this.alpha, stream), stream);
    return [mixed, blend(soft, share)];
  }

  #soft(labels: Tensor, owner: string): Tensor {
    const { numClasses } = this;
    if (isFloat(labels.dtype) && labels.ndim === 2) return labels;
    if (!isFloat(labels.dtype) && labels.ndim === 1 && numClasses !== undefined) {
      return oneHot(labels, numClasses).to("float32");
    }
    throw new ArgumentError(
      `${owner}: labels are ${labels.dtype} of shape ${formatShape(labels.shape)}; give class indices (N) and the ` +
        "option numClasses, or float probabilities (N, classes)",
      { labels: labels.shape, dtype: labels.dtype, numClasses },
    );
  }

  #nextStream(): RandomStream {
    const { seed, draws } = this.#generator.getState();
    this.#generator.next();
    return new RandomKey(seed, draws % 2 ** 32).stream(mixLane);
  }
}

/** share * own + (1 - share) * that of the image before. */
function blend(values: Tensor, share: number): Tensor {
  return values.mul(share).add(values.roll(1, 0).mul(1 - share));
}

/**
 * Each image becomes the mean of itself and the image before it in the batch, with a random weight; labels alike.
 * H. Zhang, M. Cisse, Y. Dauphin and D. Lopez-Paz, "mixup: beyond empirical risk minimization", 2018.
 *
 * @example
 * const mixUp = new data.transforms.MixUp({ alpha: 0.2, numClasses: 10 });
 * const [mixedImages, mixedLabels] = mixUp(images, labels);
 * mixedLabels.shape; // [16, 10]
 * await F.crossEntropy(model(mixedImages), mixedLabels).item();
 */
export class MixUp extends Mix {
  protected override mixImages(images: Tensor, share: number): { mixed: Tensor; share: number } {
    return { mixed: blend(images, share), share };
  }
}

/**
 * A rectangle of each image is replaced by that of the image before it in the batch; labels are mixed by area.
 * S. Yun, D. Han, S. J. Oh, S. Chun, J. Choe and Y. Yoo, "CutMix: regularization strategy to train strong classifiers
 * with localizable features", 2019.
 *
 * @example
 * const cutMix = new data.transforms.CutMix({ numClasses: 10 });
 * const mixing = new data.DataLoader(new data.Digits(), { batchSize: 8, batchTransform: cutMix });
 * for await (const [x, y] of mixing) { y.shape; break; } // y has shape [8, 10]
 */
export class CutMix extends Mix {
  protected override mixImages(
    images: Tensor,
    share: number,
    random: RandomStream,
  ): { mixed: Tensor; share: number } {
    const [, , height, width] = images.shape as [number, number, number, number];
    const half = 0.5 * Math.sqrt(1 - share);
    const [x1, x2] = span(random.below(width), half, width);
    const [y1, y2] = span(random.below(height), half, height);
    const rows = between(arange(height), y1, y2).reshape([1, 1, height, 1]);
    const columns = between(arange(width), x1, x2).reshape([1, 1, 1, width]);
    const mixed = images.roll(1, 0).where(rows.logicalAnd(columns), images);
    return { mixed, share: 1 - ((x2 - x1) * (y2 - y1)) / (width * height) };
  }
}

function between(index: Tensor, first: number, end: number): Tensor {
  return index.ge(first).logicalAnd(index.lt(end));
}

/** Pixels within half a box of its middle, as far as the image goes. */
function span(middle: number, half: number, length: number): readonly [number, number] {
  const reach = Math.floor(half * length);
  return [Math.max(0, middle - reach), Math.min(length, middle + reach)];
}

/** From the Beta distribution with both parameters alike, as a ratio of two Gamma variables. */
function beta(alpha: number, random: RandomStream): number {
  const a = logGamma(alpha, random);
  const b = logGamma(alpha, random);
  // By way of logarithms: with a small alpha both variables can be too small for a number.
  return 1 / (1 + Math.exp(b - a));
}

/**
 * Logarithm of a Gamma variable of a shape (G. Marsaglia and W. Tsang, "A simple method for generating gamma variables",
 * 2000); shapes below 1 by their boost from shape + 1.
 */
function logGamma(shape: number, random: RandomStream): number {
  if (shape < 1) return logGamma(shape + 1, random) + Math.log(1 - random.uniform()) / shape;
  const d = shape - 1 / 3;
  for (;;) {
    const x = normal(random);
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}
