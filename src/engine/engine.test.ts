import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { scalar } from "../graph/build.ts";
import * as ops from "../ops/index.ts";
import type { Device } from "../runtime/device.ts";
import { createInterpreterDevice } from "../runtime/interpreter-device.ts";
import { createWasmDevice } from "../runtime/wasm/device.ts";
import { arange, fromOwned, ones, randn, tensor, zeros } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { createEngine, currentEngine, useEngine } from "./default.ts";
import { Engine } from "./engine.ts";

let before: Engine | null = null;

function use(device: Device): Engine {
  const engine = new Engine(device);
  before = useEngine(engine);
  return engine;
}

beforeEach(() => {
  use(createInterpreterDevice());
});
afterEach(async () => {
  await currentEngine().close();
  if (before !== null) useEngine(before);
});

/** More than the 64 KB that are kept without being asked for. */
const large = [20_000];

async function stored(values: number[]): Promise<Tensor> {
  const t = tensor(values).persist();
  await currentEngine().flush();
  return t;
}

describe("what a flush leaves behind", () => {
  test("small values made before an update can be read after it", async () => {
    const p = await stored([1, 2, 3]);
    const seen = p.mul(10);
    p.add_(1);
    await currentEngine().flush();
    expect([await seen.array(), await p.array()]).toEqual([
      [10, 20, 30],
      [2, 3, 4],
    ]);
  });

  test("a large value is computed when it is read, while its inputs are unchanged", async () => {
    const p = await stored([1, 2]);
    const wide = ones(large).mul(p.sum());
    await currentEngine().flush();
    const { launches } = currentEngine().stats;
    expect((await wide.data())[19_999]).toBe(3);
    expect(currentEngine().stats.launches).toBe(launches + 1);
    await wide.data();
    expect(currentEngine().stats.launches).toBe(launches + 1);
  });

  test("a large value whose inputs have changed names the way out, which works", async () => {
    const p = await stored([1, 2]);
    const [lost, kept] = [ones([10_000, 2]).mul(p), ones([10_000, 2]).mul(p).keep()];
    p.add_(1);
    await currentEngine().flush();
    await expect(lost.data()).rejects.toThrow(
      /shape \[10000, 2\].*a parameter or buffer it depends on was updated.*\.keep\(\)/,
    );
    expect(() => lost.dataSync()).toThrow(/\.keep\(\)/);
    expect((await kept.data())[1]).toBe(2);
  });

  test("a large value made of a small one that was kept can still be computed after the update", async () => {
    const p = await stored([1, 2]);
    const value = ones(large).mul(p.sum());
    p.add_(1);
    await currentEngine().flush();
    expect((await value.data())[0]).toBe(3);
  });

  test("a read that fails loses nothing that was pending", async () => {
    const p = await stored([1, 2]);
    const lost = ones([10_000, 2]).mul(p);
    p.add_(1);
    await currentEngine().flush();
    p.mul_(2);
    const seen = p.add(100);
    await expect(lost.data()).rejects.toThrow(/keep/);
    p.zero_();
    await currentEngine().flush();
    expect([await seen.array(), await p.array()]).toEqual([
      [104, 106],
      [0, 0],
    ]);
  });

  test("what was read is a copy of its own", async () => {
    const p = await stored([1, 2]);
    const data = await p.data();
    data[0] = 99;
    expect(await p.array()).toEqual([1, 2]);
  });

  test("a detached view that was not read sees its base change, a clone does not", async () => {
    const p = await stored([1, 2]);
    const [view, copy] = [p.detach(), p.clone()];
    p.add_(1);
    expect([await view.array(), await copy.array()]).toEqual([
      [2, 3],
      [1, 2],
    ]);
  });
});

