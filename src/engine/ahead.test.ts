/**
 * Steps whose caller goes on while they are computed: `advance`, which `optimizer.step()` calls.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findCompiler } from "../../test/setup/neighbours.ts";
import { makeTrainer, weightBits } from "../../test/training/small-net.test-helper.ts";
import { EngineError } from "../base/errors.ts";
import { nn, optim } from "../index.ts";
import type { Device } from "../runtime/device.ts";
import { createInterpreterDevice } from "../runtime/interpreter-device.ts";
import { type BackgroundDevice, createNativeDevice } from "../runtime/native/device.ts";
import { createWasmDevice } from "../runtime/wasm/device.ts";
import { fromOwned, ones, tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { currentEngine, useEngine } from "./default.ts";
import { Engine } from "./engine.ts";

let before: Engine | null = null;

beforeEach(() => {
  before = useEngine(new Engine(createInterpreterDevice()));
});
afterEach(async () => {
  await currentEngine().close();
  if (before !== null) useEngine(before);
});

function use(device: Device): Engine {
  const engine = new Engine(device);
  useEngine(engine);
  return engine;
}

/** Counts the programs that are begun, and those that run now. */
function watched(device: Device): { begun: number; open: number } {
  const counts = { begun: 0, open: 0 };
  const [begin, waitSync] = [device.begin?.bind(device), device.waitSync.bind(device)];
  device.begin = (...launch) => {
    const started = begin?.(...launch) ?? null;
    if (started !== null) {
      counts.begun++;
      counts.open++;
    }
    return started;
  };
  device.waitSync = () => {
    waitSync();
    counts.open = 0;
  };
  return counts;
}

const devices: Readonly<Record<string, () => Device>> = {
  wasm: () => createWasmDevice({ threads: 2, together: true }),
  "3 threads of wasm": () => createWasmDevice({ threads: 3, together: true }),
  native: () => createNativeDevice(createWasmDevice({ threads: 2 }), { together: true }),
  "3 native threads": () => createNativeDevice(createWasmDevice({ threads: 3 }), { together: true }),
};

describe.each(Object.keys(devices))("on %s", (name) => {
  const { missing } = findCompiler();
  const open = (context: { skip(condition: boolean, note?: string): void }): Device => {
    context.skip(name.includes("native") && missing !== undefined, missing);
    return (devices[name] as () => Device)();
  };

  test("steps that go on by themselves give the same bits as steps that are waited for", async (context) => {
    const device = open(context);
    const counts = watched(device);
    const run = async (waits: boolean): Promise<unknown> => {
      use(device);
      const { model, step } = makeTrainer();
      const losses: Tensor[] = [];
      for (let i = 0; i < 60; i++) {
        losses.push(await step(i));
        if (waits) await currentEngine().flush();
      }
      return [await weightBits(model), await Promise.all(losses.map((loss) => loss.item()))];
    };
    const expected = await run(true);
    counts.begun = 0;
    expect(await run(false)).toEqual(expected);
    expect(counts.begun).toBeGreaterThan(40);
  });

  test("one is under way at most, and who reads, prints or closes waits for it", async (context) => {
    const device = open(context);
    const engine = use(device);
    const counts = watched(device);
    const p = new nn.Parameter(tensor([1, -2]));
    const sgd = new optim.SGD([p], { lr: 0.25 });
    const step = async (): Promise<Tensor> => {
      sgd.zeroGrad();
      const loss = p.square().sum();
      loss.backward();
      await sgd.step();
      expect(counts.open).toBeLessThanOrEqual(1);
      return loss;
    };
    const steps = async (count: number): Promise<Tensor> => {
      for (let i = 1; i < count; i++) await step();
      return step();
    };
    expect(`${await steps(9)}`).toContain("7.6294e-05");
    await steps(1);
    expect(counts.open).toBe(1);
    expect(`${p}`).toContain("[ 0.0010, -0.0020]");
    expect(counts.open).toBe(0);
    const known = await steps(1);
    await known.item();
    const loss = await steps(1);
    expect(await known.item()).toBeGreaterThan(0);
    expect(known.itemSync()).toBeGreaterThan(0);
    expect(counts.open).toBe(1);
    expect(await loss.item()).toBeCloseTo(5 / 4 ** 11, 12);
    expect(counts.open).toBe(0);
    await steps(1);
    expect(loss.itemSync()).toBeCloseTo(5 / 4 ** 11, 12);
    await steps(1);
    await engine.close();
    expect(counts.open).toBe(0);
  });

  test("inputs may be changed as soon as a step is under way", async (context) => {
    use(open(context));
    const p = new nn.Parameter(tensor([0]));
    const sgd = new optim.SGD([p], { lr: 1 });
    const input = new Float32Array(4);
    for (let i = 1; i <= 20; i++) {
      input.fill(i);
      sgd.zeroGrad();
      p.mul(fromOwned(input, [4]))
        .sum()
        .backward();
      await sgd.step();
      input.fill(1e9);
    }
    expect(await p.item()).toBe(-4 * 210);
  });

  test("a step may go on from what the one under way computes", async (context) => {
    use(open(context));
    const p = new nn.Parameter(tensor([1]));
    const sgd = new optim.SGD([p], { lr: 1 });
    let before: Tensor = tensor([0]);
    let expected = [1, 0] as [parameter: number, loss: number];
    for (let i = 0; i < 20; i++) {
      sgd.zeroGrad();
      const loss = p.mul(0.5).add(before.detach());
      loss.sum().backward();
      await sgd.step();
      before = loss;
      expected = [expected[0] - 0.5, expected[0] / 2 + expected[1]];
    }
    expect([await p.item(), await before.item()]).toEqual(expected);
  });

  test("steps that nobody awaits run one after the other", async (context) => {
    use(open(context));
    const p = new nn.Parameter(ones([3]));
    const sgd = new optim.SGD([p], { lr: 0.5 });
    const step = (): Promise<void> => {
      sgd.zeroGrad();
      p.square().sum().mul(0.5).backward();
      return sgd.step();
    };
    for (let i = 0; i < 5; i++) await step();
    await Promise.all([step(), step(), step()]);
    void step();
    void step();
    expect(await p.array()).toEqual(new Array(3).fill(0.5 ** 10));
  });
});

