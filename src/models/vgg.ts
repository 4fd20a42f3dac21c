/**
 * VGG networks: plain stacks of 3x3 convolutions, with torchvision's structure and state-dict keys.
 */
import * as nn from "../nn/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { initializeModel } from "./initialize.ts";
import { checkModelCount, type ImageModelOptions } from "./options.ts";

/** Options of {@link VGG}. */
export interface VGGOptions extends ImageModelOptions {
  /** Whether each convolution is followed by batch norm. Default false; `vgg11Bn` sets it. */
  readonly batchNorm?: boolean;
  /** Probability of dropout between the linear layers. Default 0.5. */
  readonly dropout?: number;
  /** Features of the two hidden linear layers. Default 4096: nine tenths of the model's weights. */
  readonly hiddenFeatures?: number;
}

/** Height and width that the features are averaged to. */
const poolSize = 7;

/** Channels of each convolution of "configuration A", in stages that end with a pool. */
const configurationA: readonly (readonly number[])[] = [[64], [128], [256, 256], [512, 512], [512, 512]];

/**
 * Stages of 3x3 convolutions and ReLU, each ended by a pool that halves the size, and three linear layers with
 * dropout. (N, C, H, W) -> (N, classes), with H and W of at least 2 ** stages.
 *
 * Keys, shapes and initialisation are torchvision's.
 * K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image recognition", 2015.
 *
 * @example
 * const model = new models.VGG([[8], [16, 16]], { numClasses: 10, hiddenFeatures: 32 });
 * model(zeros([2, 3, 32, 32])).shape; // [2, 10]
 */
export class VGG extends nn.Module {
  readonly features: nn.Sequential;
  readonly avgpool: nn.AdaptiveAvgPool2d = new nn.AdaptiveAvgPool2d(poolSize);
  readonly classifier: nn.Sequential;

  /**
   * @param stages Output channels of the convolutions of each stage.
   * @throws ArgumentError for counts below 1, or a dropout outside of 0 to 1.
   */
  constructor(stages: readonly (readonly number[])[], options: VGGOptions = {}) {
    super();
    const { numClasses = 1000, inChannels = 3, batchNorm = false } = options;
    const { dropout = 0.5, hiddenFeatures: hidden = 4096 } = options;
    checkModelCount(inChannels, "inChannels", "VGG");
    checkModelCount(numClasses, "numClasses", "VGG");
    checkModelCount(hidden, "hiddenFeatures", "VGG");
    let channels = inChannels;
    const layers: nn.Layer[] = [];
    for (const stage of stages) {
      for (const width of stage) {
        layers.push(new nn.Conv2d(channels, width, 3, { padding: 1 }));
        if (batchNorm) layers.push(new nn.BatchNorm2d(width));
        layers.push(new nn.ReLU());
        channels = width;
      }
      layers.push(new nn.MaxPool2d(2));
    }
    this.features = new nn.Sequential(...layers);
    this.classifier = new nn.Sequential(
      new nn.Linear(channels * poolSize * poolSize, hidden),
      new nn.ReLU(),
      new nn.Dropout({ p: dropout }),
      new nn.Linear(hidden, hidden),
      new nn.ReLU(),
      new nn.Dropout({ p: dropout }),
      new nn.Linear(hidden, numClasses),
    );
    initializeModel(this, 0.01);
  }

  forward(x: Tensor): Tensor {
    return this.classifier(this.avgpool(this.features(x)).flatten(1));
  }
}

/**
 * VGG-11, configuration A (Simonyan and Zisserman, 2015): 132,863,336 parameters with 1000 classes, 531 MB in float32.
 * (N, C, H, W) -> (N, classes), with H and W of at least 32.
 *
 * @example
 * const model = models.vgg11({ numClasses: 10, hiddenFeatures: 64 });
 * model(zeros([1, 3, 32, 32])).shape; // [1, 10]
 */
export function vgg11(options: Omit<VGGOptions, "batchNorm"> = {}): VGG {
  return new VGG(configurationA, { ...options, batchNorm: false });
}

/**
 * VGG-11 with batch norm after each convolution: 132,868,840 parameters with 1000 classes. (N, C, H, W) ->
 * (N, classes), with H and W of at least 32.
 *
 * @example
 * const model = models.vgg11Bn({ numClasses: 10, hiddenFeatures: 64 });
 * Object.keys(model.stateDict())[6]; // "features.1.num_batches_tracked"
 */
export function vgg11Bn(options: Omit<VGGOptions, "batchNorm"> = {}): VGG {
  return new VGG(configurationA, { ...options, batchNorm: true });
}
