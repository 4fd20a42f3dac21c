/**
 * MobileNetV2, made for phones: convolutions of one channel each between 1x1 convolutions. With torchvision's structure
 * and state-dict keys.
 */
import { ArgumentError } from "../base/errors.ts";
import * as nn from "../nn/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { initializeModel } from "./initialize.ts";
import { checkModelCount, type ImageModelOptions } from "./options.ts";

/** Options of {@link MobileNetV2}. */
export interface MobileNetV2Options extends ImageModelOptions {
  /** Factor of the number of channels in every layer; rounded to multiples of 8. Default 1. */
  readonly widthMult?: number;
  /** Probability of dropout before the linear layer. Default 0.2. */
  readonly dropout?: number;
}

/** A run of blocks: factor of the channels inside, channels of the output, how many, stride of the first one. */
type Stage = readonly [expandRatio: number, channels: number, blocks: number, stride: number];

const stages: readonly Stage[] = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];
const firstChannels = 32;
const lastChannels = 1280;

interface ConvChoices {
  readonly kernelSize?: 1 | 3;
  readonly stride?: number;
  readonly groups?: number;
}

/** Convolution, norm and ReLU6: children "0", "1" and "2". */
function convNormActivation(
  inChannels: number,
  outChannels: number,
  { kernelSize = 3, stride = 1, groups = 1 }: ConvChoices,
): nn.Sequential {
  const padding = (kernelSize - 1) / 2;
  return new nn.Sequential(
    new nn.Conv2d(inChannels, outChannels, kernelSize, { stride, padding, groups, bias: false }),
    new nn.BatchNorm2d(outChannels),
    new nn.ReLU6(),
  );
}

/** Widens by a 1x1 convolution, filters each channel by itself, and narrows again without a nonlinearity. */
export class InvertedResidual extends nn.Module {
  readonly conv: nn.Sequential;
  private readonly adds: boolean;

  constructor(inChannels: number, outChannels: number, stride: number, expandRatio: number) {
    super();
    const hidden = Math.round(inChannels * expandRatio);
    const widen = convNormActivation(inChannels, hidden, { kernelSize: 1 });
    this.conv = new nn.Sequential(
      ...(expandRatio === 1 ? [] : [widen]),
      convNormActivation(hidden, hidden, { stride, groups: hidden }),
      new nn.Conv2d(hidden, outChannels, 1, { bias: false }),
      new nn.BatchNorm2d(outChannels),
    );
    this.adds = stride === 1 && inChannels === outChannels;
  }

  forward(x: Tensor): Tensor {
    return this.adds ? x.add(this.conv(x)) : this.conv(x);
  }
}

/** The nearest multiple of 8, but at least 8, and at least nine tenths of the value. */
function divisible(value: number): number {
  const rounded = Math.max(8, Math.floor((value + 4) / 8) * 8);
  return rounded < 0.9 * value ? rounded + 8 : rounded;
}

/**
 * Inverted residual blocks: a 1x1 convolution to six times the channels, a 3x3 convolution of each channel by itself,
 * and a 1x1 convolution back, whose output is added to the input where the shapes agree. (N, C, H, W) -> (N, classes).
 *
 * Keys, shapes and initialisation are torchvision's.
 * M. Sandler, A. Howard, M. Zhu, A. Zhmoginov and L.-C. Chen, "MobileNetV2: inverted residuals and linear
 * bottlenecks", 2018.
 *
 * @example
 * const model = new models.MobileNetV2({ numClasses: 10, widthMult: 0.25 });
 * model(zeros([2, 3, 32, 32])).shape; // [2, 10]
 */
export class MobileNetV2 extends nn.Module {
  readonly features: nn.Sequential;
  readonly classifier: nn.Sequential;

  /** @throws ArgumentError for counts below 1, a width that is not positive, or a dropout outside of 0 to 1. */
  constructor(options: MobileNetV2Options = {}) {
    super();
    const { numClasses = 1000, inChannels = 3, widthMult = 1, dropout = 0.2 } = options;
    checkModelCount(inChannels, "inChannels", "MobileNetV2");
    checkModelCount(numClasses, "numClasses", "MobileNetV2");
    if (!(widthMult > 0 && Number.isFinite(widthMult))) {
      throw new ArgumentError(`MobileNetV2: widthMult must be above 0; got ${String(widthMult)}`, {
        widthMult,
      });
    }
    let channels = divisible(firstChannels * widthMult);
    const layers: nn.Layer[] = [convNormActivation(inChannels, channels, { stride: 2 })];
    for (const [expandRatio, planes, blocks, stride] of stages) {
      const outChannels = divisible(planes * widthMult);
      for (let i = 0; i < blocks; i++) {
        layers.push(new InvertedResidual(channels, outChannels, i === 0 ? stride : 1, expandRatio));
        channels = outChannels;
      }
    }
    const last = divisible(lastChannels * Math.max(1, widthMult));
    this.features = new nn.Sequential(...layers, convNormActivation(channels, last, { kernelSize: 1 }));
    this.classifier = new nn.Sequential(new nn.Dropout({ p: dropout }), new nn.Linear(last, numClasses));
    initializeModel(this, 0.01);
  }

  forward(x: Tensor): Tensor {
    return this.classifier(nn.functional.globalAvgPool2d(this.features(x)));
  }
}

/**
 * MobileNetV2 (Sandler et al., 2018): 3,504,872 parameters with 1000 classes. (N, C, H, W) -> (N, classes).
 *
 * @example
 * const model = models.mobilenetV2({ numClasses: 10, inChannels: 1 });
 * model(zeros([2, 1, 28, 28])).shape; // [2, 10]
 */
export function mobilenetV2(options: MobileNetV2Options = {}): MobileNetV2 {
  return new MobileNetV2(options);
}
