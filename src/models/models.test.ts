import { describe, expect, it } from "vitest";
import { currentEngine } from "../engine/default.ts";
import * as F from "../nn/functional.ts";
import * as optim from "../optim/index.ts";
import { tensor, zeros } from "../tensor/create.ts";
import { Cnn } from "./cnn.ts";
import { LeNet5 } from "./lenet5.ts";
import { MLP } from "./mlp.ts";

const count = (model: { parameters(): { numel(): number }[] }): number =>
  model.parameters().reduce((sum, p) => sum + p.numel(), 0);

describe("models", () => {
  it("have the layers that their papers and options say", () => {
    const lenet = new LeNet5();
    expect(lenet(zeros([2, 1, 28, 28])).shape).toEqual([2, 10]);
    expect(count(lenet)).toBe(61_706);
    expect(Object.keys(lenet.stateDict()).slice(0, 3)).toEqual([
      "conv1.weight",
      "conv1.bias",
      "conv2.weight",
    ]);

    const cnn = new Cnn({ inChannels: 3, numClasses: 4, widths: [8, 16], poolSize: 2 });
    expect(cnn(zeros([2, 3, 9, 10])).shape).toEqual([2, 4]);
    expect(count(cnn)).toBe(3 * 8 * 9 + 8 * 16 * 9 + 2 * (8 + 16) + 16 * 4 * 4 + 4);
    expect(count(new Cnn({ widths: [8], norm: "none" }))).toBe(8 * 9 + 8 + 80 + 10);

    expect(new MLP(64, { hiddenFeatures: [], numClasses: 3 })(zeros([5, 1, 8, 8])).shape).toEqual([5, 3]);
    expect(count(new MLP(784))).toBe(784 * 256 + 256 + 256 * 128 + 128 + 1280 + 10);
  });

  it("learn: the second step runs the first step's program, and the loss falls", async () => {
    const model = new Cnn({ widths: [4, 8], numClasses: 2 });
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const x = tensor(Float32Array.from({ length: 4 * 64 }, (_, i) => (i % 5) / 5 + (i < 128 ? 1 : 0)));
    const y = tensor(new Int32Array([0, 0, 1, 1]));
    const losses: number[] = [];
    let compilations = 0;
    for (let step = 0; step < 20; step++) {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model(x.reshape([4, 1, 8, 8])), y);
      loss.backward();
      await optimizer.step();
      losses.push(await loss.item());
      if (step === 1) compilations = currentEngine().stats.compilations;
    }
    expect(currentEngine().stats.compilations).toBe(compilations);
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
  });
});