describe("programs", () => {
  test("are found again when only numbers change", async () => {
    const p = await stored([1, 2, 3]);
    const step = (rate: number): Promise<void> => {
      p.assignNode(ops.sub(p.node, scalar(rate, "float32")));
      return currentEngine().flush();
    };
    await step(0.5);
    const { compilations } = currentEngine().stats;
    await step(0.25);
    await step(0.125);
    expect(currentEngine().stats.compilations).toBe(compilations);
    expect(await p.array()).toEqual([0.125, 1.125, 2.125]);
  });

  test("a first value and a value for the host of one structure are two programs", async () => {
    // The first goes to storage of its own, the second to the staging area, where it must not meet its operand.
    const turned = (values: number[]): Tensor => tensor(values).flip([0]);
    const p = turned([1, 2, 3]).persist();
    await currentEngine().flush();
    expect([await turned([4, 5, 6]).array(), await p.array()]).toEqual([
      [6, 5, 4],
      [3, 2, 1],
    ]);
  });

  test("host data that is used again stays on the device", async () => {
    const data = new Float32Array(4096).fill(2);
    const x = fromOwned(data, [4096]);
    const bytes = (): number => currentEngine().stats.deviceBytes;
    await x.sum().item();
    const first = bytes();
    await x.sum().item();
    const second = bytes();
    expect(second).toBe(first + data.byteLength);
    expect(await x.sum().item()).toBe(8192);
    expect(bytes()).toBe(second);
  });
});

describe.each<[string, () => Device]>([
  ["interpreter", () => createInterpreterDevice()],
  ["wasm, 2 threads", () => createWasmDevice({ threads: 2 })],
])("several flushes at a time on %s", (_, device) => {
  beforeEach(() => {
    use(device());
  });

  test("run one after the other, in the order they were asked for", async () => {
    const p = await stored([1]);
    const seen: Tensor[] = [];
    const flushes: Promise<void>[] = [];
    for (let i = 0; i < 4; i++) {
      p.mul_(i + 2);
      seen.push(p.add(0.5));
      flushes.push(currentEngine().flush());
    }
    await Promise.all(flushes);
    expect(await Promise.all(seen.map((t) => t.item()))).toEqual([2.5, 6.5, 24.5, 120.5]);
  });

  test("a value of a program in flight is an operand of the next", async () => {
    const p = await stored([2]);
    const first = p.mul(3);
    void currentEngine().flush();
    const second = first.add(1);
    void currentEngine().flush();
    expect([await second.item(), await first.item()]).toEqual([7, 6]);
  });

  test("a blocking flush waits for those in flight", async () => {
    const p = await stored([1]);
    p.add_(1);
    const inFlight = currentEngine().flush();
    p.add_(1);
    expect(p.mul(10).itemSync()).toBe(30);
    await inFlight;
    expect(await p.item()).toBe(3);
  });
});

/** A device whose runs of chosen numbers fail. */
function failing(runs: readonly number[]): Device {
  const device = createInterpreterDevice();
  let count = 0;
  const check = (): void => {
    if (runs.includes(++count)) throw new Error(`run ${count} was made to fail`);
  };
  // Its asynchronous form uses the blocking one.
  const { runSync } = device;
  device.runSync = (...args) => {
    check();
    runSync.apply(device, args);
  };
  return device;
}

describe("a program that fails", () => {
  test("rejects its flush and whoever reads a value of it; the next one runs", async () => {
    use(failing([1]));
    const x = tensor([1, 2]);
    const y = x.mul(2);
    await expect(currentEngine().flush()).rejects.toThrow("run 1 was made to fail");
    await expect(y.array()).rejects.toThrow(/failed/);
    await expect(y.add(1).array()).rejects.toThrow(/failed/);
    expect(await x.mul(3).array()).toEqual([3, 6]);
  });

  test("rejects a reader that was waiting", async () => {
    use(failing([1]));
    await expect(tensor([1, 2]).mul(2).array()).rejects.toThrow("run 1 was made to fail");
  });

  test("throws from a blocking flush, as the second of two as well", async () => {
    use(failing([1, 4]));
    expect(() => tensor([1]).add(1).itemSync()).toThrow("run 1 was made to fail");
    const p = await stored([1]);
    void currentEngine().flush();
    const y = p.add(1);
    const inFlight = currentEngine().flush();
    const z = p.add(2);
    expect(() => z.itemSync()).toThrow("run 4 was made to fail");
    await inFlight;
    expect(await y.item()).toBe(2);
  });

  test("that nobody waits for does not end the process", async () => {
    use(failing([1]));
    ones([2]).add(1);
    void currentEngine().flush();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await ones([2]).add(1).array()).toEqual([2, 2]);
  });
});

