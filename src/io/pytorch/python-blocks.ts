/**
 * The library's models as Python: the classes of their blocks, the calls that make these blocks, and what each model does in
 * its `forward`. The texts say what the classes of `src/models` say; `test/training/pytorch-export.test.ts` compares them.
 */
import { CifarBlock, CifarResNet } from "../../models/cifar-resnet.ts";
import { Cnn } from "../../models/cnn.ts";
import { LeNet5 } from "../../models/lenet5.ts";
import { MLP } from "../../models/mlp.ts";
import { InvertedResidual, MobileNetV2 } from "../../models/mobilenet-v2.ts";
import { ResNet } from "../../models/resnet.ts";
import { BasicBlock, Bottleneck } from "../../models/resnet-blocks.ts";
import { VGG } from "../../models/vgg.ts";
import type * as nn from "../../nn/index.ts";
import { type Call, python } from "./python-layers.ts";

/** A class of blocks. */
interface Block {
  readonly name: string;
  /** Its text in Python. */
  readonly definition: string;
  /** Arguments of the call that makes this block. */
  args(block: nn.Module): readonly string[];
}

const residualDefinition = `class BasicBlock(nn.Module):
    """Two 3x3 convolutions, whose output is added to their input."""

    expansion = 1

    def __init__(self, in_planes, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = None
        if stride != 1 or in_planes != planes:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_planes, planes, 1, stride=stride, bias=False),
                nn.BatchNorm2d(planes),
            )

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + shortcut)`;

const bottleneckDefinition = `class Bottleneck(nn.Module):
    """A 1x1 convolution to fewer channels, a 3x3 convolution, and a 1x1 convolution to four times as many."""

    expansion = 4

    def __init__(self, in_planes, planes, stride=1):
        super().__init__()
        out_planes = planes * self.expansion
        self.conv1 = nn.Conv2d(in_planes, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, out_planes, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_planes)
        self.relu = nn.ReLU()
        self.downsample = None
        if stride != 1 or in_planes != out_planes:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_planes, out_planes, 1, stride=stride, bias=False),
                nn.BatchNorm2d(out_planes),
            )

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + shortcut)`;

const cifarDefinition = `class CifarBlock(nn.Module):
    """Two 3x3 convolutions, whose output is added to their input; where shapes differ, to every stride-th pixel of it
    with channels of zeros around its own (option A of the paper), which needs no weights."""

    def __init__(self, in_planes, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU()
        self.stride = stride
        self.added = (planes - in_planes) // 2

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + self.shortcut(x))

    def shortcut(self, x):
        if self.stride == 1:
            return x
        x = x[:, :, :: self.stride, :: self.stride]
        return nn.functional.pad(x, (0, 0, 0, 0, self.added, self.added))`;

const invertedDefinition = `def conv_norm_activation(in_channels, out_channels, kernel_size=3, stride=1, groups=1):
    padding = (kernel_size - 1) // 2
    return nn.Sequential(
        nn.Conv2d(
            in_channels, out_channels, kernel_size, stride=stride, padding=padding, groups=groups, bias=False
        ),
        nn.BatchNorm2d(out_channels),
        nn.ReLU6(),
    )


class InvertedResidual(nn.Module):
    """Widens by a 1x1 convolution, filters each channel by itself, and narrows again without a nonlinearity."""

    def __init__(self, in_channels, out_channels, stride, expand_ratio):
        super().__init__()
        hidden = in_channels * expand_ratio
        layers = []
        if expand_ratio != 1:
            layers.append(conv_norm_activation(in_channels, hidden, kernel_size=1))
        layers += [
            conv_norm_activation(hidden, hidden, stride=stride, groups=hidden),
            nn.Conv2d(hidden, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        ]
        self.conv = nn.Sequential(*layers)
        self.adds = stride == 1 and in_channels == out_channels

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)`;

const strideOf = (conv: nn.Conv2d): readonly string[] =>
  conv.stride[0] === 1 ? [] : [`stride=${conv.stride[0]}`];

