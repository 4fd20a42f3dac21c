import { describe, expect, test } from "vitest";
import { currentEngine } from "../engine/default.ts";
import { Parameter } from "../nn/parameter.ts";
import { expectClose, readReference, wave } from "../nn/reference.test-helper.ts";
import { zeros } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as optim from "./index.ts";
import { optimizerCases, optimizers } from "./optim-cases.test-helper.ts";

interface Trajectory {
  /** Both parameters after steps 1, 2, 6 and 25. */
  readonly values: number[][];
  /** State of each at the end. */
  readonly state: Record<string, number[]>[];
}

// PyTorch 1.13 computed them. What it lacks of PyTorch 2 is composed there: `maximize` of NAdam and RAdam by gradients of
// the other sign, `decoupledWeightDecay` by AdamW's decay before the step. Lion follows the paper.
const references = readReference<Record<string, Trajectory>>("optim");
const { Adadelta, Adagrad, Adam, Adamax, AdamW, Lion, NAdam, RAdam, RMSprop, SGD } = optim;
const names = [...optimizers.keys()];

interface Problem {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly optimizer: optim.Optimizer<never>;
}

function problem(name: string): Problem {
  const [a, b] = [new Parameter(wave([3, 2], 0.2)), new Parameter(wave([3], 1.2))];
  return { a, b, optimizer: optimizers.get(name)?.make([a, b]) as optim.Optimizer<never> };
}

const [x, y] = [wave([4, 3], 0.5), wave([4, 2], 2.5)];

/** One step; the second parameter has no gradient in steps 3 and 4. */
async function advance({ a, b, optimizer }: Problem, step: number): Promise<void> {
  optimizer.zeroGrad();
  const scale = step === 3 || step === 4 ? b.detach() : b;
  x.mul(scale).matmul(a).sub(y).square().mean().backward();
  await optimizer.step();
}

describe("updates are PyTorch's", () => {
  test.each(names)("%s", async (name) => {
    const { values, state } = references[name] as Trajectory;
    const p = problem(name);
    const checked = [0, 1, 5, 24];
    for (let step = 0; step < 25; step++) {
      await advance(p, step);
      const at = checked.indexOf(step);
      if (at < 0) continue;
      const expected = values[at] as number[];
      await expectClose(p.a, expected.slice(0, 6));
      await expectClose(p.b, expected.slice(6));
    }
    for (const [i, parameter] of [p.a, p.b].entries()) {
      const own = p.optimizer.state.get(parameter) ?? {};
      for (const [key, expected] of Object.entries(state[i] ?? {})) {
        const value = own[key];
        if (typeof value === "number") expect(value, key).toBeCloseTo(expected[0] as number, 6);
        else await expectClose(value as Tensor, expected, 1e-4);
      }
    }
  });
});

test.each(names)("%s compiles nothing after its first step", async (name) => {
  const p = problem(name);
  const step = async (): Promise<void> => {
    p.optimizer.zeroGrad();
    x.mul(p.b).matmul(p.a).sub(y).square().mean().backward();
    await p.optimizer.step();
  };
  await step();
  const { compilations } = currentEngine().stats;
  for (let i = 0; i < 8; i++) {
    for (const group of p.optimizer.paramGroups as { lr: number }[]) group.lr *= 0.9;
    await step();
  }
  expect(currentEngine().stats.compilations).toBe(compilations);
});

describe("state", () => {
  test.each(names)("of %s goes on where it was", async (name) => {
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
    const bad = { ...p.optimizer.stateDict(), paramGroups: [{ params: [0, 1], lr: -1 }] };
    expect(() => p.optimizer.loadStateDict(bad)).toThrow("Adam: lr must be a number of 0 or more; got -1");
    const wrong = new Adam([new Parameter(zeros([2])), new Parameter(zeros([3]))]);
    expect(() => wrong.loadStateDict(p.optimizer.stateDict())).toThrow(
      "exp_avg has shape [3, 2], expected [2]",
    );
  });
});

