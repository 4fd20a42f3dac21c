import v8 from "node:v8";
import vm from "node:vm";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { TypedArray } from "../base/dtype.ts";
import { compile } from "../nn/compile.ts";
import * as nn from "../nn/index.ts";
import { SGD } from "../optim/sgd.ts";
import { createInterpreterDevice } from "../runtime/interpreter-device.ts";
import { fromOwned, ones, tensor, zeros } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { useEngine } from "./default.ts";
import { Engine } from "./engine.ts";

v8.setFlagsFromString("--expose-gc");
const gc = vm.runInNewContext("gc") as () => void;

/** w * x + b, of one element each. */
class Line extends nn.Module {
  readonly w = new nn.Parameter(tensor([2]));
  readonly b = new nn.Parameter(tensor([1]));

  constructor() {
    super();
    this.eval();
  }

  override forward(x: Tensor): Tensor {
    return x.mul(this.w).add(this.b);
  }
}

/** A product with the product of two parameters, which is computed only when one of them has changed. */
class Twice extends nn.Module {
  readonly left = new nn.Parameter(ones([40, 2]));
  readonly right = new nn.Parameter(ones([2, 40]));

  constructor() {
    super();
    this.eval();
  }

  override forward(x: Tensor): Tensor {
    return x.matmul(this.left.matmul(this.right));
  }
}

class Difference extends nn.Module {
  readonly scale = new nn.Parameter(tensor([10]));

  override forward(a: Tensor, b: Tensor): Tensor {
    return a.sub(b).mul(this.scale);
  }
}

const engines: Engine[] = [];

function fresh(device = createInterpreterDevice({ lanes: 4 })): Engine {
  const engine = new Engine(device);
  engines.push(engine);
  useEngine(engine);
  return engine;
}

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

/** Whether a call looks at every operand, as the first one does. */
async function walks(model: Line, call: () => Promise<unknown>): Promise<boolean> {
  const { mark } = model.w.node;
  await call();
  return model.w.node.mark !== mark;
}