describe("another engine", () => {
  const elsewhere = /shape \[2\]\) is in the memory of another engine.*call useEngine before tensors/;

  test("refuses what lies in the memory of the one before, rather than read its own at that place", async () => {
    const p = await stored([1, 2]);
    const q = await stored([3, 4]);
    const first = currentEngine();
    const second = new Engine(createInterpreterDevice());
    useEngine(second);
    await expect(p.data()).rejects.toThrow(elsewhere);
    expect(() => p.dataSync()).toThrow(elsewhere);
    expect(() => p.mul(2).dataSync()).toThrow(elsewhere);
    q.copy_(tensor([5, 6]));
    expect(() => currentEngine().flushSync()).toThrow(elsewhere);
    expect(String(p)).toBe("tensor(<not computed yet>, shape=[2])");
    expect(await tensor([1, 2]).mul(2).array()).toEqual([2, 4]);
    useEngine(first);
    await second.close();
    expect(await p.array()).toEqual([1, 2]);
  });
});

describe("memory", () => {
  test("is after 500 steps what it was after 10, with values taken in every step", async () => {
    const engine = use(createWasmDevice({ threads: 1 }));
    const w = randn([8, 8]).persist().requiresGrad_();
    const x = randn([16, 8]);
    const taken: Tensor[] = [];
    let early = 0;
    for (let step = 0; step < 500; step++) {
      w.grad = null;
      const y = x.matmul(w);
      y.registerHook((g) => {
        taken.push(g.abs().mean(), y.amax());
      });
      y.mul(y).mean().backward();
      noGrad(() => w.assignNode(ops.sub(w.node, ops.mul((w.grad as Tensor).node, scalar(0.01, "float32")))));
      await engine.flush();
      if (step === 9) early = engine.stats.deviceBytes;
    }
    expect(engine.stats.deviceBytes).toBe(early);
    expect(engine.stats.compilations).toBeLessThanOrEqual(4);
    const values = await Promise.all(taken.map((t) => t.item()));
    expect(values).toHaveLength(1000);
    expect(values.every((v) => Number.isFinite(v))).toBe(true);
    // Gradients shrink as the loss goes to its minimum.
    expect(values[998]).toBeLessThan(values[0] as number);
  });

  test("a graph that grows without end is flushed by itself", async () => {
    let sum = zeros([]);
    for (let i = 0; i < 4100; i++) sum = sum.add(1);
    expect(currentEngine().stats.launches).toBeGreaterThan(0);
    expect(await sum.item()).toBe(4100);
  });
});

describe("choosing an engine", () => {
  test("by name; an unknown one is refused", async () => {
    const engine = createEngine({ engine: "interpreter" });
    expect(engine.device.name).toBe("interpreter");
    await engine.close();
    expect(() => createEngine({ device: "interpreter" } as object)).toThrow(
      'createEngine: there is no option "device"; there are { engine, threads, strict }',
    );
    expect(() => createEngine({ engine: "cuda" as "wasm" })).toThrow(
      'engine "cuda" is unknown; use auto, wasm, native or interpreter',
    );
  });

  test("the same numbers come from both devices", async () => {
    const compute = (): Promise<unknown> => {
      const x = arange(12).to("float32").reshape([3, 4]);
      return x.matmul(x.t()).sum(0).array();
    };
    const interpreted = await compute();
    use(createWasmDevice({ threads: 2 }));
    expect(await compute()).toEqual(interpreted);
  });
});
