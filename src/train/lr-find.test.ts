import { describe, expect, it } from "vitest";
import { DataLoader } from "../data/data-loader.ts";
import { Digits } from "../data/digits.ts";
import { Subset } from "../data/index.ts";
import { currentEngine } from "../engine/default.ts";
import * as F from "../nn/functional.ts";
import * as nn from "../nn/index.ts";
import { Adam, SGD } from "../optim/index.ts";
import { zeros } from "../tensor/create.ts";
import { defaultGenerator, manualSeed } from "../tensor/generator.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { BatchSource, Model } from "./contract.ts";
import { lrFind } from "./lr-find.ts";

const loaderOf = (): BatchSource & DataLoader =>
  new DataLoader(
    new Subset(
      new Digits(),
      Array.from({ length: 160 }, (_, i) => i),
    ),
    {
      batchSize: 32,
      shuffle: true,
    },
  ) as BatchSource & DataLoader;

class Net extends nn.Module {
  readonly body = new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(64, 32),
    new nn.BatchNorm1d(32),
    new nn.ReLU(),
    new nn.Dropout(0.2),
    new nn.Linear(32, 10),
  );
  readonly calls: Tensor = this.registerBuffer("calls", zeros([]), { persistent: false });
  forward(x: Tensor): Tensor {
    this.calls.add_(1);
    return this.body(x);
  }
}

/** Every value that a step may change. */
async function everything(model: Net, optimizer: SGD | Adam): Promise<unknown> {
  const { state, paramGroups } = optimizer.stateDict();
  const read = async (v: Tensor | number): Promise<unknown> => (v instanceof Tensor ? v.array() : v);
  const states = Object.values(state).flatMap((s) => Object.entries(s));
  return {
    tensors: await Promise.all([...model.parameters(), ...model.buffers()].map((t) => t.array())),
    state: await Promise.all(states.map(async ([key, value]) => [key, await read(value)])),
    paramGroups,
    training: model.modules().map((m) => m.training),
    generator: defaultGenerator.getState(),
  };
}

async function trainOnce(model: Net, optimizer: SGD | Adam, x: Tensor, y: Tensor): Promise<void> {
  optimizer.zeroGrad();
  F.crossEntropy(model(x), y).backward();
  await optimizer.step();
}

const makers: [string, (model: Net) => SGD | Adam][] = [
  [
    "SGD",
    (m) =>
      new SGD([{ params: m.body.get(1).parameters() }, { params: m.body.get(5).parameters(), lr: 0.3 }], {
        lr: 0.1,
        momentum: 0.9,
      }),
  ],
  ["Adam", (m) => new Adam(m.parameters(), { lr: 1e-3, amsgrad: true })],
];

describe("lrFind", () => {
  it.each(makers)("leaves everything as it was: %s", async (_, make) => {
    manualSeed(1);
    const model = new Net();
    const optimizer = make(model);
    const loader = loaderOf();
    for await (const [x, y] of loader) await trainOnce(model, optimizer, x, y);
    model.body.get(2).eval();
    const before = await everything(model, optimizer);
    const { lrs, losses } = await lrFind(model, { loader, loss: F.crossEntropy, optimizer, steps: 20 });
    expect(losses.length).toBe(lrs.length);
    expect(await everything(model, optimizer)).toEqual(before);
    expect(loader.epoch).toBe(1);
    expect(model.parameters().every((p) => p.grad === null)).toBe(true);
  });

  it("leaves everything as it was after an error, and after a divergence to NaN", async () => {
    manualSeed(2);
    const model = new Net();
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const loader = loaderOf();
    const before = await everything(model, optimizer);
    let calls = 0;
    const failing = (output: Tensor, target: Tensor): Tensor => {
      if (++calls === 4) throw new Error("no loss");
      return F.crossEntropy(output, target);
    };
    await expect(lrFind(model, { loader, loss: failing, optimizer, steps: 20 })).rejects.toThrow("no loss");
    expect(await everything(model, optimizer)).toEqual(before);
    const squares = (output: Tensor): Tensor => output.square().square().sum();
    const wild = { loader, loss: squares, optimizer, startLr: 1, endLr: 1e30, steps: 20 };
    const { losses } = await lrFind(model, wild);
    expect(losses.length).toBeLessThan(20);
    expect(await everything(model, optimizer)).toEqual(before);
  });

  it("suggests a rate at which the loss falls, and compiles once", async () => {
    manualSeed(0);
    const model = new Net();
    const optimizer = new Adam(model.parameters());
    const loader = loaderOf();
    const options = { loader, loss: F.crossEntropy, optimizer };
    manualSeed(1);
    const first = await lrFind(model, options);
    const { compilations } = currentEngine().stats;
    manualSeed(1);
    const { lrs, losses, suggestion } = await lrFind(model, options);
    expect(currentEngine().stats.compilations).toBe(compilations);
    expect(losses).toEqual(first.losses);
    expect(lrs[0]).toBe(1e-7);
    expect((lrs[1] as number) / (lrs[0] as number)).toBeCloseTo(1e8 ** (1 / 99), 9);
    expect(losses.length).toBeLessThan(100);
    expect(suggestion).toBeGreaterThan(1e-4);
    expect(suggestion).toBeLessThan(0.3);
  });

  it("is not misled by a loss that comes back from a height", async () => {
    const script = [2.3, 2.3, 2.2, 2, 1.6, 1.5, 1.5, 1.6, 8, 9, 9, 6, 3, 2.5];
    const model = new Net();
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    let call = 0;
    const loss = (output: Tensor): Tensor =>
      output
        .sum()
        .mul(0)
        .add(script[call++] as number);
    const range = { startLr: 1, endLr: 2 ** 13, steps: script.length, divergence: 100 };
    const { suggestion } = await lrFind(model, { loader: loaderOf(), loss, optimizer, ...range });
    expect(suggestion).toBeCloseTo(2 ** 3, 6);
  });

  it("suggests nothing where the loss does not fall", async () => {
    const model = new Net();
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const loss = (output: Tensor): Tensor => output.sum().mul(0);
    const { suggestion, lrs } = await lrFind(model, { loader: loaderOf(), loss, optimizer, steps: 6 });
    expect(suggestion).toBeNull();
    expect(lrs).toHaveLength(6);
  });

  it("takes any model and stops on a signal", async () => {
    const model = new Net();
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const plain: Model = Object.assign((x: Tensor): Tensor => model(x), {
      training: true,
      train: (mode?: boolean) => model.train(mode),
      stateDict: () => model.stateDict(),
      loadStateDict: (state: Record<string, Tensor>) => model.loadStateDict(state),
    });
    const signal = AbortSignal.abort(new Error("enough"));
    const options = { loader: loaderOf(), loss: F.crossEntropy, optimizer, signal };
    await expect(lrFind(plain, options)).rejects.toThrow("enough");
  });

  it.each<[string, object]>([
    ["startLr must be a number above 0; got 0", { startLr: 0 }],
    ["endLr must be above startLr (1); got 0.5", { startLr: 1, endLr: 0.5 }],
    ["steps must be an integer of 1 or more; got 1.5", { steps: 1.5 }],
    ["divergence must be a number above 1; got 1", { divergence: 1 }],
    ["the loader gives no batch", { loader: { length: 0, epoch: 0, async *[Symbol.asyncIterator]() {} } }],
  ])("refuses options: %s", async (message, more) => {
    const model = new Net();
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const options = { loader: loaderOf(), loss: F.crossEntropy, optimizer, ...more };
    await expect(lrFind(model, options)).rejects.toThrow(`lrFind: ${message}`);
  });
});
