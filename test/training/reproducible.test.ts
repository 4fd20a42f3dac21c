import { afterEach, describe, expect, test } from "vitest";
import { createEngine, useEngine } from "../../src/engine/default.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { findCompiler } from "../setup/neighbours.ts";
import { goingOver } from "./going-over.test-helper.ts";
import { makeTrainer, type Widths, weightBits } from "./small-net.test-helper.ts";

let engine: Engine | null = null;

afterEach(async () => {
  await engine?.close();
  engine = null;
});

interface Run {
  readonly weights: Record<string, string>;
  /** Names of the kernels that were compiled first. */
  readonly kernels: ReadonlySet<string>;
}

interface Net {
  readonly net: string;
  readonly batch: number;
  readonly widths: Widths;
  readonly winograd: boolean;
}

async function train(
  name: "wasm" | "native" | "auto",
  threads: number,
  { batch, widths }: Net,
): Promise<Run> {
  await engine?.close();
  engine = name === "auto" ? goingOver(threads) : createEngine({ engine: name, threads });
  useEngine(engine);
  expect(engine.device.threads).toBe(threads);
  const kernels = new Set<string>();
  const compile = engine.device.compile.bind(engine.device);
  engine.device.compile = (program) => {
    for (const kernel of program.kernels) kernels.add(kernel.name);
    return compile(program);
  };
  const { model, step } = makeTrainer(batch, widths);
  for (let i = 0; i < 50; i++) await step(i);
  return { weights: await weightBits(model), kernels };
}

const nets: readonly Net[] = [
  { net: "a small net", batch: 16, widths: [8, 12], winograd: false },
  { net: "one with a convolution by Winograd's algorithm", batch: 48, widths: [32, 40], winograd: true },
];

describe.each(["wasm", "native", "auto"] as const)("%s", (name) => {
  for (const net of nets) {
    test(`the same seed gives the same bits of all weights after 50 steps, on 1 to 3 threads, run after run: ${net.net}`, async (context) => {
      const { missing } = findCompiler();
      context.skip(name !== "wasm" && missing !== undefined, missing);
      const first = await train(name, 2, net);
      expect(first.kernels.has("winograd")).toBe(net.winograd);
      expect(Object.keys(first.weights).length).toBe(16);
      for (const threads of [2, 1, 3]) {
        expect((await train(name, threads, net)).weights).toEqual(first.weights);
      }
    }, 60_000);
  }
});