/** A device that begins programs, or runs them when a gate opens. Each launch calls `onRun` first. */
class Gated {
  readonly device: Device;
  /** What a program waits for that is not begun; null where programs are begun. */
  gate: Promise<void> | null = null;
  #begun: () => void = () => {};

  constructor(onRun: () => void = () => {}) {
    const device = createInterpreterDevice();
    const launch = (...args: Parameters<Device["runSync"]>): void => {
      onRun();
      device.runSync(...args);
    };
    const { name, threads, target, notes } = device;
    this.device = {
      ...{ name, threads, target, notes },
      allocate: (bytes) => device.allocate(bytes),
      free: (address) => device.free(address),
      get bytesInUse() {
        return device.bytesInUse;
      },
      view: (...args) => device.view(...args),
      compile: (program) => device.compile(program),
      run: async (...args) => {
        await this.gate;
        launch(...args);
      },
      begin: (...args) => {
        if (this.gate !== null) return null;
        this.#begun = () => launch(...args);
        return Promise.resolve();
      },
      runSync: launch,
      canWait: true,
      waitSync: () => {
        const run = this.#begun;
        this.#begun = () => {};
        run();
      },
      close: () => device.close(),
    };
  }
}

test("a read that waits behind a long program ends by itself, whoever steps meanwhile", async () => {
  const gated = new Gated();
  use(gated.device);
  const p = new nn.Parameter(ones([2]));
  const sgd = new optim.SGD([p], { lr: 0.5 });
  p.sum().backward();
  await currentEngine().flush();
  let open = (): void => {};
  gated.gate = new Promise((resolve) => {
    open = resolve;
  });
  const long = sgd.step();
  const read = p.mul(ones([9000, 2])).data();
  sgd.zeroGrad();
  const idle = sgd.step();
  open();
  await gated.gate;
  gated.gate = null;
  await Promise.all([long, idle]);
  expect((await read)[17_999]).toBe(0.5);
});

test("the inputs of a step are on the device before the one under way has ended, and its values are fetched later", async () => {
  const { device } = new Gated();
  const events: string[] = [];
  const { view, begin, waitSync } = device;
  device.view = (dtype, address, length) => {
    if (length === 5) events.push("input");
    if (length === 7) events.push("value");
    return view(dtype, address, length);
  };
  device.begin = (...launch) => {
    events.push("begin");
    return begin?.(...launch) ?? null;
  };
  device.waitSync = () => {
    events.push("wait");
    waitSync();
  };
  use(device);
  const p = new nn.Parameter(ones([7, 1]));
  const sgd = new optim.SGD([p], { lr: 1 });
  const sums: Tensor[] = [];
  for (let i = 0; i < 6; i++) {
    sgd.zeroGrad();
    const sum = p.mul(fromOwned(new Float32Array(5).fill(i), [5])).sum(1);
    sum.sum().backward();
    await sgd.step();
    sums.push(sum);
    if (i === 3) events.length = 0;
  }
  const step = ["input", "wait", "begin", "value"];
  expect(events).toEqual([...step, ...step]);
  // p falls by 5 i at step i: 1, 1, -4, -14, -29, -49.
  expect(await sums[5]?.array()).toEqual(new Array(7).fill(5 * 5 * -49));
  expect(await p.reshape([7]).array()).toEqual(new Array(7).fill(-74));
});