/** Where the stride of a block is, and its channels. */
function residualArgs({ conv1 }: { conv1: nn.Conv2d }, strided: nn.Conv2d): readonly string[] {
  return [python(conv1.inChannels), python(conv1.outChannels), ...strideOf(strided)];
}

function invertedArgs({ conv }: InvertedResidual): readonly string[] {
  const layers = conv.children();
  const widens = layers.length === 4;
  const firstConv = (at: number): nn.Conv2d => layers[at]?.children()[0] as nn.Conv2d;
  const [filter, narrow] = [firstConv(widens ? 1 : 0), layers.at(-2) as nn.Conv2d];
  const inChannels = firstConv(0).inChannels;
  const values = [inChannels, narrow.outChannels, filter.stride[0] as number, filter.inChannels / inChannels];
  return values.map(python);
}

const blocks: ReadonlyMap<unknown, Block> = new Map<unknown, Block>([
  [
    BasicBlock,
    {
      name: "BasicBlock",
      definition: residualDefinition,
      args: (b) => residualArgs(b as BasicBlock, (b as BasicBlock).conv1),
    },
  ],
  [
    Bottleneck,
    {
      name: "Bottleneck",
      definition: bottleneckDefinition,
      args: (b) => residualArgs(b as Bottleneck, (b as Bottleneck).conv2),
    },
  ],
  [
    CifarBlock,
    {
      name: "CifarBlock",
      definition: cifarDefinition,
      args: (b) => residualArgs(b as CifarBlock, (b as CifarBlock).conv1),
    },
  ],
  [
    InvertedResidual,
    {
      name: "InvertedResidual",
      definition: invertedDefinition,
      args: (b) => invertedArgs(b as InvertedResidual),
    },
  ],
]);

/** What a model does in its `forward`, line by line. */
const forwards: ReadonlyMap<unknown, readonly string[]> = new Map<unknown, readonly string[]>([
  [Cnn, ["x = self.features(x)", "return self.head(x.flatten(1))"]],
  [MLP, ["x = self.hidden(x.flatten(1))", "return self.head(x)"]],
  [
    LeNet5,
    [
      "x = self.pool(torch.relu(self.conv1(x)))",
      "x = self.pool(torch.relu(self.conv2(x)))",
      "x = torch.relu(self.fc1(x.flatten(1)))",
      "x = torch.relu(self.fc2(x))",
      "return self.fc3(x)",
    ],
  ],
  [
    ResNet,
    [
      "x = self.maxpool(self.relu(self.bn1(self.conv1(x))))",
      "x = self.layer1(x)",
      "x = self.layer2(x)",
      "x = self.layer3(x)",
      "x = self.layer4(x)",
      "return self.fc(self.avgpool(x).flatten(1))",
    ],
  ],
  [
    CifarResNet,
    [
      "x = self.relu(self.bn1(self.conv1(x)))",
      "x = self.layer1(x)",
      "x = self.layer2(x)",
      "x = self.layer3(x)",
      "return self.fc(self.avgpool(x).flatten(1))",
    ],
  ],
  [MobileNetV2, ["x = self.features(x)", "return self.classifier(x.mean((2, 3)))"]],
  [VGG, ["x = self.avgpool(self.features(x))", "return self.classifier(x.flatten(1))"]],
]);

/** The call that makes a block; undefined for a class that is none of the library's blocks. */
export function blockCall(block: nn.Module): Call | undefined {
  const found = blocks.get(block.constructor);
  return found === undefined ? undefined : { name: found.name, args: found.args(block) };
}

/** Text of the class of a block. */
export function blockDefinition(block: nn.Module): string | undefined {
  return blocks.get(block.constructor)?.definition;
}

/** The lines of a model's `forward`; undefined for a class that is none of the library's models. */
export function forwardOf(model: nn.Module): readonly string[] | undefined {
  return forwards.get(model.constructor);
}
