import { describe, expect, test } from "vitest";
import { Parameter } from "../nn/parameter.ts";
import { expectClose, readReference, wave } from "../nn/reference.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as optim from "./index.ts";

interface Trajectory {
  readonly values: number[][];
  readonly lrs: number[];
}

const references = readReference<Record<string, Trajectory>>("optim");
const { Adam, AdamW, SGD, lrScheduler } = optim;

interface Problem {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly optimizer: optim.Optimizer<never>;
  readonly scheduler?: optim.lrScheduler.Scheduler;
}

type Make = (p: [Tensor, Tensor]) => unknown;

/** By the name of the reference. */
const makers: Record<string, Make> = {
  SGD: (p) => new SGD(p, { lr: 0.1 }),
  "SGD momentum": (p) => new SGD(p, { lr: 0.1, momentum: 0.9 }),
  "SGD dampening": (p) => new SGD(p, { lr: 0.1, momentum: 0.8, dampening: 0.3, weightDecay: 0.01 }),
  "SGD nesterov": (p) => new SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  "SGD maximize": (p) => new SGD(p, { lr: 0.01, momentum: 0.5, maximize: true }),
  "SGD groups": ([a, b]) => new SGD([{ params: [a] }, { params: [b], lr: 0.02 }], { lr: 0.1 }),
  Adam: (p) => new Adam(p, { lr: 0.05 }),
  "Adam weightDecay": (p) => new Adam(p, { lr: 0.05, betas: [0.8, 0.95], eps: 1e-3, weightDecay: 0.1 }),
  "Adam amsgrad": (p) => new Adam(p, { lr: 0.05, amsgrad: true }),
  "Adam maximize": (p) => new Adam(p, { lr: 0.01, maximize: true }),
  AdamW: (p) => new AdamW(p, { lr: 0.05, weightDecay: 0.2 }),
  "AdamW amsgrad": (p) => new AdamW(p, { lr: 0.05, amsgrad: true }),
  StepLR: (p) => new SGD(p, { lr: 0.1 }),
  CosineAnnealingLR: (p) => new SGD(p, { lr: 0.1 }),
};

const schedulers: Record<string, (o: optim.lrScheduler.Schedulable) => optim.lrScheduler.Scheduler> = {
  StepLR: (o) => new lrScheduler.StepLR(o, 3, { gamma: 0.5 }),
  CosineAnnealingLR: (o) => new lrScheduler.CosineAnnealingLR(o, 8, { etaMin: 0.01 }),
};

function problem(name: string): Problem {
  const [a, b] = [new Parameter(wave([3, 2], 0.2)), new Parameter(wave([3], 1.2))];
  const optimizer = (makers[name] as Make)([a, b]) as optim.Optimizer<never>;
  const schedule = schedulers[name];
  return { a, b, optimizer, ...(schedule === undefined ? {} : { scheduler: schedule(optimizer) }) };
}

const [x, y] = [wave([4, 3], 0.5), wave([4, 2], 2.5)];

/** One step; the second parameter has no gradient in steps 3 and 4. */
async function advance({ a, b, optimizer, scheduler }: Problem, step: number): Promise<void> {
  optimizer.zeroGrad();
  const scale = step === 3 || step === 4 ? b.detach() : b;
  x.mul(scale).matmul(a).sub(y).square().mean().backward();
  await optimizer.step();
  scheduler?.step();
}

describe("updates are PyTorch's", () => {
  test.each(Object.keys(makers))("%s", async (name) => {
    const { values, lrs } = references[name] as Trajectory;
    const steps = lrs.length === 0 ? 25 : lrs.length;
    const p = problem(name);
    const seen: number[] = [];
    const checked = [0, 1, 5, steps - 1];
    for (let step = 0; step < steps; step++) {
      await advance(p, step);
      if (p.scheduler !== undefined) seen.push(p.scheduler.getLastLr()[0] as number);
      const at = checked.indexOf(step);
      if (at < 0) continue;
      const expected = values[at] as number[];
      await expectClose(p.a, expected.slice(0, 6));
      await expectClose(p.b, expected.slice(6));
    }
    seen.forEach((lr, i) => void expect(lr).toBeCloseTo(lrs[i] as number, 10));
  });
});

