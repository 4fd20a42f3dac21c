/**
 * From settings to the parts of a training.
 */
import {
  type CifarResNet,
  Cnn,
  LeNet5,
  MLP,
  type MobileNetV2,
  mobilenetV2,
  type ResNet,
  resnet18,
  resnet20,
} from "../models/index.ts";
import * as nn from "../nn/index.ts";
import * as optim from "../optim/index.ts";
import type { Model, TrainingOptimizer, TrainingScheduler } from "../train/index.ts";
import { datasets } from "./datasets.ts";
import { UsageError } from "./errors.ts";
import type { TrainSettings } from "./settings.ts";

/** A model that can be trained and looked into. */
export type BuiltModel = (CifarResNet | Cnn | LeNet5 | MLP | MobileNetV2 | ResNet) & Model;

/** The model that the settings describe, freshly initialised from the default generator. */
export function buildModel(settings: Pick<TrainSettings, "dataset" | "model" | "norm" | "init">): BuiltModel {
  const { classes: numClasses, imageShape, widths, poolSize } = datasets[settings.dataset];
  const [inChannels, height, width] = imageShape;
  const model = makeModel();
  if (settings.init !== "default") initialise(model, settings.init);
  return model;

  function makeModel(): BuiltModel {
    switch (settings.model) {
      case "cnn":
        return new Cnn({ inChannels, numClasses, widths, poolSize, norm: settings.norm });
      case "lenet5":
        if (height !== 28 || width !== 28) {
          throw new UsageError(
            `--model lenet5 takes images of 28x28, those of ${settings.dataset} are ${height}x${width}; ` +
              "use --model cnn, or another dataset such as fashion-mnist",
          );
        }
        return new LeNet5({ inChannels, numClasses });
      case "mlp":
        return new MLP(inChannels * height * width, { numClasses });
      case "resnet20":
        return resnet20({ inChannels, numClasses });
      case "resnet18":
        return resnet18({ inChannels, numClasses });
      case "mobilenet-v2":
        return mobilenetV2({ inChannels, numClasses });
    }
  }
}

/** Makes the weights of convolutions and linear layers anew; biases become 0. */
function initialise(model: nn.Module, scheme: "kaiming" | "xavier" | "zeros"): void {
  for (const module of model.modules()) {
    if (!(module instanceof nn.Conv2d || module instanceof nn.Linear)) continue;
    if (scheme === "kaiming") nn.init.kaimingNormal_(module.weight, { nonlinearity: "relu" });
    else if (scheme === "xavier") nn.init.xavierUniform_(module.weight);
    else nn.init.zeros_(module.weight);
    if (module.bias !== null) nn.init.zeros_(module.bias);
  }
}

type MakeOptimizer = (
  parameters: nn.Parameter[],
  lr: number,
) => TrainingOptimizer & optim.lrScheduler.Schedulable;

/** A record, so that the compiler lists a name without its optimizer. */
const makers: Record<TrainSettings["optimizer"], MakeOptimizer> = {
  adadelta: (parameters, lr) => new optim.Adadelta(parameters, { lr }),
  adagrad: (parameters, lr) => new optim.Adagrad(parameters, { lr }),
  adam: (parameters, lr) => new optim.Adam(parameters, { lr }),
  adamax: (parameters, lr) => new optim.Adamax(parameters, { lr }),
  adamw: (parameters, lr) => new optim.AdamW(parameters, { lr }),
  lion: (parameters, lr) => new optim.Lion(parameters, { lr }),
  nadam: (parameters, lr) => new optim.NAdam(parameters, { lr }),
  radam: (parameters, lr) => new optim.RAdam(parameters, { lr }),
  rmsprop: (parameters, lr) => new optim.RMSprop(parameters, { lr }),
  sgd: (parameters, lr) => new optim.SGD(parameters, { lr, momentum: 0.9 }),
};

/** The optimizer, and a learning rate that falls from `lr` to 0 along a cosine over the whole training. */
export function buildOptimizer(
  model: nn.Module,
  { optimizer: name, lr, epochs }: TrainSettings,
  stepsPerEpoch: number,
): { optimizer: TrainingOptimizer; scheduler: TrainingScheduler } {
  const optimizer = makers[name](model.parameters(), lr);
  const totalSteps = Math.max(1, epochs * stepsPerEpoch);
  return { optimizer, scheduler: new optim.lrScheduler.CosineAnnealingLR(optimizer, totalSteps) };
}
