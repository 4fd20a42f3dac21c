import { afterEach, expect, test } from "vitest";
import { createEngine, useEngine } from "../../src/engine/default.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { makeTrainer, weightBits } from "./small-net.test-helper.ts";

let engine: Engine | null = null;

afterEach(async () => {
  await engine?.close();
  engine = null;
});

async function train(threads: number): Promise<Record<string, string>> {
  await engine?.close();
  engine = createEngine({ engine: "wasm", threads });
  useEngine(engine);
  expect(engine.device.threads).toBe(threads);
  const { model, step } = makeTrainer();
  for (let i = 0; i < 50; i++) await step(i);
  return weightBits(model);
}

test("the same seed gives the same bits of all weights after 50 steps, on 1 and 2 threads, run after run", async () => {
  const first = await train(2);
  expect(Object.keys(first).length).toBe(16);
  expect(await train(2)).toEqual(first);
  expect(await train(1)).toEqual(first);
  expect(await train(3)).toEqual(first);
});