describe("an inference that comes again", () => {
  test("computes with the new input, without a walk over the parameters", async () => {
    const { stats } = fresh();
    const model = new Line();
    const line = compile(model);
    const at = (x: number): Promise<unknown> => noGrad(() => line(tensor([x]))).array();
    expect(await at(1)).toEqual([3]);
    expect(stats.compilations).toBe(0);
    for (const x of [2, 3, 4]) {
      let y: unknown;
      expect(await walks(model, async () => (y = await at(x)))).toBe(false);
      expect(y).toEqual([2 * x + 1]);
    }
    expect(noGrad(() => line(tensor([5]))).arraySync()).toEqual([11]);
    // Several at once, and inputs that stay on the device from their second use on.
    expect(await Promise.all([6, 7, 8].map(at))).toEqual([[13], [15], [17]]);
    const [large, other] = [1, 2].map((v) => fromOwned(new Float32Array(4096).fill(v), [4096])) as [
      Tensor,
      Tensor,
    ];
    for (let again = 0; again < 4; again++) {
      expect((await noGrad(() => line(large)).data()).every((v) => v === 3)).toBe(true);
      expect((await noGrad(() => line(other)).data()).every((v) => v === 5)).toBe(true);
      const fresh = fromOwned(new Float32Array(4096).fill(again), [4096]);
      expect((await noGrad(() => line(fresh)).data()).every((v) => v === 2 * again + 1)).toBe(true);
    }
  });

  test("sees a parameter that has changed, by an optimizer or in place", async () => {
    fresh();
    const model = new Line();
    const line = compile(model);
    const at = (x: number): Promise<unknown> => noGrad(() => line(tensor([x]))).array();
    expect([await at(1), await at(2)]).toEqual([[3], [5]]);
    noGrad(() => model.w.fill_(5));
    expect([await at(1), await at(2)]).toEqual([[6], [11]]);
    model.b.grad = tensor([1]);
    await new SGD([model.b], { lr: 3 }).step();
    expect([await at(1), await at(2)]).toEqual([[3], [8]]);
    // Also where the product of the weights is kept between calls.
    const twice = new Twice();
    const predict = compile(twice);
    const sums = (): Promise<TypedArray> => noGrad(() => predict(tensor([Array(40).fill(1)]))).data();
    for (const value of [1, 2, 3]) {
      noGrad(() => twice.left.fill_(value));
      for (let again = 0; again < 3; again++) expect((await sums())[39]).toBe(40 * 2 * value);
    }
  });

  test("is refused where a parameter has changed before the value was asked for", async () => {
    fresh();
    const model = new Line();
    const line = compile(model);
    // Larger than what is computed for a reader at every flush.
    const call = (): Tensor => noGrad(() => line(fromOwned(new Float32Array(40000).fill(1), [40000])));
    for (let i = 0; i < 3; i++) await call().data();
    const late = call();
    noGrad(() => model.w.fill_(5));
    await model.w.data();
    await expect(late.data()).rejects.toThrow(/was not computed before its inputs changed/);
    expect((await call().data())[0]).toBe(6);
  });

  test("takes the modes and hooks of its modules into account", async () => {
    fresh();
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Dropout(1)).eval();
    const predict = compile(model);
    const call = (): Promise<unknown> => noGrad(() => predict(ones([1, 2]))).array();
    const usual = [await call(), await call()];
    expect(usual[1]).toEqual(usual[0]);
    (model.get(1) as nn.Dropout).training = true;
    expect(await call()).toEqual([[0, 0]]);
    model.eval();
    expect(await call()).toEqual(usual[0]);
    const hook = model.get(0).registerForwardHook((_, __, y) => (y as Tensor).mul(0).abs());
    expect(await call()).toEqual([[0, 0]]);
    hook.remove();
    expect(await call()).toEqual(usual[0]);
  });

  test("tells one input that is given twice from two", async () => {
    fresh();
    const difference = compile(new Difference().eval() as Difference);
    const of = (a: Tensor, b: Tensor): Promise<unknown> => noGrad(() => difference(a, b)).array();
    const [one, four] = [tensor([1]), tensor([4])];
    for (let again = 0; again < 2; again++) {
      expect(await of(four, one)).toEqual([30]);
      expect(await of(one, one)).toEqual([0]);
      expect(await of(one, four)).toEqual([-30]);
      expect(await of(four, four)).toEqual([0]);
    }
  });

  test("brings its numbers to the device again, where another program has been in their place", async () => {
    fresh();
    class Scaled extends nn.Module {
      readonly w = new nn.Parameter(tensor([2]));
      override forward(x: Tensor): Tensor {
        return x.mul(this.w).mul(3).add(7);
      }
    }
    const scaled = compile(new Scaled().eval() as Scaled);
    for (let x = 0; x < 4; x++) {
      expect(await noGrad(() => scaled(tensor([x]))).array()).toEqual([6 * x + 7]);
      expect(await tensor([1, 2, 3]).mul(50).sub(60).array()).toEqual([-10, 40, 90]);
    }
  });

  test("tells an input that is given under another name as well from two", async () => {
    fresh();
    const difference = compile(new Difference().eval() as Difference);
    const of = (a: Tensor, b: Tensor): Promise<TypedArray> => noGrad(() => difference(a, b)).data();
    // Larger than what is computed for a reader: a copy that is none until somebody asks for it.
    const frame = (value: number): Tensor => fromOwned(new Float32Array(20000).fill(value), [20000]);
    const first = frame(1);
    const reference = first.clone();
    expect((await of(first, reference))[0]).toBe(0);
    expect((await of(frame(4), reference))[0]).toBe(30);
  });

  test("needs no memory for inputs that are new each time, also when the first one came twice", async () => {
    const engine = fresh();
    const line = compile(new Line());
    const image = (): Tensor => fromOwned(new Float32Array(4096).fill(1), [4096]);
    const first = image();
    for (let again = 0; again < 3; again++) await noGrad(() => line(first)).data();
    await noGrad(() => line(image())).data();
    const { deviceBytes } = engine.stats;
    for (let again = 0; again < 10; again++) expect((await noGrad(() => line(image())).data())[9]).toBe(3);
    expect(engine.stats.deviceBytes).toBe(deviceBytes);
  });

  test("of two models with one program keeps their parameters apart", async () => {
    fresh();
    const models = [1, 2].map((value) => {
      const model = new Twice();
      noGrad(() => model.left.fill_(value));
      return { value, predict: compile(model) };
    });
    for (let again = 0; again < 3; again++) {
      for (const { value, predict } of [...models, ...models]) {
        const y = await noGrad(() => predict(tensor([Array(40).fill(again)]))).data();
        expect(y[7]).toBe(40 * 2 * value * again);
      }
    }
  });

  test("computes what it keeps between calls again, when that has failed", async () => {
    const device = createInterpreterDevice({ lanes: 4 });
    const { run } = device;
    let fails = false;
    device.run = (...launch) => (fails ? Promise.reject(new Error("trapped")) : run.apply(device, launch));
    fresh(device);
    const predict = compile(new Twice());
    const call = async (): Promise<unknown> =>
      (await noGrad(() => predict(tensor([Array(40).fill(1)]))).data())[7];
    // The first values of the parameters.
    await ones([1]).data();
    fails = true;
    await expect(call()).rejects.toThrow("trapped");
    fails = false;
    expect([await call(), await call()]).toEqual([80, 80]);
  });

  test("does what else is pending, and goes on after a larger program has moved the areas of memory", async () => {
    fresh();
    const model = new Line();
    const line = compile(model);
    const at = (x: number): Promise<unknown> => noGrad(() => line(tensor([x]))).array();
    await at(1);
    const [counter, other] = [zeros([1]), tensor([3]).mul(2)];
    noGrad(() => counter.add_(1));
    expect(await at(2)).toEqual([5]);
    expect([await counter.array(), await other.array()]).toEqual([[1], [6]]);
    const many = ones([300, 300]).mul(3);
    expect((await many.add(many.t()).data())[7]).toBe(6);
    expect([await at(3), await at(4)]).toEqual([[7], [9]]);
  });

  test("keeps no parameters for the sake of an output", async () => {
    const engine = fresh();
    const outputs: Tensor[] = [];
    const infer = async (): Promise<void> => {
      const model = new Twice();
      const predict = compile(model);
      for (let again = 0; again < 3; again++) {
        const y = noGrad(() => predict(tensor([Array(40).fill(1)])));
        await y.data();
        outputs.push(y);
      }
    };
    await infer();
    const { deviceBytes } = engine.stats;
    for (let round = 0; round < 10; round++) await infer();
    const stored = 2 * 40 * 2 * 4;
    // What is prepared of the parameters stays, up to a limit of its own.
    const prepared = 40 * 40 * 4;
    await vi.waitFor(
      () => {
        gc();
        expect(engine.stats.deviceBytes).toBeLessThan(deviceBytes + 10 * prepared + 5 * stored);
      },
      { timeout: 5000 },
    );
    expect(outputs).toHaveLength(33);
  });

  test("belongs to its engine, also when its program has fallen out of the cache", async () => {
    const first = fresh();
    const model = new Line();
    const line = compile(model);
    const at = (x: number): Promise<unknown> => noGrad(() => line(tensor([x]))).array();
    expect([await at(1), await at(2)]).toEqual([[3], [5]]);
    const second = fresh();
    await expect(at(3)).rejects.toThrow(/in the memory of another engine/);
    useEngine(first);
    expect(await at(3)).toEqual([7]);
    // More programs than are kept.
    for (let i = 1; i <= 300; i++) await ones([i]).add(tensor(1)).data();
    const { compilations } = first.stats;
    expect([await at(4), await at(5)]).toEqual([[9], [11]]);
    expect(first.stats.compilations).toBe(compilations + 1);
    expect(second.stats.launches).toBe(0);
  });
});