describe("PyTorch's own state dicts", () => {
  test("know nothing of parameters that were never updated", async () => {
    const p = problem("Adam amsgrad");
    await advance(p, 0);
    const { paramGroups } = p.optimizer.stateDict();
    p.optimizer.loadStateDict({ state: {}, paramGroups });
    const state = p.optimizer.state.get(p.a) ?? {};
    expect(Object.keys(state)).toEqual(["step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"]);
    expect([state.step, await (state.exp_avg as Tensor).abs().sum().item()]).toEqual([0, 0]);
  });

  test("count no steps for SGD: its first one is not repeated", async () => {
    const [one, two] = [problem("SGD dampening"), problem("SGD dampening")];
    await advance(one, 0);
    copy(one.a, two.a);
    copy(one.b, two.b);
    const { state, paramGroups } = one.optimizer.stateDict();
    const buffers = Object.entries(state).map(([i, s]) => [
      i,
      { momentum_buffer: s.momentum_buffer as Tensor },
    ]);
    two.optimizer.loadStateDict({ state: Object.fromEntries(buffers), paramGroups });
    for (const p of [one, two]) await advance(p, 1);
    expect(await two.a.data()).toEqual(await one.a.data());
  });
});

test("a momentum or amsgrad that is switched on later starts then", async () => {
  const p = problem("SGD");
  await advance(p, 0);
  (p.optimizer.paramGroups[0] as unknown as optim.SGDOptions).momentum = 0.9;
  await advance(p, 1);
  expect(p.optimizer.state.get(p.a)).toHaveProperty("momentum_buffer");
  const adam = problem("Adam");
  (adam.optimizer.paramGroups[0] as unknown as optim.AdamOptions).amsgrad = true;
  await advance(adam, 0);
  expect(adam.optimizer.state.get(adam.a)).toHaveProperty("max_exp_avg_sq");
});

test("RMSprop centered stays a number where gradients do not change", async () => {
  const p = new Parameter(zeros([64]));
  const optimizer = new RMSprop([p], { lr: 1e-3, alpha: 0.3, centered: true, eps: 1e-3 });
  for (let i = 0; i < 60; i++) {
    optimizer.zeroGrad();
    p.mul(wave([64]))
      .sum()
      .backward();
    await optimizer.step();
  }
  expect(await p.isfinite().all().item()).toBe(1);
});

describe("what is kept of gradients that have become 0", () => {
  const some = { lr: 1e-3 };
  type Some = Pick<optim.Optimizer<never>, "zeroGrad" | "step" | "stateDict">;
  const cases: readonly [string, (p: Tensor) => Some][] = [
    ["SGD", (p) => new SGD([p], { ...some, momentum: 0.9 })],
    ["Adam", (p) => new Adam([p], { ...some, betas: [0.9, 0.9], amsgrad: true })],
    ["AdamW", (p) => new AdamW([p], { ...some, betas: [0.9, 0.9] })],
    ["Adamax", (p) => new Adamax([p], { ...some, betas: [0.9, 0.9] })],
    ["NAdam", (p) => new NAdam([p], { ...some, betas: [0.9, 0.9] })],
    ["RAdam", (p) => new RAdam([p], { ...some, betas: [0.9, 0.9] })],
    ["RMSprop", (p) => new RMSprop([p], { ...some, alpha: 0.9, momentum: 0.9, centered: true })],
    ["Adadelta", (p) => new Adadelta([p], { ...some, rho: 0.9 })],
    ["Lion", (p) => new Lion([p], { ...some, betas: [0.9, 0.9] })],
  ];
  const smallestNormal = 2 ** -126;

  test.each(cases)("%s: has no denormal numbers, with which processors are slow", async (_, make) => {
    const p = new Parameter(wave([16]));
    const optimizer = make(p);
    for (let step = 0; step < 1000; step++) {
      optimizer.zeroGrad();
      p.mul(step < 3 ? 0.1 : 0)
        .sum()
        .backward();
      await optimizer.step();
    }
    const state = Object.values(optimizer.stateDict().state[0] ?? {}).filter((v) => typeof v !== "number");
    expect(state.length).toBeGreaterThan(0);
    for (const tensor of state as Tensor[]) {
      const values = [...(await tensor.data())].map((x) => Math.abs(Number(x)));
      expect(values.filter((x) => x > 0 && x < smallestNormal)).toEqual([]);
    }
    expect(await p.isfinite().all().item()).toBe(1);
  });

  test.each(cases)("%s: is NaN after a gradient that was", async (_, make) => {
    const p = new Parameter(wave([4]));
    const optimizer = make(p);
    p.mul(Number.NaN).sum().backward();
    await optimizer.step();
    const state = Object.entries(optimizer.stateDict().state[0] ?? {});
    const averages = state.filter(([name]) => /avg|momentum_buffer/.test(name));
    expect(averages.length).toBeGreaterThan(0);
    for (const [, tensor] of averages) expect(await (tensor as Tensor).isnan().all().item()).toBe(1);
  });
});

