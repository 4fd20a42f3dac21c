/**
 * The four networks of the training bench, as `nets.py` defines them for PyTorch: same layers, same batch, Adam.
 */
import { currentEngine } from "../src/engine/default.ts";
import { fromOwned, nn, optim, type Tensor } from "../src/index.ts";
import * as F from "../src/nn/functional.ts";
import { clock, type Timed } from "./timing.ts";

/** Two 3 x 3 convolutions around which the input is added again (He et al., 2016). */
class BasicBlock extends nn.Module {
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  shortcut: nn.Sequential;

  constructor(inside: number, out: number, stride: number) {
    super();
    this.conv1 = new nn.Conv2d(inside, out, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(out);
    this.conv2 = new nn.Conv2d(out, out, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(out);
    this.shortcut =
      stride === 1 && inside === out
        ? new nn.Sequential()
        : new nn.Sequential(new nn.Conv2d(inside, out, 1, { stride, bias: false }), new nn.BatchNorm2d(out));
  }

  forward(x: Tensor): Tensor {
    const y = F.relu(this.bn1(this.conv1(x)));
    return F.relu(this.bn2(this.conv2(y)).add(this.shortcut(x)));
  }
}

function resnet20(): nn.Sequential {
  const blocks: nn.Layer[] = [];
  let channels = 16;
  for (const [out, first] of [
    [16, 1],
    [32, 2],
    [64, 2],
  ] as const) {
    for (let i = 0; i < 3; i++) {
      blocks.push(new BasicBlock(channels, out, i === 0 ? first : 1));
      channels = out;
    }
  }
  return new nn.Sequential(
    new nn.Conv2d(3, 16, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(16),
    new nn.ReLU(),
    ...blocks,
    new nn.AdaptiveAvgPool2d(1),
    new nn.Flatten(),
    new nn.Linear(64, 10),
  );
}

function mlp(): nn.Sequential {
  return new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(784, 256),
    new nn.ReLU(),
    new nn.Linear(256, 128),
    new nn.ReLU(),
    new nn.Linear(128, 10),
  );
}

function lenet5(): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(400, 120),
    new nn.ReLU(),
    new nn.Linear(120, 84),
    new nn.ReLU(),
    new nn.Linear(84, 10),
  );
}

function convBnGap(): nn.Sequential {
  const block = (inside: number, out: number): nn.Layer[] => [
    new nn.Conv2d(inside, out, 3, { padding: 1 }),
    new nn.BatchNorm2d(out),
    new nn.ReLU(),
  ];
  return new nn.Sequential(
    ...block(1, 32),
    new nn.MaxPool2d(2),
    ...block(32, 64),
    new nn.MaxPool2d(2),
    ...block(64, 128),
    new nn.AdaptiveAvgPool2d(1),
    new nn.Flatten(),
    new nn.Linear(128, 10),
  );
}

export interface NetBench {
  readonly name: string;
  /** Name of the same network in nets.py. */
  readonly id: "mlp" | "lenet5" | "conv" | "resnet20";
  readonly input: readonly [number, number, number];
  readonly build: () => nn.Sequential;
  /** Steps per timed run: short steps are timed together. */
  readonly steps: number;
}

export const nets: readonly NetBench[] = [
  { name: "MLP 784-256-128-10", id: "mlp", input: [1, 28, 28], build: mlp, steps: 20 },
  { name: "LeNet-5, 28x28", id: "lenet5", input: [1, 28, 28], build: lenet5, steps: 10 },
  { name: "conv32-64-128 + BN + GAP, 28x28", id: "conv", input: [1, 28, 28], build: convBnGap, steps: 2 },
  { name: "ResNet-20, 32x32", id: "resnet20", input: [3, 32, 32], build: resnet20, steps: 1 },
];

/** Notes when the engine hands a program to its threads: by then the graph is built and the program found. */
function watchLaunches(): { last: number } {
  const watch = { last: 0 };
  const { device } = currentEngine();
  const run = device.run.bind(device);
  device.run = (...launch): Promise<void> => {
    watch.last = performance.now();
    return run(...launch);
  };
  return watch;
}

/** A network in training: what to time, and how long building the graph and finding the program took each time. */
export interface Training {
  /** The first step: parameters are made and both programs compiled. */
  readonly first: Timed;
  readonly run: Timed;
  readonly preparing: number[];
}

/** One whole training step: forward, loss, backward, Adam. */
export function training(net: NetBench, batch: number): Training {
  const model = net.build();
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const [c, h, w] = net.input;
  const images = Float32Array.from({ length: batch * c * h * w }, (_, i) => Math.sin(i * 0.7));
  const labels = Int32Array.from({ length: batch }, (_, i) => i % 10);
  const preparing: number[] = [];
  const launches = watchLaunches();
  const step = async (): Promise<void> => {
    const start = performance.now();
    optimizer.zeroGrad();
    // Fresh tensors each time, as a loader gives them: the copy to the device is part of the step.
    const x = fromOwned(images, [batch, c, h, w]);
    const loss = F.crossEntropy(model(x), fromOwned(labels, [batch]));
    loss.backward();
    const done = optimizer.step();
    preparing.push(launches.last - start);
    await done;
  };
  const run = async (): Promise<number> => {
    const ms = await clock(async () => {
      for (let i = 0; i < net.steps; i++) await step();
    });
    return ms / net.steps;
  };
  return { first: () => clock(step), run, preparing };
}
