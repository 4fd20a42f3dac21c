import { afterEach, describe, expect, test } from "vitest";
import { createEngine, useEngine } from "../../src/engine/default.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { findCompiler } from "../setup/neighbours.ts";
import { goingOver } from "./going-over.test-helper.ts";
import { makeTrainer, weightBits } from "./small-net.test-helper.ts";

let engine: Engine | null = null;

afterEach(async () => {
  await engine?.close();
  engine = null;
});

async function train(name: "wasm" | "native" | "auto", threads: number): Promise<Record<string, string>> {
  await engine?.close();
  engine = name === "auto" ? goingOver(threads) : createEngine({ engine: name, threads });
  useEngine(engine);
  expect(engine.device.threads).toBe(threads);
  const { model, step } = makeTrainer();
  for (let i = 0; i < 50; i++) await step(i);
  return weightBits(model);
}

describe.each(["wasm", "native", "auto"] as const)("%s", (name) => {
  test("the same seed gives the same bits of all weights after 50 steps, on 1 to 3 threads, run after run", async (context) => {
    const { missing } = findCompiler();
    context.skip(name !== "wasm" && missing !== undefined, missing);
    const first = await train(name, 2);
    expect(Object.keys(first).length).toBe(16);
    for (const threads of [2, 1, 3]) expect(await train(name, threads)).toEqual(first);
  }, 60_000);
});
