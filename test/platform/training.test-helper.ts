/**
 * A few steps of training a small convolutional network from a fixed seed, the same on every platform.
 */
import { createEngine, useEngine } from "../../src/engine/default.ts";
import { scalar } from "../../src/graph/build.ts";
import * as ops from "../../src/ops/index.ts";
import { randint, randn } from "../../src/tensor/create.ts";
import { manualSeed } from "../../src/tensor/generator.ts";
import { noGrad } from "../../src/tensor/grad-mode.ts";
import { Tensor } from "../../src/tensor/tensor.ts";

/** What a run gives: everything here can be posted from a worker. */
export interface TrainingReport {
  readonly losses: readonly number[];
  readonly engine: string;
  readonly threads: number;
  readonly notes: readonly string[];
  /** Programs compiled after the first two steps. */
  readonly lateCompilations: number;
}

const steps = 5;
const [batch, channels, classes] = [8, 6, 10];
const geometry = { stride: [1, 1], dilation: [1, 1], padding: [[1, 1], [1, 1]], groups: 1 } as const;
const pooling = { kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceilMode: false } as const;

function parameter(shape: readonly number[], spread: number): Tensor {
  return randn(shape).mul(spread).persist().requiresGrad_();
}

/** Convolution, batch normalisation, ReLU, max pooling, linear. Images (N, 1, 12, 12) -> logits (N, 10). */
function forward(x: Tensor, [conv, weight, bias, head]: readonly [Tensor, Tensor, Tensor, Tensor]): Tensor {
  const c = ops.convolution(x.node, conv.node, null, geometry, "conv2d");
  const { output } = ops.batchNormTraining(c, weight.node, bias.node, 1e-5);
  const pooled = ops.maxPool2d(ops.relu(output), pooling).output;
  return new Tensor(ops.matmul(ops.flatten(pooled, 1, 3), head.node));
}

function crossEntropy(logits: Tensor, target: Tensor): Tensor {
  const { losses } = ops.pickLoss(ops.logSoftmax(logits.node, 1), target.node, null, -100);
  return Tensor.of(ops.mean(losses));
}

/** Trains with gradient descent on the engine that this host gives, asking for `threads` threads. */
export async function train(threads: number): Promise<TrainingReport> {
  const engine = createEngine({ engine: "wasm", threads });
  useEngine(engine);
  manualSeed(7);
  const parameters = [
    parameter([channels, 1, 3, 3], 0.3),
    parameter([channels], 1),
    parameter([channels], 0.1),
    parameter([channels * 36, classes], 0.1),
  ] as const;
  const images = randn([batch, 1, 12, 12]);
  const target = randint(0, classes, [batch]);
  const losses: number[] = [];
  let compilations = 0;
  for (let step = 0; step < steps; step++) {
    for (const p of parameters) p.grad = null;
    const loss = crossEntropy(forward(images, parameters), target);
    loss.backward();
    noGrad(() => {
      for (const p of parameters) {
        const g = (p.grad as Tensor).node;
        p.assignNode(ops.sub(p.node, ops.mul(g, scalar(0.1, "float32"))));
      }
    });
    await engine.flush();
    losses.push(await loss.item());
    if (step === 1) ({ compilations } = engine.stats);
  }
  const lateCompilations = engine.stats.compilations - compilations;
  const { name, notes } = engine.device;
  await engine.close();
  return { losses, engine: name, threads: engine.device.threads, notes, lateCompilations };
}
