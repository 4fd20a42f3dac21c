import { describe, expect, test } from "vitest";
import { currentEngine } from "../engine/default.ts";
import * as models from "../models/index.ts";
import { SGD } from "../optim/sgd.ts";
import { arange, rand, randn, tensor, zeros } from "../tensor/create.ts";
import { manualSeed } from "../tensor/generator.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { compile } from "./compile.ts";
import * as nn from "./index.ts";

/** A small network with everything that a recording has to keep apart: state, constants, several results. */
class Branches extends nn.Module {
  readonly conv = new nn.Conv2d(2, 4, 3, { padding: 1 });
  readonly norm = new nn.BatchNorm2d(4);
  readonly head = new nn.Linear(4, 3);
  readonly weights = tensor([1, 2, 3]);
  called = 0;

  override forward(x: Tensor, scale: Tensor): { scores: Tensor; parts: Tensor[] } {
    this.called++;
    const y = this.norm(this.conv(x)).relu().mul(scale);
    const pooled = y.mean([2, 3]);
    const scores = this.head(pooled)
      .mul(this.weights)
      .add(tensor([0.5]))
      .add(arange(3))
      .mul(2);
    return { scores, parts: [pooled, y.mul(1.5), scores] };
  }
}

const inputs = (images: number, side = 5): [Tensor, Tensor] => [randn([images, 2, side, side]), tensor(3)];

async function values(output: { scores: Tensor; parts: Tensor[] }): Promise<(readonly number[])[]> {
  return Promise.all([output.scores, ...output.parts].map(async (t) => [...(await t.data())]));
}

/** Sums may be added up in another order: fused otherwise, as nobody can read what is in between. */
function expectClose(found: readonly (readonly number[])[], expected: readonly (readonly number[])[]): void {
  expect(found.map((list) => list.length)).toEqual(expected.map((list) => list.length));
  expected.flat().forEach((v, i) => {
    const tolerance = 1e-5 * (1 + Math.abs(v));
    expect(Math.abs((found.flat()[i] as number) - v)).toBeLessThan(tolerance);
  });
}

describe("compile", () => {
  test("gives what the module gives, and runs forward once for inputs of one shape", async () => {
    manualSeed(1);
    const model = new Branches().eval() as Branches;
    const compiled = compile(model);
    for (const [images, side] of [
      [1, 5],
      [2, 5],
      [2, 6],
    ] as const) {
      for (let again = 0; again < 2; again++) {
        const given = inputs(images, side);
        const expected = await values(noGrad(() => model(...given)));
        const before = model.called;
        const found = noGrad(() => compiled(...given));
        expect(model.called - before).toBe(again === 0 ? 1 : 0);
        expectClose(await values(found), expected);
        expect(found.parts).toHaveLength(3);
      }
    }
  });

  test("of a whole network is one node of the graph beside its operands", async () => {
    const model = models.resnet20().eval();
    const compiled = compile(model);
    const x = randn([1, 3, 32, 32]);
    await x.data();
    const expected = await noGrad(() => model(x)).data();
    const usual = currentEngine().stats.graphNodes;
    expectClose([[...(await noGrad(() => compiled(x)).data())]], [[...expected]]);
    const operands = model.parameters().length + model.buffers().length;
    const { graphNodes } = currentEngine().stats;
    expect(graphNodes).toBeLessThan(usual);
    // Constants of the recording: epsilons.
    expect(graphNodes).toBeLessThan(operands + 50);
  });

  test("sees parameters and buffers as they are at each call", async () => {
    const model = new Branches();
    const compiled = compile(model);
    const given = inputs(2);
    const same = async (): Promise<void> => {
      model.eval();
      const expected = await values(noGrad(() => model(...given)));
      expectClose(await values(noGrad(() => compiled(...given))), expected);
    };
    await same();
    const optimizer = new SGD(model.parameters(), { lr: 0.5 });
    model.train();
    model(...given)
      .scores.square()
      .mean()
      .backward();
    await optimizer.step();
    await same();
    model.loadStateDict(await new Branches().stateDict());
    await same();
    noGrad(() => model.head.weight.mul_(2));
    await same();
  });

  test("goes through the module while a call could differ: training, gradients, hooks, other inputs", async () => {
    const model = new nn.Sequential(new nn.Linear(3, 3), new nn.BatchNorm1d(3), new nn.Dropout(0.5));
    const compiled = compile(model);
    const x = randn([8, 3]);
    model.train();
    const [one, two] = [noGrad(() => compiled(x)), noGrad(() => compiled(x))];
    expect(await one.array()).not.toEqual(await two.array());
    expect(await (model.get(1) as nn.BatchNorm1d).numBatchesTracked?.item()).toBe(2);
    model.eval();
    compiled(x).sum().backward();
    expect(model.parameters()[0]?.grad).not.toBeNull();
    noGrad(() => compiled(x));
    const seen: string[] = [];
    const handle = model.get(0).registerForwardHook((m) => void seen.push(m.constructor.name));
    noGrad(() => compiled(x));
    handle.remove();
    noGrad(() => compiled(x));
    expect(seen).toEqual(["Linear"]);
    const other = nn.registerModuleForwardHook((m) => void seen.push(m.constructor.name));
    noGrad(() => compiled(x));
    other.remove();
    expect(seen).toHaveLength(5);

    class Scaled extends nn.Module {
      override forward(input: Tensor, factor: number): Tensor {
        return input.mul(factor);
      }
    }
    const scaled = compile(new Scaled().eval() as Scaled);
    expect(await scaled(tensor([1, 2]), 3).array()).toEqual([3, 6]);
    expect(await scaled(tensor([1, 2]), 4).array()).toEqual([4, 8]);
  });

  test("changes intermediate values in place as forward does", async () => {
    class InPlace extends nn.Module {
      override forward(x: Tensor): Tensor {
        const y = x.mul(2);
        y.add_(1);
        return y.clamp_({ min: 0 });
      }
    }
    const compiled = compile(new InPlace().eval() as InPlace);
    for (const v of [1, -4])
      expect(await noGrad(() => compiled(tensor([v]))).array()).toEqual([Math.max(2 * v + 1, 0)]);
  });
});

