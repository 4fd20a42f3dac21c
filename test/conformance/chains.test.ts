/**
 * Random chains of views, elementwise operations, reductions and products: values against plain lists, on wasm and on
 * the interpreter, with some intermediate values asked for too; and gradients of linear chains against their transpose.
 */
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autograd/backward.ts";
import { sizeOf } from "../../src/base/shape.ts";
import { useEngine } from "../../src/engine/default.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { hostSource } from "../../src/graph/build.ts";
import { type Both, follow, linear } from "./chains.ts";
import { engines } from "./engines.ts";

const shapes = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 });
const seeds = fc.array(fc.integer({ min: 0, max: 2 ** 31 }), { minLength: 1, maxLength: 7 });

function startOf(shape: readonly number[]): Both {
  const data = Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7) % 11) - 4);
  return { node: hostSource(Float64Array.from(data), shape, "float64"), plain: { shape, data } };
}

/** -0 and 0 are the same here. */
const unsigned = (data: ArrayLike<number>): number[] => Array.from(data, (v) => v + 0);

for (const label of ["wasm, 2 threads", "interpreter, 4 lanes", "interpreter, 16 lanes"]) {
  describe(label, () => {
    const engine = engines[label]?.() as Engine;
    afterAll(() => engine.close());

    it("computes chains", async () => {
      const chain = fc.tuple(shapes, seeds, fc.nat());
      await fc.assert(
        fc.asyncProperty(chain, async ([shape, steps, pick]) => {
          useEngine(engine);
          const values = follow(startOf(shape), steps);
          const wanted = values.filter((_, i) => i === values.length - 1 || (pick >> i) % 4 === 0);
          await engine.flush(wanted.map((v) => v.node));
          for (const v of wanted) {
            expect(v.node.shape).toEqual(v.plain.shape);
            expect(unsigned(await engine.read(v.node))).toEqual(unsigned(v.plain.data));
          }
        }),
        { numRuns: 120, seed: 1 },
      );
    });

    it("gives linear chains their transpose as gradient", async () => {
      await fc.assert(
        fc.asyncProperty(shapes, seeds, async (shape, steps) => {
          useEngine(engine);
          const start = startOf(shape);
          start.node.requiresGrad = true;
          start.node.leaf = start;
          const end = follow(start, steps, linear).pop() as Both;
          const weights = end.plain.data.map((_, i) => ((i * 5) % 7) - 3);
          const seed = hostSource(Float64Array.from(weights), end.plain.shape, "float64");
          const found = backward([{ node: end.node, seed }], (n) => n.leaf !== null, {
            retainGraph: false,
            createGraph: false,
          });
          const gradient = await engine.read(found.get(start.node) as typeof start.node);
          // <f(x), v> = <x, f'(v)>
          const forward = end.plain.data.reduce((sum, v, i) => sum + v * (weights[i] as number), 0);
          const back = start.plain.data.reduce((sum, v, i) => sum + v * (gradient[i] as number), 0);
          expect(back).toBe(forward);
        }),
        { numRuns: 80, seed: 2 },
      );
    });
  });
}
