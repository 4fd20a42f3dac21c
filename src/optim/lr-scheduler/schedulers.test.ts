import { describe, expect, test } from "vitest";
import { Parameter } from "../../nn/parameter.ts";
import { readReference } from "../../nn/reference.test-helper.ts";
import { zeros } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Adagrad } from "../adagrad.ts";
import { Adam } from "../adam.ts";
import { schedulerCases, schedulers } from "../optim-cases.test-helper.ts";
import { SGD } from "../sgd.ts";
import * as s from "./index.ts";

interface Sequence {
  /** Learning rates of two groups, before the first step and after each. */
  readonly lrs: number[][];
  readonly momenta: number[][];
}

const references = readReference<Record<string, Sequence>>("optim");

/** Falls, stays, rises, falls again. */
const metric = [2, 1.5, 1.2, 1.19995, 1.3, 1.25, 1.21, 1, 0.99, 1.1, 1.2, 1.3, 1, 1.05, 0.989, 1.5, 0.5];

type Any = s.Scheduler | s.ReduceLROnPlateau;

const names = [...schedulers.keys()];

function optimizerFor(name: string): SGD | Adam {
  const [a, b] = [new Parameter(zeros([1])), new Parameter(zeros([1]))];
  const groups: [{ params: Tensor[] }, { params: Tensor[]; lr: number }] = [
    { params: [a] },
    { params: [b], lr: 0.02 },
  ];
  return schedulers.get(name)?.optimizer === "adam"
    ? new Adam(groups, { lr: 0.1, betas: [0.9, 0.99] })
    : new SGD(groups, { lr: 0.1, momentum: 0.9 });
}

const momentumOf = (g: { momentum?: number; betas?: readonly number[] }): number =>
  (g.betas?.[0] ?? g.momentum) as number;

function advance(scheduler: Any, step: number): void {
  if (scheduler instanceof s.ReduceLROnPlateau) scheduler.step(metric[step % metric.length] as number);
  else scheduler.step();
}

function expectState(optimizer: SGD | Adam, { lrs, momenta }: Sequence, step: number): void {
  optimizer.paramGroups.forEach((g, i) => {
    expect(g.lr, `lr of group ${i} in step ${step}`).toBeCloseTo(lrs[step]?.[i] as number, 12);
    expect(momentumOf(g)).toBeCloseTo(momenta[step]?.[i] as number, 12);
  });
}

describe("learning rates and momenta are PyTorch's", () => {
  test.each(names)("%s", (name) => {
    const reference = references[name] as Sequence;
    const optimizer = optimizerFor(name);
    const scheduler = schedulers.get(name)?.make(optimizer) as Any;
    for (let step = 0; step < reference.lrs.length; step++) {
      expectState(optimizer, reference, step);
      expect(scheduler.getLastLr()).toEqual(optimizer.paramGroups.map((g) => g.lr));
      if (step < reference.lrs.length - 1) advance(scheduler, step);
    }
  });

  test.each(names)("%s saves, loads and goes on", (name) => {
    const reference = references[name] as Sequence;
    const [first, second] = [optimizerFor(name), optimizerFor(name)];
    const [one, two] = [schedulers.get(name)?.make(first) as Any, schedulers.get(name)?.make(second) as Any];
    for (let step = 0; step < 7; step++) advance(one, step);
    second.loadStateDict(first.stateDict());
    two.loadStateDict(JSON.parse(JSON.stringify(one.stateDict())) as s.SchedulerState);
    expect(two.getLastLr()).toEqual(one.getLastLr());
    for (let step = 7; step < reference.lrs.length - 1; step++) advance(two, step);
    expectState(second, reference, reference.lrs.length - 1);
    expect(() => two.loadStateDict({ ...one.stateDict(), other: 1 })).toThrow("unexpected: other");
  });
});

const sgd = (): SGD => new SGD([new Parameter(zeros([1]))], { lr: 1, momentum: 0.5 });

test("a step within an epoch", () => {
  const scheduler = new s.CosineAnnealingWarmRestarts(sgd(), 2, { tMult: 2 });
  const rates = [0.5, 1.5, 2, 5.9].map((epoch) => {
    scheduler.step(epoch);
    return scheduler.getLastLr()[0] as number;
  });
  const wave = (share: number): number => (1 + Math.cos(Math.PI * share)) / 2;
  [wave(0.25), wave(0.75), 1, wave(3.9 / 4)].forEach((lr, i) => void expect(rates[i]).toBeCloseTo(lr, 12));
  expect(scheduler.lastEpoch).toBe(5);
  expect(() => scheduler.step(-1)).toThrow(
    "CosineAnnealingWarmRestarts: epoch must be a number of 0 or more",
  );
});

test("schedulers multiply each other's rates", () => {
  const optimizer = sgd();
  const [one, two] = [new s.ExponentialLR(optimizer, 0.5), new s.StepLR(optimizer, 2)];
  for (let i = 0; i < 2; i++) for (const scheduler of [one, two]) scheduler.step();
  expect(optimizer.paramGroups[0]?.lr).toBeCloseTo(0.5 * 0.5 * 0.1, 12);
});

