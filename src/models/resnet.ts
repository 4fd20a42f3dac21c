/**
 * Residual networks for images of ImageNet's size, with torchvision's structure and state-dict keys.
 */
import { ArgumentError } from "../base/errors.ts";
import * as nn from "../nn/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { initializeModel } from "./initialize.ts";
import { checkModelCount, type ImageModelOptions } from "./options.ts";
import { BasicBlock, Bottleneck, type ResidualBlock } from "./resnet-blocks.ts";

/** Options of {@link ResNet}. */
export interface ResNetOptions extends ImageModelOptions {
  /**
   * Whether the last norm of each block starts with weight 0, so that every block starts as the identity (Goyal et
   * al., "Accurate, large minibatch SGD", 2017). Default false.
   */
  readonly zeroInitResidual?: boolean;
}

/** Channels of the first layers, and of the first stage. */
const stemPlanes = 64;

/**
 * A residual network: a 7x7 convolution and a pool, four stages of blocks that halve the size and double the channels,
 * means over the image and a linear layer. (N, C, H, W) -> (N, classes), with H and W of 1 or more.
 *
 * Keys, shapes and initialisation are torchvision's: convolutions are normal with gain sqrt(2) over fan-out.
 * K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", 2016.
 *
 * @example
 * const model = new models.ResNet(models.BasicBlock, [1, 1, 1, 1], { numClasses: 10 });
 * model(zeros([2, 3, 32, 32])).shape; // [2, 10]
 */
export class ResNet extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly relu: nn.ReLU = new nn.ReLU();
  readonly maxpool: nn.MaxPool2d = new nn.MaxPool2d(3, { stride: 2, padding: 1 });
  readonly layer1: nn.Sequential;
  readonly layer2: nn.Sequential;
  readonly layer3: nn.Sequential;
  readonly layer4: nn.Sequential;
  readonly avgpool: nn.AdaptiveAvgPool2d = new nn.AdaptiveAvgPool2d(1);
  readonly fc: nn.Linear;

  /**
   * @param block `BasicBlock` or `Bottleneck`.
   * @param layers Number of blocks in each of the four stages.
   * @throws ArgumentError for other than four stages, or counts below 1.
   */
  constructor(block: ResidualBlock, layers: readonly number[], options: ResNetOptions = {}) {
    super();
    const { numClasses = 1000, inChannels = 3, zeroInitResidual = false } = options;
    if (layers.length !== 4) {
      throw new ArgumentError(`ResNet: layers [${layers.join(", ")}] needs four counts, one for each stage`, {
        layers,
      });
    }
    for (const count of layers) checkModelCount(count, "each count of layers", "ResNet");
    checkModelCount(inChannels, "inChannels", "ResNet");
    checkModelCount(numClasses, "numClasses", "ResNet");
    this.conv1 = new nn.Conv2d(inChannels, stemPlanes, 7, { stride: 2, padding: 3, bias: false });
    this.bn1 = new nn.BatchNorm2d(stemPlanes);
    const [first, ...others] = layers.map((count, i) => makeStage(block, i, count));
    [this.layer2, this.layer3, this.layer4] = others as [nn.Sequential, nn.Sequential, nn.Sequential];
    this.layer1 = first as nn.Sequential;
    this.fc = new nn.Linear(8 * stemPlanes * block.expansion, numClasses);
    initializeModel(this);
    if (zeroInitResidual) startAsIdentity(this);
  }

  forward(x: Tensor): Tensor {
    const stem = this.maxpool(this.relu(this.bn1(this.conv1(x))));
    const features = this.layer4(this.layer3(this.layer2(this.layer1(stem))));
    return this.fc(this.avgpool(features).flatten(1));
  }
}

/** The blocks of stage 0 to 3; the first one has the stride, which is 1 in stage 0. */
function makeStage(block: ResidualBlock, stage: number, count: number): nn.Sequential {
  const planes = stemPlanes * 2 ** stage;
  const before = stage === 0 ? stemPlanes : (planes / 2) * block.expansion;
  const blocks = Array.from({ length: count }, (_, i) =>
    i === 0 ? new block(before, planes, stage === 0 ? 1 : 2) : new block(planes * block.expansion, planes, 1),
  );
  return new nn.Sequential(...blocks);
}

function startAsIdentity(model: ResNet): void {
  for (const module of model.modules()) {
    const last = module instanceof Bottleneck ? module.bn3 : module instanceof BasicBlock ? module.bn2 : null;
    if (last?.weight != null) nn.init.zeros_(last.weight);
  }
}

/**
 * ResNet-18 (He et al., 2016): 11,689,512 parameters with 1000 classes. (N, C, H, W) -> (N, classes).
 *
 * @example
 * const model = models.resnet18({ numClasses: 10, inChannels: 1 });
 * model(zeros([2, 1, 28, 28])).shape; // [2, 10]
 */
export function resnet18(options: ResNetOptions = {}): ResNet {
  return new ResNet(BasicBlock, [2, 2, 2, 2], options);
}

/**
 * ResNet-34 (He et al., 2016): 21,797,672 parameters with 1000 classes. (N, C, H, W) -> (N, classes).
 *
 * @example
 * const model = models.resnet34({ numClasses: 10 });
 * model.fc.weight.shape; // [10, 512]
 */
export function resnet34(options: ResNetOptions = {}): ResNet {
  return new ResNet(BasicBlock, [3, 4, 6, 3], options);
}

/**
 * ResNet-50 (He et al., 2016): 25,557,032 parameters with 1000 classes. (N, C, H, W) -> (N, classes).
 *
 * @example
 * const model = models.resnet50({ numClasses: 10 });
 * model.fc.weight.shape; // [10, 2048]
 */
export function resnet50(options: ResNetOptions = {}): ResNet {
  return new ResNet(Bottleneck, [3, 4, 6, 3], options);
}
