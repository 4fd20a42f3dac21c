import { afterEach, describe, expect, test, vi } from "vitest";
import { scalar } from "../graph/build.ts";
import * as nn from "../nn/index.ts";
import { SGD } from "../optim/sgd.ts";
import type { Device } from "../runtime/device.ts";
import { createInterpreterDevice } from "../runtime/interpreter-device.ts";
import { createWasmDevice } from "../runtime/wasm/device.ts";
import { fromOwned, randn } from "../tensor/create.ts";
import { manualSeed } from "../tensor/generator.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { useEngine } from "./default.ts";
import { Engine } from "./engine.ts";
import type { Form } from "./forms.ts";
import { PreparedValues } from "./prepared-values.ts";
import { recordPrograms } from "./recorded-programs.test-helper.ts";

let before: Engine | null = null;
let engine: Engine | null = null;

function use(device: Device, fails: () => boolean = () => false): Engine {
  const { run } = device;
  device.run = (...args) => (fails() ? Promise.reject(new Error("trapped")) : run.apply(device, args));
  engine = new Engine(device);
  before = useEngine(engine);
  return engine;
}

afterEach(async () => {
  await engine?.close();
  if (before !== null) useEngine(before);
});

/** A layer whose weights are the product of two parameters; at 6 KB they are not kept for readers. */
class Layer extends nn.Module {
  readonly left = new nn.Parameter(randn([40, 2]));
  readonly right = new nn.Parameter(randn([2, 40]));
  scale = 1;

  override forward(x: Tensor): Tensor {
    return x.matmul(this.left.matmul(this.right).mul(this.scale));
  }
}

/** The layer, and inputs for it. */
async function layer(): Promise<{ model: Layer; x: Tensor }> {
  manualSeed(1);
  const x = await randn([3, 40]).data();
  const model = new Layer();
  await engine?.flush();
  return { model, x: fromOwned(x as Float32Array<ArrayBuffer>, [3, 40]) };
}

type Inference = Awaited<ReturnType<typeof layer>>;

const forward = ({ model, x }: Inference): Tensor => model(x);
const outputs = (l: Inference): Promise<ArrayLike<number>> => noGrad(() => forward(l)).data();

type Matrix = readonly (readonly number[])[];

const product = (a: Matrix, b: Matrix): number[][] =>
  a.map((row) => (b[0] ?? []).map((_, j) => row.reduce((s, v, i) => s + v * (b[i]?.[j] ?? 0), 0)));

/** The sums of products by hand. */
async function expected({ model: { left, right, scale }, x }: Inference): Promise<number[]> {
  const [a, b, rows] = (await Promise.all([left.array(), right.array(), x.array()])) as [
    Matrix,
    Matrix,
    Matrix,
  ];
  return product(rows, product(a, b))
    .flat()
    .map((v) => v * scale);
}

function close(found: ArrayLike<number>, wanted: readonly number[]): void {
  expect(found).toHaveLength(wanted.length);
  wanted.forEach((v, i) => void expect(found[i]).toBeCloseTo(v, 3));
}

/** How many programs run meanwhile. */
async function launchesOf(body: () => Promise<unknown>): Promise<number> {
  const { launches } = engine?.stats ?? { launches: 0 };
  await body();
  return (engine?.stats.launches ?? 0) - launches;
}

