/**
 * A multi-layer perceptron: linear layers with ReLU between them.
 */
import * as nn from "../nn/index.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Options of {@link MLP}. */
export interface MLPOptions {
  /** Sizes of the hidden layers. Default [256, 128]. */
  readonly hiddenFeatures?: readonly number[];
  /** Number of classes. Default 10. */
  readonly numClasses?: number;
}

/**
 * (N, ...) -> (N, classes); all dimensions but the first are flattened.
 *
 * @example
 * const model = new models.MLP(784);
 * model(zeros([64, 1, 28, 28])).shape; // [64, 10]
 */
export class MLP extends nn.Module {
  readonly hidden: nn.Sequential;
  readonly head: nn.Linear;

  /** @param inFeatures Elements of one input, such as 28 * 28. */
  constructor(inFeatures: number, { hiddenFeatures = [256, 128], numClasses = 10 }: MLPOptions = {}) {
    super();
    const sizes = [inFeatures, ...hiddenFeatures];
    const layers = hiddenFeatures.map((size, i) => [new nn.Linear(sizes[i] as number, size), new nn.ReLU()]);
    this.hidden = new nn.Sequential(...layers.flat());
    this.head = new nn.Linear(sizes.at(-1) as number, numClasses);
  }

  forward(x: Tensor): Tensor {
    return this.head(this.hidden(x.flatten(1)));
  }
}