describe("state", () => {
  test.each(["SGD momentum", "Adam amsgrad"])("of %s goes on where it was", async (name) => {
    const [one, two] = [problem(name), problem(name)];
    for (let step = 0; step < 6; step++) await advance(one, step);
    copy(one.a, two.a);
    copy(one.b, two.b);
    two.optimizer.loadStateDict(one.optimizer.stateDict());
    for (let step = 6; step < 9; step++) {
      await advance(one, step);
      await advance(two, step);
    }
    expect(await two.a.data()).toEqual(await one.a.data());
    expect(await two.b.data()).toEqual(await one.b.data());
  });

  test("has PyTorch's names, and options of groups", async () => {
    const p = problem("Adam");
    await advance(p, 0);
    const { state, paramGroups } = p.optimizer.stateDict();
    expect(Object.keys(state)).toEqual(["0", "1"]);
    expect(Object.keys(state[0] ?? {})).toEqual(["step", "exp_avg", "exp_avg_sq"]);
    expect(state[1]?.step).toBe(1);
    expect(paramGroups[0]).toMatchObject({ lr: 0.05, betas: [0.9, 0.999], params: [0, 1] });
    const other = new SGD([new Parameter(zeros([2]))], { lr: 1 });
    expect(() => other.loadStateDict(p.optimizer.stateDict())).toThrow(
      "groups of 2 parameters do not fit this SGD",
    );
    const wrong = new Adam([new Parameter(zeros([2])), new Parameter(zeros([3]))]);
    expect(() => wrong.loadStateDict(p.optimizer.stateDict())).toThrow(
      "exp_avg has shape [3, 2], its parameter [2]",
    );
  });
});

function copy(from: Tensor, to: Tensor): void {
  noGrad(() => to.copy_(from));
}

test("groups are added, changed and read at each step", async () => {
  const [a, b] = [new Parameter(zeros([1])), new Parameter(zeros([1]))];
  const optimizer = new SGD([a], { lr: 1 });
  optimizer.addParamGroup({ params: [b], lr: 0.5 });
  expect(optimizer.paramGroups.map((g) => g.lr)).toEqual([1, 0.5]);
  for (const group of optimizer.paramGroups) group.lr *= 2;
  a.add(b).sum().backward();
  await optimizer.step();
  expect([await a.item(), await b.item()]).toEqual([-2, -1]);
  optimizer.zeroGrad({ setToNone: false });
  expect(await a.grad?.item()).toBe(0);
  optimizer.zeroGrad();
  expect(a.grad).toBeNull();
});

test("schedulers save, load and go on", () => {
  const make = () => new lrScheduler.StepLR(new SGD([new Parameter(zeros([1]))], { lr: 1 }), 2);
  const [one, two] = [make(), make()];
  one.step();
  two.loadStateDict(one.stateDict());
  two.step();
  expect(two.lastEpoch).toBe(2);
  expect(two.getLastLr()).toEqual([0.1]);
  expect(two.optimizer.paramGroups[0]?.initialLr).toBe(1);
});

describe("errors name the option and the value", () => {
  const p = new Parameter(zeros([1]));
  test.each<[string, () => unknown, string]>([
    ["empty", () => new Adam([]), "Adam: the list of parameters is empty; pass model.parameters()"],
    ["lr", () => new SGD([p], { lr: -1 }), "SGD: lr must be a number of 0 or more; got -1"],
    // @ts-expect-error: SGD has no default lr
    ["no lr", () => new SGD([p], {}), "SGD: lr must be a number of 0 or more; got undefined"],
    [
      "unknown",
      () => new Adam([p], { momentun: 0.9 } as object),
      'Adam: there is no option "momentun"; the options are lr, betas, eps, amsgrad, maximize, weightDecay',
    ],
    [
      "no object",
      () => new Adam([p], 0.01 as unknown as object),
      "Adam: options go into an object, as in { lr: 0.01 }; got 0.01",
    ],
    ["betas", () => new Adam([p], { betas: [0.9, 1] }), "Adam: betas[1] must be from 0 to below 1; got 1"],
    ["nesterov", () => new SGD([p], { lr: 1, nesterov: true }), "nesterov needs a momentum above 0"],
    ["twice", () => new SGD([{ params: [p] }, { params: [p] }], { lr: 1 }), "in more than one group"],
    [
      "no tensor",
      () => new SGD([3] as unknown as Tensor[], { lr: 1 }),
      "expected tensors, or groups such as { params, lr }; got number",
    ],
    [
      "a module",
      () => new SGD({} as unknown as Tensor[], { lr: 1 }),
      "SGD: expected a list of parameters; pass model.parameters()",
    ],
    ["result", () => new SGD([p.add(1)], { lr: 1 }), "only leaves are learned"],
    [
      "stepSize",
      () => new lrScheduler.StepLR(new SGD([p], { lr: 1 }), 0),
      "StepLR: stepSize must be an integer of 1",
    ],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});