test("a run is resumed at its last epoch", () => {
  const optimizer = sgd();
  const [group] = optimizer.paramGroups;
  if (group !== undefined) Object.assign(group, { initialLr: 1, lr: 0.25 });
  expect(new s.ExponentialLR(optimizer, 0.5, { lastEpoch: 2 }).getLastLr()).toEqual([0.125]);
});

test("sequences nest, and start again", () => {
  const optimizer = sgd();
  const inner = new s.SequentialLR(
    optimizer,
    [new s.ExponentialLR(optimizer, 0.5), new s.ConstantLR(optimizer)],
    [2],
  );
  const outer = new s.SequentialLR(optimizer, [new s.ConstantLR(optimizer, { totalIters: 9 }), inner], [3]);
  const seen = [outer.getLastLr()[0]];
  for (let i = 0; i < 6; i++) {
    outer.step();
    seen.push(outer.getLastLr()[0]);
  }
  [1 / 3, 1 / 3, 1 / 3, 1, 0.5, 1 / 3, 1 / 3].forEach((lr, i) => void expect(seen[i]).toBeCloseTo(lr, 12));
});

const plateau =
  (options: object): (() => unknown) =>
  () =>
    new s.ReduceLROnPlateau(sgd(), options);
const cycle =
  (options: object, maxLr: number | number[] = 1) =>
  (): unknown =>
    new s.OneCycleLR(sgd(), maxLr, options);

test("every scheduler has its cases", () => {
  const classes = Object.keys(s).filter((name) => name !== "Scheduler");
  expect(schedulerCases.map((c) => c.scheduler).sort()).toEqual(classes.sort());
});

const bad = schedulerCases.flatMap((c) => c.bad ?? []);
test.each(bad.map((b) => [b.name, b] as const))("%s is refused", (_, { call, message }) => {
  expect(call).toThrow(message);
});

