/**
 * A small network with everything that could break reproducibility or leak: convolution, batch norm, pooling, dropout,
 * and Adam. Data is a fixed function of the step, so that runs can be compared.
 */
import { fromOwned, manualSeed, nn, optim, type Tensor } from "../../src/index.ts";
import * as F from "../../src/nn/functional.ts";

export interface Trainer {
  readonly model: nn.Sequential;
  readonly optimizer: optim.Adam;
  /** One training step; the loss can be read afterwards. */
  step(i: number): Promise<Tensor>;
}

/** Channels after each of the two convolutions; with 32 and more, and as many images, the second is one for Winograd's. */
export type Widths = readonly [number, number];

export function makeTrainer(batch = 16, [first, second]: Widths = [8, 12]): Trainer {
  manualSeed(7);
  const model = new nn.Sequential(
    new nn.Conv2d(1, first, 3, { padding: 1 }),
    new nn.BatchNorm2d(first),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(first, second, 3, { padding: 1 }),
    new nn.BatchNorm2d(second),
    new nn.ReLU(),
    new nn.Dropout(0.25),
    new nn.AdaptiveAvgPool2d(1),
    new nn.Flatten(),
    new nn.Linear(second, 10),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 });
  const step = async (i: number): Promise<Tensor> => {
    const images = Float32Array.from({ length: batch * 64 }, (_, p) => Math.sin(p * 0.37 + i));
    const labels = Int32Array.from({ length: batch }, (_, p) => (p * 7 + i) % 10);
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model(fromOwned(images, [batch, 1, 8, 8])), fromOwned(labels, [batch]));
    loss.backward();
    await optimizer.step();
    return loss;
  };
  return { model, optimizer, step };
}

/** The bits of all parameters and buffers, by name. */
export async function weightBits(model: nn.Module): Promise<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const [key, value] of Object.entries(model.stateDict())) {
    const data = await value.data();
    out[key] = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
  }
  return out;
}
