import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { useEngine } from "../../engine/default.ts";
import { Engine } from "../../engine/engine.ts";
import * as g from "../../graph/build.ts";
import { expandCalls } from "../../graph/expand.ts";
import type { Node } from "../../graph/node.ts";
import { walkGraph } from "../../graph/signature.ts";
import { expressionsIn } from "../../kernel/rewrite.ts";
import { verifyProgram } from "../../kernel/verify.ts";
import * as F from "../../nn/functional.ts";
import * as ops from "../../ops/index.ts";
import { createInterpreterDevice } from "../../runtime/interpreter-device.ts";
import { fromOwned } from "../../tensor/create.ts";
import { schedule } from "../schedule.ts";

/** How many blocks a program turns: by the shuffles in it, of which a block of 4 takes 8. */
function shufflesOf(root: Node): number {
  const { graph, of } = expandCalls(walkGraph([root]), [root]);
  const { program } = schedule({
    ...graph,
    wanted: [{ node: of(root), leaf: null }],
    target: { lanes: 4, registers: 16, fma: false, prefetch: false },
  });
  verifyProgram(program);
  return program.kernels.flatMap((k) => [...expressionsIn(k.body)]).filter((e) => e.kind === "shuffle")
    .length;
}

const source = (...shape: number[]): Node =>
  g.hostSource(new Float32Array(shape.reduce((p, s) => p * s, 1)), shape, "float32");

describe("what is turned", () => {
  test("an operand of a product that lies along the sum", () => {
    const product = ops.matmul(source(64, 64), g.permute(source(64, 64), [1, 0]));
    expect(shufflesOf(product)).toBeGreaterThan(0);
  });

  test("not what lies along both", () => {
    expect(shufflesOf(g.permute(source(4, 8, 16), [1, 0, 2]))).toBe(0);
    expect(shufflesOf(g.binary("add", source(8, 16), source(8, 16)))).toBe(0);
  });

  test("not axes shorter than a block", () => {
    expect(shufflesOf(g.permute(source(32, 3), [1, 0]))).toBe(0);
  });

  test("nor bytes and doubles", () => {
    const data = { float64: new Float64Array(256), uint8: new Uint8Array(256) };
    for (const dtype of ["float64", "uint8"] as const) {
      expect(shufflesOf(g.permute(g.hostSource(data[dtype], [16, 16], dtype), [1, 0]))).toBe(0);
    }
  });
});

describe("values", () => {
  const sizes = fc.record({
    lanes: fc.constantFrom(4, 8, 16),
    n: fc.integer({ min: 1, max: 2 }),
    c: fc.integer({ min: 1, max: 21 }),
    h: fc.integer({ min: 1, max: 5 }),
    w: fc.integer({ min: 1, max: 37 }),
    before: fc.integer({ min: 0, max: 3 }),
    after: fc.integer({ min: 0, max: 3 }),
  });

  test("are those of plain loops, for all sizes and paddings", async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ lanes, n, c, h, w, before, after }) => {
        const engine = new Engine(createInterpreterDevice({ lanes }));
        const previous = useEngine(engine);
        try {
          const x = fromOwned(
            Float32Array.from({ length: n * c * h * w }, (_, i) => i + 1),
            [n, c, h, w],
          );
          const padded = F.pad(x, [before, after, before, after]);
          const turned = await padded.mul(2).permute([0, 2, 3, 1]).add(1).data();
          const [height, width] = [h + before + after, w + before + after];
          const expected = Array.from({ length: n * height * width * c }, (_, at) => {
            const [channel, column] = [at % c, (Math.floor(at / c) % width) - before];
            const row = (Math.floor(at / c / width) % height) - before;
            const image = Math.floor(at / c / width / height);
            const inside = row >= 0 && row < h && column >= 0 && column < w;
            return inside ? 2 * (((image * c + channel) * h + row) * w + column + 1) + 1 : 1;
          });
          expect(Array.from(turned)).toEqual(expected);
        } finally {
          if (previous !== null) useEngine(previous);
          await engine.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});