test("the first step reserves what later ones need, however late they overlap", async () => {
  const gated = new Gated();
  gated.gate = Promise.resolve();
  use(gated.device);
  const p = new nn.Parameter(ones([2]));
  const sgd = new optim.SGD([p], { lr: 0.5 });
  const step = (i: number): Promise<void> => {
    sgd.zeroGrad();
    p.mul(fromOwned(new Float32Array(2).fill(i), [2]))
      .sum()
      .backward();
    return sgd.step();
  };
  for (let i = 0; i < 5; i++) await step(i);
  const { bytesInUse } = gated.device;
  gated.gate = null;
  for (let i = 0; i < 5; i++) await step(i);
  expect(gated.device.bytesInUse).toBe(bytesInUse);
});

test("a step whose faster form is still being compiled ends with it", async () => {
  const gated = new Gated();
  const faster: BackgroundDevice = {
    ...gated.device,
    compileLater: async (program) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return gated.device.compile(program);
    },
  };
  useEngine(new Engine(gated.device, { faster: () => faster, fasterAt: () => 4 }));
  const p = new nn.Parameter(ones([2]));
  const sgd = new optim.SGD([p], { lr: 0.5 });
  for (let i = 0; i < 6; i++) {
    sgd.zeroGrad();
    p.sum().backward();
    await sgd.step();
  }
  expect(await p.array()).toEqual([-2, -2]);
});

describe("a step that fails", () => {
  const setUp = (at: number): { p: nn.Parameter; step: () => Promise<void> } => {
    let runs = 0;
    const failing = new Gated(() => {
      if (++runs === at) throw new EngineError("a program failed: out of luck");
    });
    use(failing.device);
    const p = new nn.Parameter(ones([2]));
    const sgd = new optim.SGD([p], { lr: 0.5 });
    const step = (): Promise<void> => {
      sgd.zeroGrad();
      p.sum().backward();
      return sgd.step();
    };
    return { p, step };
  };

  test("rejects the next one, once", async () => {
    const { step } = setUp(3);
    await step();
    await step();
    await expect(step()).rejects.toThrow("out of luck");
    await step();
    await step();
  });

  test("rejects the read behind it, blocking or not", async () => {
    for (const read of ["data", "dataSync"] as const) {
      const { p, step } = setUp(3);
      await step();
      await step();
      await expect((async () => p[read]())()).rejects.toThrow("out of luck");
      await p[read]();
    }
  });

  test("for want of memory for its inputs, is told as others are, and the one under way ends well", async () => {
    const { device } = new Gated();
    let isFull = false;
    const { allocate } = device;
    device.allocate = (bytes) => {
      if (isFull) throw new EngineError("out of memory: full");
      return allocate(bytes);
    };
    use(device);
    const p = new nn.Parameter(tensor([0]));
    const sgd = new optim.SGD([p], { lr: 1 });
    const step = (elements: number): Promise<void> => {
      sgd.zeroGrad();
      p.mul(ones([elements]).sum())
        .add(fromOwned(new Float32Array(elements), [elements]))
        .sum()
        .backward();
      return sgd.step();
    };
    for (let i = 0; i < 4; i++) await step(2);
    expect(await p.item()).toBe(4 * -4);
    await step(2);
    isFull = true;
    await expect(step(5000)).rejects.toThrow("out of memory: full");
    isFull = false;
    await currentEngine().flush();
    isFull = true;
    const read = fromOwned(new Float32Array(90_000), [90_000]).mul(2);
    await expect(read.data()).rejects.toThrow("out of memory: full");
  });

  test("does not keep anybody from printing, and is told afterwards", async () => {
    const { p, step } = setUp(3);
    await step();
    await step();
    expect(`${p}`).toMatch(/\[/);
    await expect(currentEngine().flush()).rejects.toThrow("out of luck");
    await currentEngine().flush();
  });
});