test.each<[string, () => unknown, string]>([
  [
    "no optimizer",
    () => new s.StepLR({} as SGD, 3),
    "StepLR: the first argument must be an optimizer; got object",
  ],
  ["stepSize", () => new s.StepLR(sgd(), 0), "StepLR: stepSize must be an integer of 1 or more; got 0"],
  [
    "unknown",
    () => new s.StepLR(sgd(), 1, { gama: 1 } as object),
    'StepLR: there is no option "gama"; the options are gamma, lastEpoch',
  ],
  [
    "gamma",
    () => new s.StepLR(sgd(), 1, { gamma: -1 }),
    "StepLR: gamma must be a number of 0 or more; got -1",
  ],
  ["no object", () => new s.StepLR(sgd(), 1, 0.5 as never), "StepLR: options go into an object"],
  [
    "lastEpoch",
    () => new s.StepLR(sgd(), 1, { lastEpoch: -2 }),
    "lastEpoch must be an integer of -1 or more",
  ],
  ["resumed", () => new s.StepLR(sgd(), 1, { lastEpoch: 2 }), "every group needs initialLr"],
  [
    "milestones",
    () => new s.MultiStepLR(sgd(), [3, 2]),
    "MultiStepLR: milestones must be a list of integers of 0 or more, in order; got [3, 2]",
  ],
  ["exponential", () => new s.ExponentialLR(sgd(), Number.NaN), "ExponentialLR: gamma must be a number"],
  ["tMax", () => new s.CosineAnnealingLR(sgd(), 1.5), "CosineAnnealingLR: tMax must be an integer"],
  ["etaMin", () => new s.CosineAnnealingLR(sgd(), 2, { etaMin: -1 }), "etaMin must be a number of 0 or more"],
  ["t0", () => new s.CosineAnnealingWarmRestarts(sgd(), 0), "t0 must be an integer of 1 or more; got 0"],
  ["tMult", () => new s.CosineAnnealingWarmRestarts(sgd(), 1, { tMult: 0 }), "tMult must be an integer"],
  [
    "startFactor",
    () => new s.LinearLR(sgd(), { startFactor: 0 }),
    "LinearLR: startFactor must be a number above 0 and of at most 1; got 0",
  ],
  [
    "endFactor",
    () => new s.LinearLR(sgd(), { endFactor: 2 }),
    "endFactor must be a number of 0 or more and of",
  ],
  ["linear totalIters", () => new s.LinearLR(sgd(), { totalIters: 0 }), "LinearLR: totalIters must be"],
  ["factor", () => new s.ConstantLR(sgd(), { factor: 2 }), "ConstantLR: factor must be a number above 0"],
  ["totalIters", () => new s.ConstantLR(sgd(), { totalIters: 0 }), "ConstantLR: totalIters must be"],
  ["lambda", () => new s.LambdaLR(sgd(), 3 as never), "LambdaLR: lrLambda must be a function of the epoch"],
  [
    "lambdas",
    () => new s.LambdaLR(sgd(), []),
    "LambdaLR: lrLambda has 0 items, but the optimizer has 1 groups",
  ],
  ["its value", () => new s.LambdaLR(sgd(), () => Number.NaN), "LambdaLR: lrLambda gave NaN for epoch 0"],
  ["steps", cycle({}), "OneCycleLR: give totalSteps, or epochs and stepsPerEpoch"],
  ["epochs", cycle({ epochs: 3 }), "OneCycleLR: give totalSteps, or epochs and stepsPerEpoch"],
  ["totalSteps", cycle({ totalSteps: 0 }), "OneCycleLR: totalSteps must be an integer of 1 or more"],
  ["stepsPerEpoch", cycle({ epochs: 3, stepsPerEpoch: 0.5 }), "OneCycleLR: stepsPerEpoch must be an integer"],
  ["maxLr", cycle({ totalSteps: 3 }, 0), "OneCycleLR: maxLr must be a number above 0; got 0"],
  ["maxLrs", cycle({ totalSteps: 3 }, [1, 2]), "maxLr has 2 items, but the optimizer has 1 groups"],
  [
    "pctStart",
    cycle({ totalSteps: 3, pctStart: 2 }),
    "pctStart must be a number of 0 or more and of at most 1",
  ],
  [
    "annealStrategy",
    cycle({ totalSteps: 3, annealStrategy: "sine" }),
    'annealStrategy must be "cos" or "linear"; got "sine"',
  ],
  ["cycleMomentum", cycle({ totalSteps: 3, cycleMomentum: 1 }), "cycleMomentum must be true or false; got 1"],
  ["threePhase", cycle({ totalSteps: 3, threePhase: 1 }), "threePhase must be true or false; got 1"],
  ["divFactor", cycle({ totalSteps: 3, divFactor: 0 }), "divFactor must be a number above 0; got 0"],
  ["finalDivFactor", cycle({ totalSteps: 3, finalDivFactor: 0 }), "finalDivFactor must be a number above 0"],
  [
    "baseMomentum",
    cycle({ totalSteps: 3, baseMomentum: 2 }),
    "baseMomentum must be a number of 0 or more and",
  ],
  ["maxMomentum", cycle({ totalSteps: 3, maxMomentum: [1, 1] }), "maxMomentum has 2 items"],
  [
    "no momentum",
    () => new s.OneCycleLR(new Adagrad([new Parameter(zeros([1]))]), 1, { totalSteps: 3 }),
    "OneCycleLR: the optimizer has neither momentum nor betas; use { cycleMomentum: false }",
  ],
  [
    "past the end",
    () => {
      const scheduler = new s.OneCycleLR(sgd(), 1, { totalSteps: 2 });
      for (let i = 0; i < 3; i++) scheduler.step();
    },
    "OneCycleLR: step 3 is past the end of the cycle; totalSteps is 2",
  ],
  ["no schedulers", () => new s.SequentialLR(sgd(), [], []), "must be a list of schedulers"],
  [
    "other optimizer",
    () => new s.SequentialLR(sgd(), [new s.ConstantLR(sgd())], []),
    "SequentialLR: schedulers[0] belongs to another optimizer",
  ],
  [
    "plateau in turn",
    () => new s.SequentialLR(sgd(), [new s.ReduceLROnPlateau(sgd()) as never], []),
    "SequentialLR: schedulers[0] is no scheduler that steps without a metric",
  ],
  [
    "number of milestones",
    () => {
      const o = sgd();
      return new s.SequentialLR(o, [new s.ConstantLR(o)], [3]);
    },
    "SequentialLR: 1 schedulers need 0 milestones; got 1",
  ],
  ["mode", plateau({ mode: "least" }), 'ReduceLROnPlateau: mode must be "min" or "max"; got "least"'],
  ["plateau factor", plateau({ factor: 1 }), "ReduceLROnPlateau: factor must be below 1; got 1"],
  ["patience", plateau({ patience: -1 }), "patience must be an integer of 0 or more; got -1"],
  ["threshold", plateau({ threshold: -1 }), "threshold must be a number of 0 or more"],
  ["thresholdMode", plateau({ thresholdMode: "all" }), 'thresholdMode must be "rel" or "abs"; got "all"'],
  ["cooldown", plateau({ cooldown: 0.5 }), "cooldown must be an integer of 0 or more; got 0.5"],
  ["minLr", plateau({ minLr: [0, 0] }), "minLr has 2 items, but the optimizer has 1 groups"],
  ["plateau eps", plateau({ eps: -1 }), "eps must be a number of 0 or more"],
  ["plateau unknown", plateau({ verbose: true }), 'ReduceLROnPlateau: there is no option "verbose"'],
  [
    "no metric",
    () => new s.ReduceLROnPlateau(sgd()).step(undefined as never),
    "ReduceLROnPlateau: step needs the value that was measured, such as the validation loss; got undefined",
  ],
  ["state", () => new s.StepLR(sgd(), 1).loadStateDict({}), "StepLR: the state has no lastLrs"],
  [
    "other state",
    () => new s.StepLR(sgd(), 1).loadStateDict(new s.ExponentialLR(sgd(), 1).stateDict()),
    "loadStateDict: the state does not fit this StepLR: missing: stepSize",
  ],
])("errors name the argument and the value: %s", (_, call, message) => {
  expect(call).toThrow(message);
});