/** Adam without the correction of its averages: an optimizer as a user writes it. */
class Uncorrected extends optim.Optimizer<{ lr: number; beta1: number; beta2: number }> {
  constructor(params: Iterable<Tensor>, options: { lr: number }) {
    super(params, { beta1: 0.9, beta2: 0.999 }, options);
  }
  protected override initialState(p: Tensor): { mean: Tensor; square: Tensor } {
    return { mean: zeros(p.shape), square: zeros(p.shape) };
  }
  protected update(
    p: Tensor,
    g: Tensor,
    state: { mean: Tensor; square: Tensor },
    group: { lr: number; beta1: number; beta2: number },
  ): void {
    state.mean.lerp_(g, 1 - group.beta1);
    state.square.lerp_(g.square(), 1 - group.beta2);
    p.addcdiv_(state.mean, state.square.sqrt().add(1e-8), { value: -group.lr });
  }
}

test("users write optimizers of their own", async () => {
  const p = new Parameter(wave([4], 1));
  const optimizer = new Uncorrected([p], { lr: 0.1 });
  let [value, mean, square] = [await p.data(), [0, 0, 0, 0], [0, 0, 0, 0]].map((v) => Array.from(v)) as [
    number[],
    number[],
    number[],
  ];
  let compilations = 0;
  for (let step = 0; step < 5; step++) {
    optimizer.zeroGrad();
    p.square().sum().backward();
    await optimizer.step();
    if (step === 0) ({ compilations } = currentEngine().stats);
    const g = value.map((v) => 2 * v);
    mean = mean.map((m, i) => 0.9 * m + 0.1 * (g[i] as number));
    square = square.map((s, i) => 0.999 * s + 0.001 * (g[i] as number) ** 2);
    value = value.map((v, i) => v - (0.1 * (mean[i] as number)) / (Math.sqrt(square[i] as number) + 1e-8));
  }
  await expectClose(p, value);
  expect(currentEngine().stats.compilations).toBe(compilations);
  expect(Object.keys(optimizer.stateDict().state[0] ?? {})).toEqual(["mean", "square"]);
  const other = new Uncorrected([new Parameter(zeros([4]))], { lr: 0.1 });
  other.loadStateDict(optimizer.stateDict());
  await expectClose(other.state.values().next().value?.mean as Tensor, mean);
});

/** Adam whose steps are clipped by the norm of each gradient, as LARS and its relatives do. */
class Clipped extends Adam {
  readonly seen: Tensor[] = [];
  protected override update(
    p: Tensor,
    g: Tensor,
    state: optim.ParamState,
    group: optim.ParamGroup<optim.AdamOptions>,
  ): void {
    this.seen.push(p);
    super.update(p, g.clamp({ min: -1, max: 1 }), state, group);
  }
}

test("a class derived from one of ours sees every parameter in update", async () => {
  const [a, b] = [new Parameter(zeros([2])), new Parameter(zeros([3]))];
  const [plainA, plainB] = [new Parameter(zeros([2])), new Parameter(zeros([3]))];
  const clipped = new Clipped([a, b], { lr: 0.1 });
  const plain = new Adam([plainA, plainB], { lr: 0.1 });
  for (let step = 0; step < 3; step++) {
    const scale = 10 ** step;
    a.sum().add(b.sum()).mul(scale).backward();
    await clipped.step();
    // All gradients are at least 1: clipped, they are 1.
    plainA.sum().add(plainB.sum()).backward();
    await plain.step();
    clipped.zeroGrad();
    plain.zeroGrad();
  }
  expect(clipped.seen).toEqual([a, b, a, b, a, b]);
  await expectClose(a, Array.from(await plainA.data()));
  await expectClose(b, Array.from(await plainB.data()));
});

