/**
 * Residual networks for images of 32x32 pixels, as in section 4.2 of the paper: small, and quick to train.
 */
import * as nn from "../nn/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { initializeModel } from "./initialize.ts";
import { checkModelCount, type ImageModelOptions } from "./options.ts";
import { conv } from "./resnet-blocks.ts";

/** Channels of the three stages. */
const planes = [16, 32, 64] as const;

/**
 * Two 3x3 convolutions, whose result is added to the input. Where the shapes differ the input is taken at every
 * `stride`-th pixel, and channels of zeros are put around its own (option A of the paper), which needs no weights.
 */
export class CifarBlock extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly conv2: nn.Conv2d;
  readonly bn2: nn.BatchNorm2d;
  readonly relu: nn.ReLU = new nn.ReLU();
  private readonly stride: number;
  /** Channels of zeros before the input's own, and after them. */
  private readonly added: readonly [number, number];

  constructor(inPlanes: number, outPlanes: number, stride: number) {
    super();
    this.conv1 = conv(inPlanes, outPlanes, 3, stride);
    this.bn1 = new nn.BatchNorm2d(outPlanes);
    this.conv2 = conv(outPlanes, outPlanes, 3);
    this.bn2 = new nn.BatchNorm2d(outPlanes);
    this.stride = stride;
    const before = (outPlanes - inPlanes) / 2;
    this.added = [before, before];
  }

  forward(x: Tensor): Tensor {
    const y = this.bn2(this.conv2(this.relu(this.bn1(this.conv1(x)))));
    return this.relu(y.add(this.shortcut(x)));
  }

  private shortcut(x: Tensor): Tensor {
    if (this.stride === 1) return x;
    const [before, after] = this.added;
    const step = this.stride;
    const fewer = x.slice(2, 0, x.size(2), { step }).slice(3, 0, x.size(3), { step });
    return nn.functional.pad(fewer, [0, 0, 0, 0, before, after]);
  }
}

/**
 * A residual network for small images: a 3x3 convolution, three stages of `blocks` blocks with 16, 32 and 64 channels,
 * means over the image and a linear layer; 6 `blocks` + 2 layers with weights. (N, C, H, W) -> (N, classes).
 *
 * Shortcuts have no weights. Initialisation is that of {@link ResNet}.
 * K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", 2016, section 4.2.
 *
 * @example
 * const model = new models.CifarResNet(1, { numClasses: 4 });
 * model(zeros([2, 3, 8, 8])).shape; // [2, 4]
 */
export class CifarResNet extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly relu: nn.ReLU = new nn.ReLU();
  readonly layer1: nn.Sequential;
  readonly layer2: nn.Sequential;
  readonly layer3: nn.Sequential;
  readonly avgpool: nn.AdaptiveAvgPool2d = new nn.AdaptiveAvgPool2d(1);
  readonly fc: nn.Linear;

  /**
   * @param blocks Blocks in each of the three stages.
   */
  constructor(blocks: number, { numClasses = 10, inChannels = 3 }: ImageModelOptions = {}) {
    super();
    checkModelCount(blocks, "blocks", "CifarResNet");
    checkModelCount(inChannels, "inChannels", "CifarResNet");
    checkModelCount(numClasses, "numClasses", "CifarResNet");
    this.conv1 = conv(inChannels, planes[0], 3);
    this.bn1 = new nn.BatchNorm2d(planes[0]);
    this.layer1 = makeStage(blocks, planes[0], planes[0]);
    this.layer2 = makeStage(blocks, planes[0], planes[1]);
    this.layer3 = makeStage(blocks, planes[1], planes[2]);
    this.fc = new nn.Linear(planes[2], numClasses);
    initializeModel(this);
  }

  forward(x: Tensor): Tensor {
    const stem = this.relu(this.bn1(this.conv1(x)));
    const features = this.layer3(this.layer2(this.layer1(stem)));
    return this.fc(this.avgpool(features).flatten(1));
  }
}

/** Blocks of one width; where it changes, the first one halves the size. */
function makeStage(blocks: number, inPlanes: number, outPlanes: number): nn.Sequential {
  const first = new CifarBlock(inPlanes, outPlanes, inPlanes === outPlanes ? 1 : 2);
  const rest = Array.from({ length: blocks - 1 }, () => new CifarBlock(outPlanes, outPlanes, 1));
  return new nn.Sequential(first, ...rest);
}

/**
 * ResNet-20 for images of 32x32 pixels (He et al., 2016, section 4.2): 269,722 parameters with 10 classes.
 * (N, C, H, W) -> (N, classes). The paper trains it with SGD, momentum 0.9, weight decay 1e-4, lr 0.1 for 64,000
 * steps of 128 images, divided by 10 after 32,000 and 48,000.
 *
 * @example
 * const model = models.resnet20({ numClasses: 100 });
 * model(zeros([2, 3, 32, 32])).shape; // [2, 100]
 */
export function resnet20(options: ImageModelOptions = {}): CifarResNet {
  return new CifarResNet(3, options);
}
