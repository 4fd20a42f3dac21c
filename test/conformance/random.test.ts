/**
 * Random numbers depend on seed, draw and position alone: every engine, vector width and number of threads gives the
 * same ones.
 */
import { afterAll, expect, it } from "vitest";
import { useEngine } from "../../src/engine/default.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { normal01, uniform01 } from "../../src/ops/index.ts";
import { randint } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/generator.ts";
import { engines } from "./engines.ts";

const made: Engine[] = [];
afterAll(() => Promise.all(made.map((engine) => engine.close())));

const seed = 2 ** 40 + 123;

it("is the same on every engine, bit by bit for uniform numbers", async () => {
  const draws: {
    label: string;
    uniform: number[];
    double: number[];
    integers: number[];
    normal: number[];
  }[] = [];
  for (const [label, make] of Object.entries(engines)) {
    const engine = make();
    made.push(engine);
    useEngine(engine);
    const generator = new Generator(seed);
    const uniform = uniform01(generator.next(), [7, 11, 3], "float32");
    const double = uniform01(generator.next(), [67], "float64");
    const whole = randint(-50, 50, [31], { generator });
    const normal = normal01(generator.next(), [129], "float32");
    await engine.flush([uniform, double, whole.node, normal]);
    const list = async (node: typeof uniform): Promise<number[]> => Array.from(await engine.read(node));
    draws.push({
      label,
      uniform: await list(uniform),
      double: await list(double),
      integers: await list(whole.node),
      normal: await list(normal),
    });
  }
  const [first, ...others] = draws;
  expect(new Set(first?.uniform).size).toBeGreaterThan(225);
  for (const { label, uniform, double, integers, normal } of others) {
    expect({ uniform, double, integers }, label).toEqual({
      uniform: first?.uniform,
      double: first?.double,
      integers: first?.integers,
    });
    // Logarithm and cosine may differ in the last bit.
    normal.forEach((v, i) => {
      expect(Math.abs(v - (first?.normal[i] as number)), `${label}, element ${i}`).toBeLessThan(2e-6);
    });
  }
});
