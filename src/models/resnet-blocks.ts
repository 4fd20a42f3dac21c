/**
 * The residual blocks of {@link ResNet}: what a few layers compute is added to what went into them.
 */
import * as nn from "../nn/index.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What a kind of block is made from. */
export interface ResidualBlock {
  /** Output channels for each channel of `planes`. */
  readonly expansion: number;
  new (inPlanes: number, planes: number, stride: number): nn.Layer;
}

/** A convolution without a bias, which the norm after it would take away again. */
export function conv(inPlanes: number, planes: number, kernelSize: 1 | 3, stride = 1): nn.Conv2d {
  return new nn.Conv2d(inPlanes, planes, kernelSize, { stride, padding: (kernelSize - 1) / 2, bias: false });
}

/** Brings the input to the shape of the output, where they differ: a 1x1 convolution and a norm. */
function projection(inPlanes: number, planes: number, stride: number): nn.Sequential | null {
  if (stride === 1 && inPlanes === planes) return null;
  return new nn.Sequential(conv(inPlanes, planes, 1, stride), new nn.BatchNorm2d(planes));
}

/**
 * Two 3x3 convolutions. (N, inPlanes, H, W) -> (N, planes, ceil(H / stride), ceil(W / stride)).
 *
 * K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", 2016.
 *
 * @example
 * const block = new models.BasicBlock(16, 32, 2);
 * block(zeros([2, 16, 9, 9])).shape; // [2, 32, 5, 5]
 */
export class BasicBlock extends nn.Module {
  static readonly expansion: number = 1;
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly relu: nn.ReLU = new nn.ReLU();
  readonly conv2: nn.Conv2d;
  readonly bn2: nn.BatchNorm2d;
  readonly downsample: nn.Sequential | null;

  /**
   * @param inPlanes Channels of the input.
   * @param planes Channels of the output.
   * @param stride Step of the first convolution, in pixels; 1 by default.
   */
  constructor(inPlanes: number, planes: number, stride = 1) {
    super();
    this.conv1 = conv(inPlanes, planes, 3, stride);
    this.bn1 = new nn.BatchNorm2d(planes);
    this.conv2 = conv(planes, planes, 3);
    this.bn2 = new nn.BatchNorm2d(planes);
    this.downsample = projection(inPlanes, planes, stride);
  }

  forward(x: Tensor): Tensor {
    const y = this.bn2(this.conv2(this.relu(this.bn1(this.conv1(x)))));
    return this.relu(y.add(this.downsample === null ? x : this.downsample(x)));
  }
}

/**
 * A 1x1 convolution to fewer channels, a 3x3 convolution, and a 1x1 convolution to four times as many.
 * (N, inPlanes, H, W) -> (N, 4 planes, ceil(H / stride), ceil(W / stride)).
 *
 * The stride is that of the 3x3 convolution, as in torchvision ("ResNet v1.5"); in the paper (He et al., 2016) it is
 * that of the first.
 *
 * @example
 * const block = new models.Bottleneck(16, 8);
 * block(zeros([2, 16, 5, 5])).shape; // [2, 32, 5, 5]
 */
export class Bottleneck extends nn.Module {
  static readonly expansion: number = 4;
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly conv2: nn.Conv2d;
  readonly bn2: nn.BatchNorm2d;
  readonly conv3: nn.Conv2d;
  readonly bn3: nn.BatchNorm2d;
  readonly relu: nn.ReLU = new nn.ReLU();
  readonly downsample: nn.Sequential | null;

  /**
   * @param inPlanes Channels of the input.
   * @param planes Channels of the 3x3 convolution; the output has four times as many.
   * @param stride Step of the 3x3 convolution, in pixels; 1 by default.
   */
  constructor(inPlanes: number, planes: number, stride = 1) {
    super();
    const outPlanes = planes * Bottleneck.expansion;
    this.conv1 = conv(inPlanes, planes, 1);
    this.bn1 = new nn.BatchNorm2d(planes);
    this.conv2 = conv(planes, planes, 3, stride);
    this.bn2 = new nn.BatchNorm2d(planes);
    this.conv3 = conv(planes, outPlanes, 1);
    this.bn3 = new nn.BatchNorm2d(outPlanes);
    this.downsample = projection(inPlanes, outPlanes, stride);
  }

  forward(x: Tensor): Tensor {
    const narrow = this.relu(this.bn1(this.conv1(x)));
    const y = this.bn3(this.conv3(this.relu(this.bn2(this.conv2(narrow)))));
    return this.relu(y.add(this.downsample === null ? x : this.downsample(x)));
  }
}