describe.each(["wasm", "interpreter"] as const)(
  "what depends on parameters alone, on the %s device",
  (name) => {
    const device = (): Device =>
      name === "wasm" ? createWasmDevice({ threads: 2 }) : createInterpreterDevice();

    test("is computed at the first run, and again when they have changed", async () => {
      use(device());
      const l = await layer();
      expect(await launchesOf(() => outputs(l))).toBe(2);
      expect(await launchesOf(() => outputs(l))).toBe(1);
      close(await outputs(l), await expected(l));
      noGrad(() => l.model.left.mul_(-2));
      await engine?.flush();
      expect(await launchesOf(() => outputs(l))).toBe(2);
      close(await outputs(l), await expected(l));
      const optimizer = new SGD([l.model.left, l.model.right], { lr: 0.1 });
      forward(l).square().mean().backward();
      await optimizer.step();
      close(await outputs(l), await expected(l));
    });

    test("is there for blocking reads, also one that overtakes a run", async () => {
      use(device());
      const l = await layer();
      await outputs(l);
      noGrad(() => l.model.left.add_(1));
      await engine?.flush();
      const late = outputs(l);
      close(noGrad(() => forward(l)).dataSync(), await expected(l));
      close(await late, await expected(l));
      noGrad(() => l.model.right.add_(1));
      close(noGrad(() => forward(l)).dataSync(), await expected(l));
    });
  },
);

test("a number that changes is noticed", async () => {
  use(createInterpreterDevice());
  const l = await layer();
  await outputs(l);
  l.model.scale = 2;
  expect(await launchesOf(() => outputs(l))).toBe(2);
  close(await outputs(l), await expected(l));
});

test("a preparation that failed runs again", async () => {
  let failing = false;
  use(createInterpreterDevice(), () => failing);
  const l = await layer();
  failing = true;
  await expect(outputs(l)).rejects.toThrow("trapped");
  failing = false;
  close(await outputs(l), await expected(l));
});

test("a step of training is one program, and so is what only looks at parameters", async () => {
  const training = await recordPrograms(async (flush) => {
    const l = await layer();
    await flush("prepared");
    const optimizer = new SGD([l.model.left, l.model.right], { lr: 0.1 });
    forward(l).square().mean().backward();
    await optimizer.step();
  });
  const looking = await recordPrograms(async (flush) => {
    const { left, right } = (await layer()).model;
    await flush("prepared");
    await left.matmul(right).square().sum().item();
  });
  expect([training.length, looking.length]).toEqual([1, 1]);
});

describe("memory", () => {
  /** A device of numbers alone, and forms whose preparations leave so many megabytes. */
  function setUp(): { values: PreparedValues; inUse: Set<number>; form: (megabytes: number) => Form } {
    const inUse = new Set<number>();
    let next = 0;
    const device = {
      allocate: () => {
        inUse.add(++next);
        return next;
      },
      free: (address: number) => expect(inUse.delete(address)).toBe(true),
    } as unknown as Device;
    const form = (megabytes: number): Form =>
      ({ preparation: { bytes: megabytes * 2 ** 20, leaves: [0] } }) as unknown as Form;
    return { values: new PreparedValues(device), inUse, form };
  }
  const leaves = [scalar(1, "float32")];

  test("has a limit for all together: what was used longest ago goes, and is computed again", () => {
    const { values, inUse, form } = setUp();
    const [a, b, c] = [form(100), form(100), form(100)];
    for (const f of [a, b]) expect(values.place(f, leaves).outdated).toBe(true);
    for (const f of [b, a]) expect(values.place(f, leaves).outdated).toBe(false);
    expect(values.place(c, leaves).outdated).toBe(true);
    expect(inUse.size).toBe(2);
    expect(values.place(a, leaves).outdated).toBe(false);
    expect(values.place(b, leaves).outdated).toBe(true);
  });

  test("is given to one program that needs more than the limit, and comes back with it", () => {
    const { values, inUse, form } = setUp();
    const [small, large] = [form(1), form(1000)];
    values.place(small, leaves);
    values.place(large, leaves);
    expect(values.place(large, leaves).outdated).toBe(false);
    expect(inUse.size).toBe(1);
    values.release(large);
    values.release(small);
    expect(inUse.size).toBe(0);
  });

  test("comes back when the program is not kept any more", async () => {
    const device = createInterpreterDevice();
    use(device);
    await outputs(await layer());
    const freed = vi.spyOn(device, "free");
    await engine?.close();
    expect(freed).toHaveBeenCalled();
  });
});
