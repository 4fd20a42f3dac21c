/**
 * The kernels that representative graphs become, as committed listings: a change of the schedule shows as a change of
 * text, a refactor shows none. After an intended change, `npx vitest run test/golden -u` writes them anew; read the
 * difference before committing it.
 */
import { expect, test } from "vitest";
import { recordPrograms } from "../../src/engine/recorded-programs.test-helper.ts";
import type { Node } from "../../src/graph/node.ts";
import { printProgram } from "../../src/kernel/print.ts";
import * as ops from "../../src/ops/index.ts";
import { Adam } from "../../src/optim/index.ts";
import { Parameter } from "../../src/nn/index.ts";
import { randint, randn } from "../../src/tensor/create.ts";
import { Tensor } from "../../src/tensor/tensor.ts";

type Body = Parameters<typeof recordPrograms>[0];

/** A value in device storage that gradients flow to. */
const stored = (...shape: number[]): Tensor => randn(shape).persist().requiresGrad_();

/** Runs a backward pass that starts from gradients in memory, as in the middle of a network. */
function backward(output: Node, gradient: Tensor): void {
  new Tensor(output).backward({ gradient });
}

const geometry = {
  stride: [2, 1],
  dilation: [1, 1],
  padding: [
    [1, 1],
    [1, 1],
  ],
  groups: 1,
} as const;
const pooling = {
  kernel: [2, 2],
  stride: [2, 2],
  padding: [0, 0],
  dilation: [1, 1],
  ceilMode: false,
} as const;

const cases: Record<string, Body> = {
  "matmul-odd-sizes": async (flush) => {
    const [a, b] = [stored(5, 7), stored(7, 9)];
    await flush("prepared");
    a.detach().matmul(b.detach());
  },
  "conv-forward": async (flush) => {
    const [x, w, b] = [stored(2, 3, 6, 6), stored(8, 3, 3, 3), stored(8)];
    await flush("prepared");
    Tensor.of(ops.relu(ops.convolution(x.node, w.node, b.node, geometry, "conv2d"))).detach();
  },
  "conv-gradients": async (flush) => {
    const [x, w, g] = [stored(2, 3, 6, 6), stored(8, 3, 3, 3), stored(2, 8, 3, 6)];
    await flush("prepared");
    backward(ops.convolution(x.node, w.node, null, geometry, "conv2d"), g);
  },
  "batch-norm-backward": async (flush) => {
    const [x, w, b, g] = [stored(4, 8, 3, 3), stored(8), stored(8), stored(4, 8, 3, 3)];
    await flush("prepared");
    backward(ops.relu(ops.batchNormTraining(x.node, w.node, b.node, 1e-5).output), g);
  },
  "softmax-cross-entropy": async (flush) => {
    const [logits, target] = [stored(6, 10), randint(0, 10, [6]).persist()];
    await flush("prepared");
    const { losses } = ops.pickLoss(ops.logSoftmax(logits.node, 1), target.node, null, -100);
    Tensor.of(ops.mean(losses)).backward();
  },
  "max-pool": async (flush) => {
    const [x, g] = [stored(2, 4, 6, 6), stored(2, 4, 3, 3)];
    await flush("prepared");
    backward(Tensor.of(ops.maxPool2d(x.node, pooling).output).node, g);
  },
  "adam-update": async (flush) => {
    const parameters = [[6, 5], [6]].map((shape) => new Parameter(randn(shape)));
    const gradients = parameters.map((p) => randn(p.shape).persist());
    const optimizer = new Adam(parameters, { lr: 0.01 });
    await flush("prepared");
    parameters.forEach((p, i) => {
      p.grad = gradients[i] as Tensor;
    });
    await optimizer.step();
  },
};

test.each(Object.entries(cases))("%s", async (name, body) => {
  const programs = await recordPrograms(body);
  const listing = programs.map((p) => printProgram(p)).join("\n\n");
  await expect(`${listing}\n`).toMatchFileSnapshot(`listings/${name}.txt`);
});
