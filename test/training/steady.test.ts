import v8 from "node:v8";
import vm from "node:vm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createEngine, currentEngine, useEngine } from "../../src/engine/default.ts";
import type { nn, Tensor } from "../../src/index.ts";
import { findCompiler } from "../setup/neighbours.ts";
import { makeTrainer } from "./small-net.test-helper.ts";

v8.setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("gc") as () => void;

/** Bytes in use after everything unreachable has been collected; finalisers run between the collections. */
async function settled(): Promise<{ heap: number; external: number; device: number }> {
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((done) => setTimeout(done, 5));
  }
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, external, device: currentEngine().stats.deviceBytes };
}

// One native thread, since several that share their cores with other tests would mostly wait for each other.
describe.each([
  { name: "wasm", threads: 2 },
  { name: "native", threads: 1 },
] as const)("on $name", ({ name, threads }) => {
  const { missing } = name === "native" ? findCompiler() : {};
  beforeAll(() => {
    if (missing === undefined) useEngine(createEngine({ engine: name, threads }));
  });
  beforeEach((context) => {
    context.skip(missing !== undefined, missing);
  });
  afterAll(async () => {
    if (missing === undefined) await currentEngine().close();
  });

  test("10,000 steps compile nothing after the first and leave memory where it was after step 100", async () => {
    const { model, step } = makeTrainer(8);
    const means: Tensor[] = [];
    const relu = model.get(2) as nn.Module;
    // Statistics taken in a hook are small values like any other; the last hundred of them stay readable.
    relu.registerForwardHook((_module, _inputs, output) => {
      means.push((output as Tensor).mean());
      if (means.length > 100) means.shift();
    });
    await step(0);
    const { compilations } = currentEngine().stats;
    for (let i = 1; i <= 100; i++) await step(i);
    const before = await settled();
    for (let i = 101; i <= 10_000; i++) await step(i);
    const after = await settled();
    expect(currentEngine().stats.compilations).toBe(compilations);
    expect(after.device).toBeLessThanOrEqual(before.device);
    expect(after.heap - before.heap).toBeLessThan(2 * 2 ** 20);
    expect(after.external - before.external).toBeLessThan(2 * 2 ** 20);
    const values = await Promise.all(means.map((m) => m.item()));
    expect(values.every((v) => Number.isFinite(v) && v > 0)).toBe(true);
  }, 240_000);

  test("a hook can keep mean and std of a layer at every step, and all of them are readable after training", async () => {
    const { model, step } = makeTrainer(8);
    const seen: { mean: Tensor; std: Tensor }[] = [];
    for (const at of [2, 6]) {
      (model.get(at) as nn.Module).registerForwardHook((_module, _inputs, output) => {
        const x = output as Tensor;
        seen.push({ mean: x.mean(), std: x.std() });
      });
    }
    const losses: Tensor[] = [];
    for (let i = 0; i < 60; i++) losses.push(await step(i));
    const values = await Promise.all(seen.flatMap((s) => [s.mean.item(), s.std.item()]));
    expect(values.length).toBe(240);
    expect(values.every((v) => Number.isFinite(v) && v > 0)).toBe(true);
    expect(new Set(values.map((v) => v.toFixed(7))).size).toBeGreaterThan(200);
    const read = await Promise.all(losses.map((l) => l.item()));
    expect(read.every(Number.isFinite)).toBe(true);
  });
});