/** Runs a forward pass of its own. */
class Custom extends nn.Module {
  readonly own = new nn.Parameter(tensor([1, 2]));
  readonly #body: (x: Tensor, own: Tensor) => unknown;

  constructor(body: (x: Tensor, own: Tensor) => unknown) {
    super();
    this.#body = body;
    this.eval();
  }

  override forward(x: Tensor): unknown {
    return this.#body(x, this.own);
  }
}

describe("compile refuses a forward that does more than to compute", () => {
  const changing = zeros([2]);
  test.each<[string, (x: Tensor, own: Tensor) => unknown, RegExp]>([
    [
      "draws random numbers",
      (x) => x.add(rand([2])),
      /compile: forward of Custom draws random numbers.*call the module/,
    ],
    [
      "changes a parameter",
      (x, own) => own.add_(x),
      /forward of Custom changes a parameter or buffer in place/,
    ],
    ["changes its input", (x) => x.add_(1), /forward of Custom changes an input in place/],
    [
      "reads a value",
      (x) => x.mul(x.sum().itemSync()),
      /forward of Custom reads a value.*call the module itself/,
    ],
    [
      "gives no tensor",
      () => 7,
      /forward of Custom gives no tensor; it has to give one, or a list or record/,
    ],
    ["uses what changes", (x) => x.add(changing), /uses a tensor that changes in place.*registerBuffer/],
  ])("one that %s", async (_, body, message) => {
    noGrad(() => changing.add_(1));
    await currentEngine().flush();
    const model = new Custom(body);
    await currentEngine().flush();
    const x = tensor([3, 4]);
    expect(() => noGrad(() => compile(model)(x))).toThrow(message);
    // Nothing has happened to what it was given.
    expect([await model.own.array(), await x.array()]).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test("what forward itself throws comes out, and the engine is the one of before", () => {
    const engine = currentEngine();
    const model = new Custom(() => {
      throw new RangeError("mine");
    });
    expect(() => noGrad(() => compile(model)(tensor([1, 2])))).toThrow(new RangeError("mine"));
    expect(currentEngine()).toBe(engine);
  });
});
