import { afterEach, describe, expect, test } from "vitest";
import * as nn from "../nn/index.ts";
import { createInterpreterDevice } from "../runtime/interpreter-device.ts";
import { createWasmDevice } from "../runtime/wasm/device.ts";
import { fromOwned, randn, tensor } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { currentEngine, useEngine } from "./default.ts";
import { Engine } from "./engine.ts";
import type { LaunchTiming } from "./profile.ts";

let before: Engine | null = null;

afterEach(async () => {
  await currentEngine().close();
  if (before !== null) useEngine(before);
});

async function step(w: Tensor): Promise<void> {
  w.add_(w.matmul(w).mul(0.01));
  await currentEngine().flush();
}

function weights(): Tensor {
  return tensor(
    Array.from({ length: 8 }, (_, i) => Array.from({ length: 8 }, (_, j) => Math.sin(8 * i + j))),
  ).persist();
}

describe.each([
  ["interpreter", createInterpreterDevice],
  ["wasm", createWasmDevice],
] as const)("a profile on %s", (name, createDevice) => {
  const use = async () => {
    before = useEngine(new Engine(await createDevice()));
    return currentEngine();
  };

  test("holds the kernels in order, within the wall's time, and changes no bit of the state", async () => {
    const engine = await use();
    const plain = weights();
    for (let i = 0; i < 3; i++) await step(plain);
    const profiled = weights();
    const { device, kernels, wallMs } = await engine.profile(async () => {
      for (let i = 0; i < 3; i++) await step(profiled);
    });
    expect(await profiled.array()).toEqual(await plain.array());
    expect(device).toBe(name);
    expect(kernels.reduce((sum, k) => sum + k.flops, 0)).toBeGreaterThanOrEqual(3 * 2 * 8 ** 3);
    expect(new Set(kernels.map((k) => k.launch))).toEqual(new Set([0, 1, 2]));
    const inOrder = [...kernels].sort((a, b) => a.launch - b.launch || a.startMs - b.startMs);
    expect(kernels).toEqual(inOrder);
    expect(kernels.reduce((sum, k) => sum + k.ms, 0)).toBeLessThanOrEqual(wallMs);
  });

  test("says of each kernel what it does, and of each run when it was", async () => {
    const engine = await use();
    const w = weights();
    await engine.flush();
    const { kernels, launches, wallMs } = await engine.profile(async () => {
      await step(w);
      await w.exp().sum(1).max().item();
    });
    expect(kernels.map((k) => k.name)).toEqual([
      "contraction 8x8 over 8: mul",
      "map 8x8: add",
      "map 8x8: exp",
      "reduce 8 over 8: sum",
      "reduce 1 over 8: max",
    ]);
    expect(launches).toHaveLength(2);
    const [first, second] = launches as [LaunchTiming, LaunchTiming];
    expect(first.startMs).toBeGreaterThan(0);
    expect(first.startMs + first.ms).toBeLessThanOrEqual(second.startMs);
    expect(second.startMs + second.ms).toBeLessThanOrEqual(wallMs);
  });

  test("counts the bytes of a value twice that is read and overwritten", async () => {
    const engine = await use();
    const w = weights();
    await engine.flush();
    const { kernels } = await engine.profile(async () => {
      w.mul_(w);
      await engine.flush();
    });
    expect(kernels).toMatchObject([{ name: "map 8x8: mul", flops: 64, bytes: 2 * 4 * 64 }]);
  });

  test("counts the bytes of zeros and of the value between them apart, though they lie in one memory", async () => {
    const engine = await use();
    const model = new nn.Sequential(
      new nn.Conv2d(2, 16, 1),
      new nn.ReLU(),
      new nn.Conv2d(16, 4, 3, { padding: 1 }),
    );
    const x = fromOwned(new Float32Array(4 * 2 * 64), [4, 2, 8, 8]);
    await engine.flush();
    const { kernels } = await engine.profile(async () => {
      await noGrad(() => model(x)).data();
    });
    const bytesIn = (name: string): number | undefined => kernels.find((k) => k.name.startsWith(name))?.bytes;
    expect(bytesIn("margin 4x16x10x10")).toBe(4 * 4 * 16 * (100 - 64));
    const [image, weight, bias, result] = [4 * 2 * 64, 16 * 2, 16, 4 * 16 * 64];
    expect(bytesIn("contraction 4x16x8x8")).toBe(4 * (image + weight + bias + result));
  });

  test("is refused inside another, and a function that throws leaves the engine usable", async () => {
    const engine = await use();
    await expect(engine.profile(() => engine.profile(() => 0))).rejects.toThrow(
      "a profile is being taken already",
    );
    const failing = engine.profile(() => {
      throw new Error("mine");
    });
    await expect(failing).rejects.toThrow("mine");
    // What it had started may end: its code is given back only then.
    const running: Promise<number>[] = [];
    const started = engine.profile(() => {
      running.push(tensor([1, 2, 3]).square().sum().item());
      throw new Error("late");
    });
    await expect(started).rejects.toThrow("late");
    expect(await running[0]).toBe(14);
    expect(await tensor([1, 2]).sum().item()).toBe(3);
    expect((await engine.profile(() => tensor([1, 2]).sum().item())).kernels.length).toBeGreaterThan(0);
  });

  test("takes no kernel for faster than the machine, however late a thread comes", async () => {
    const engine = await use();
    const [n, runs] = name === "wasm" ? [192, 200] : [8, 2];
    const x = randn([n, n]).persist();
    const { kernels, peak } = await engine.profile(async () => {
      for (let i = 0; i < runs; i++) {
        await x.matmul(x).array();
        // Threads fall asleep meanwhile.
        if (name === "wasm") await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
    const products = kernels.filter((k) => k.name.startsWith("contraction"));
    expect(products).toHaveLength(runs);
    const faster = products.filter((k) => k.flops / k.ms / 1e6 > 2 * peak.gflops);
    expect(faster.length).toBeLessThan(3);
  });
});
