/**
 * LeNet-5, the network that read cheques.
 */
import * as nn from "../nn/index.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Options of {@link LeNet5}. */
export interface LeNet5Options {
  /** Channels of the images. Default 1. */
  readonly inChannels?: number;
  /** Number of classes. Default 10. */
  readonly numClasses?: number;
}

/**
 * LeNet-5 as it is mostly written today: ReLU and max pooling in place of the scaled tanh and the learned
 * averages. (N, C, 28, 28) -> (N, classes).
 * Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document recognition", 1998.
 *
 * @example
 * const model = new models.LeNet5();
 * model(zeros([64, 1, 28, 28])).shape; // [64, 10]
 */
export class LeNet5 extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly conv2: nn.Conv2d;
  readonly fc1: nn.Linear;
  readonly fc2: nn.Linear;
  readonly fc3: nn.Linear;
  readonly pool: nn.MaxPool2d = new nn.MaxPool2d(2);

  constructor({ inChannels = 1, numClasses = 10 }: LeNet5Options = {}) {
    super();
    this.conv1 = new nn.Conv2d(inChannels, 6, 5, { padding: 2 });
    this.conv2 = new nn.Conv2d(6, 16, 5);
    this.fc1 = new nn.Linear(16 * 5 * 5, 120);
    this.fc2 = new nn.Linear(120, 84);
    this.fc3 = new nn.Linear(84, numClasses);
  }

  forward(x: Tensor): Tensor {
    const features = this.pool(this.conv2(this.pool(this.conv1(x).relu())).relu());
    return this.fc3(this.fc2(this.fc1(features.flatten(1)).relu()).relu());
  }
}
