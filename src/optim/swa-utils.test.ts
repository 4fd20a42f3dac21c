import { describe, expect, test } from "vitest";
import { currentEngine } from "../engine/default.ts";
import * as nn from "../nn/index.ts";
import { expectClose, readReference, wave } from "../nn/reference.test-helper.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import { Tensor } from "../tensor/tensor.ts";
import { SGD } from "./sgd.ts";
import { AveragedModel, type AveragedModelOptions, getEmaAvgFn, getSwaAvgFn, updateBn } from "./swa-utils.ts";

interface Reference {
  readonly state: Record<string, number[]>;
  readonly output: number[];
  readonly afterUpdateBn: Record<string, number[]>;
}

const references = readReference<Record<string, Reference>>("optim");

function makeModel(): nn.Sequential {
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 2));
  noGrad(() => model.parameters().forEach((p, i) => void p.copy_(wave(p.shape, i * 0.9).mul(0.2))));
  return model;
}

async function train(
  model: nn.Sequential,
  average: AveragedModel<nn.Sequential>,
  steps: number,
  onStep: (step: number) => void = () => {},
): Promise<void> {
  const optimizer = new SGD(model.parameters(), { lr: 0.5 });
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    model(wave([5, 3], step))
      .sub(wave([5, 2], step))
      .square()
      .mean()
      .backward();
    await optimizer.step();
    if (step >= 2) average.updateParameters(model);
    onStep(step);
  }
}

const ema = (averaged: Tensor, current: Tensor): Tensor => averaged.mul(0.9).add(current.mul(0.1));

// PyTorch 1.13 leaves buffers as they were; PyTorch 2 takes the model's, and so do the references.
describe("averages are PyTorch's", () => {
  test.each<[string, string, AveragedModelOptions]>([
    ["AveragedModel", "by default", {}],
    ["AveragedModel", "of getSwaAvgFn", { avgFn: getSwaAvgFn() }],
    ["AveragedModel ema", "of getEmaAvgFn", { avgFn: getEmaAvgFn(0.9) }],
    ["AveragedModel ema", "of a function of one's own", { avgFn: ema }],
    ["AveragedModel buffers", "with buffers", { avgFn: getEmaAvgFn(0.9), useBuffers: true }],
  ])("%s: %s", async (name, _, options) => {
    const { state, output, afterUpdateBn } = references[name] as Reference;
    const model = makeModel();
    const average = new AveragedModel(model, options);
    await train(model, average, 8);
    average.eval();
    expect(Object.keys(average.stateDict()).sort()).toEqual(Object.keys(state).sort());
    for (const [key, value] of Object.entries(average.stateDict())) {
      await expectClose(value, state[key] as number[]);
    }
    await expectClose(average(wave([2, 3], 9)), output);
    const momenta = (average.module.get(1) as nn.BatchNorm1d).momentum;
    await updateBn(
      [0, 1, 2].map((i) => wave([5, 3], i)),
      average,
    );
    expect(average.module.get(1).training).toBe(false);
    expect((average.module.get(1) as nn.BatchNorm1d).momentum).toBe(momenta);
    for (const [key, value] of Object.entries(afterUpdateBn)) {
      await expectClose(average.stateDict()[key] as Tensor, value);
    }
  });
});

test("an update is part of the next step's program", async () => {
  const model = makeModel();
  const average = new AveragedModel(model, { avgFn: getEmaAvgFn(0.99) });
  const stats: { compilations: number; launches: number }[] = [];
  await train(model, average, 12, () => stats.push(currentEngine().stats));
  const [fourth, last] = [stats[4], stats.at(-1)];
  expect(last?.compilations).toBe(fourth?.compilations);
  expect((last?.launches ?? 0) - (fourth?.launches ?? 0)).toBe(stats.length - 5);
});

test("a state goes on in another one, and the original is left alone", async () => {
  const [model, other] = [makeModel(), makeModel()];
  const [one, two] = [new AveragedModel(model), new AveragedModel(other)];
  await train(model, one, 4);
  two.loadStateDict(one.stateDict());
  expect(await two.nAveraged.item()).toBe(2);
  for (const average of [one, two]) average.updateParameters(model);
  expect(await two.module.parameters()[0]?.array()).toEqual(await one.module.parameters()[0]?.array());
  one.eval();
  expect([model.training, one.module.training]).toEqual([true, false]);
  expect(one.parameters()).toHaveLength(6);
});

test("updateBn takes batches with targets, from a loader, and mends modes after an error", async () => {
  const model = makeModel();
  model.get(0).eval();
  async function* loader(): AsyncGenerator<readonly Tensor[]> {
    yield [wave([5, 3]), wave([5])];
  }
  await updateBn(loader(), model);
  expect(await (model.get(1) as nn.BatchNorm1d).numBatchesTracked?.item()).toBe(1);
  await expect(updateBn([wave([5, 2])], model)).rejects.toThrow();
  expect([model.training, model.get(0).training]).toEqual([true, false]);
  expect((model.get(1) as nn.BatchNorm1d).momentum).toBe(0.1);
  await expect(updateBn([], model)).rejects.toThrow("updateBn: the loader gave no batch");
  await updateBn([], new nn.Linear(1, 1));
});

test("errors", () => {
  const average = new AveragedModel(makeModel());
  expect(() => average.updateParameters(new nn.Linear(3, 4))).toThrow(
    "updateParameters: the model is not like the averaged one: tensor 2 has shape none, expected [4]",
  );
  expect(() => average.updateParameters(3 as never)).toThrow(
    "updateParameters: expected a module, got number",
  );
  expect(() => new AveragedModel(3 as never)).toThrow("deepcopy: expected a module, got number");
  expect(() => new AveragedModel(makeModel(), { avgFn: 0.9 as never })).toThrow("avgFn must be a function");
  expect(() => new AveragedModel(makeModel(), { useBuffers: 1 as never })).toThrow(
    "AveragedModel: useBuffers must be true or false; got 1",
  );
  expect(() => getEmaAvgFn(2)).toThrow("getEmaAvgFn: decay must be from 0 to 1; got 2");
  expect(average.nAveraged).toBeInstanceOf(Tensor);
});