test("another optimizer of the same form compiles nothing", async () => {
  const step = async (lr: number): Promise<void> => {
    const params = [3, 4, 5].map((n) => new Parameter(wave([n])));
    const optimizer = new Adam(params, { lr });
    for (let i = 0; i < 2; i++) {
      params.reduce((sum, p) => sum.add(p.square().sum()), zeros([])).backward();
      await optimizer.step();
      optimizer.zeroGrad();
    }
  };
  await step(0.1);
  const { compilations } = currentEngine().stats;
  await step(0.2);
  expect(currentEngine().stats.compilations).toBe(compilations);
});

test("parameters at different steps are updated with the numbers of each", async () => {
  const run = async (late: boolean): Promise<Float32Array> => {
    const [a, b] = [new Parameter(wave([4])), new Parameter(wave([4]))];
    const optimizer = new Adam([a, b], { lr: 0.1 });
    for (let i = 0; i < 4; i++) {
      optimizer.zeroGrad();
      const first = a.square().sum();
      (late && i < 2 ? first : first.add(b.square().sum())).backward();
      await optimizer.step();
      if (!late && i === 1) return (await b.data()) as Float32Array;
    }
    return (await b.data()) as Float32Array;
  };
  expect(await run(true)).toEqual(await run(false));
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

test("every optimizer has its cases", () => {
  const classes = Object.keys(optim).filter((name) => /^[A-Z]/.test(name) && name !== "Optimizer");
  expect(optimizerCases.map((c) => c.optimizer).sort()).toEqual(classes.sort());
});

const bad = optimizerCases.flatMap((c) => c.bad ?? []);
test.each(bad.map((b) => [b.name, b] as const))("%s is refused", (_, { call, message }) => {
  expect(call).toThrow(message);
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
      "unknown in a group",
      () => new SGD([{ params: [p], weightDecy: 1 } as object as { params: Tensor[] }], { lr: 1 }),
      'SGD: there is no option "weightDecy"; the options are lr, momentum, dampening, weightDecay, nesterov, maximize',
    ],
    [
      "maximize",
      () => new SGD([p], { lr: 1, maximize: 1 as unknown as boolean }),
      "SGD: maximize must be true",
    ],
    [
      "dampening",
      () => new SGD([p], { lr: 1, dampening: -1 }),
      "SGD: dampening must be a number of 0 or more",
    ],
    [
      "weightDecay",
      () => new Lion([p], { weightDecay: -1 }),
      "Lion: weightDecay must be a number of 0 or more",
    ],
    [
      "no pair",
      () => new Adamax([p], { betas: 0.9 as unknown as [number, number] }),
      "Adamax: betas must be a pair of numbers; got 0.9",
    ],
    [
      "NaN",
      () => new Lion([p], { betas: [Number.NaN, 0] }),
      "Lion: betas[0] must be from 0 to below 1; got NaN",
    ],
    ["alpha", () => new RMSprop([p], { alpha: 1 }), "RMSprop: alpha must be from 0 to below 1; got 1"],
    ["centered", () => new RMSprop([p], { centered: "yes" as unknown as boolean }), 'got "yes"'],
    ["lrDecay", () => new Adagrad([p], { lrDecay: -1 }), "Adagrad: lrDecay must be a number of 0 or more"],
    [
      "initialAccumulatorValue",
      () => new Adagrad([p], { initialAccumulatorValue: -1 }),
      "Adagrad: initialAccumulatorValue must be a number of 0 or more; got -1",
    ],
    ["rho", () => new Adadelta([p], { rho: 2 }), "Adadelta: rho must be from 0 to below 1; got 2"],
    ["eps", () => new Adadelta([p], { eps: -1 }), "Adadelta: eps must be a number of 0 or more; got -1"],
    [
      "momentumDecay",
      () => new NAdam([p], { momentumDecay: -1 }),
      "NAdam: momentumDecay must be a number of 0",
    ],
    [
      "decoupledWeightDecay",
      () => new RAdam([p], { decoupledWeightDecay: 1 as unknown as boolean }),
      "RAdam: decoupledWeightDecay must be true or false; got 1",
    ],
    [
      "amsgrad",
      () => new AdamW([p], { amsgrad: 0 as unknown as boolean }),
      "AdamW: amsgrad must be true or false",
    ],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});
