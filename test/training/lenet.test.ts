import { readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { currentEngine } from "../../src/engine/default.ts";
import { fromOwned, nn, noGrad, optim, tensor } from "../../src/index.ts";
import * as F from "../../src/nn/functional.ts";

const epochs = 5;
const batches = 10;
const batch = 32;

interface Reference {
  readonly torch: string;
  readonly losses: readonly number[];
}

const reference = JSON.parse(
  readFileSync(new URL("../reference/lenet-epochs.json", import.meta.url), "utf8"),
) as Reference;

afterAll(() => currentEngine().close());

/** The same formulas as in test/reference/make_lenet_reference.py. */
function images(b: number): Float32Array {
  const out = new Float32Array(batch * 28 * 28);
  let at = 0;
  for (let n = 0; n < batch; n++) {
    const label = (n * 3 + b) % 10;
    for (let y = 0; y < 28; y++) {
      for (let x = 0; x < 28; x++) {
        out[at++] = 0.5 + 0.5 * Math.sin((label + 1) * (x * 0.11 + y * 0.07) + (n + b) * 0.7);
      }
    }
  }
  return out;
}

function lenet(): nn.Sequential {
  const model = new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.Tanh(),
    new nn.AvgPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.Tanh(),
    new nn.AvgPool2d(2),
    new nn.Flatten(),
    new nn.Linear(400, 120),
    new nn.Tanh(),
    new nn.Linear(120, 84),
    new nn.Tanh(),
    new nn.Linear(84, 10),
  );
  model.parameters().forEach((p, i) => {
    const size = p.numel();
    const scale = p.ndim > 1 ? 2 / Math.sqrt(size / (p.shape[0] as number)) : 0.01;
    const values = Float32Array.from({ length: size }, (_, k) => {
      const h = 43758.5453 * Math.sin(k * 12.9898 + i);
      return scale * (2 * (h - Math.floor(h)) - 1);
    });
    noGrad(() => p.copy_(tensor(values).reshape(p.shape)));
  });
  return model;
}

test("five epochs of LeNet-5 from given weights on given batches have PyTorch's losses", async () => {
  const model = lenet();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.02, momentum: 0.9 });
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let b = 0; b < batches; b++) {
      const labels = Int32Array.from({ length: batch }, (_, n) => (n * 3 + b) % 10);
      optimizer.zeroGrad();
      const loss = F.crossEntropy(
        model(fromOwned(images(b), [batch, 1, 28, 28])),
        fromOwned(labels, [batch]),
      );
      loss.backward();
      await optimizer.step();
      losses.push(await loss.item());
    }
  }
  expect(losses.length).toBe(reference.losses.length);
  const errors = losses.map((l, i) => Math.abs(l / (reference.losses[i] as number) - 1));
  expect(Math.max(...errors)).toBeLessThan(1e-5);
  // It learns, so that agreement is not that of a network which stands still.
  expect(losses.at(-1) as number).toBeLessThan((losses[0] as number) - 1);
});
