import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { useEngine } from "../../engine/default.ts";
import { Engine } from "../../engine/engine.ts";
import * as g from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { define, int } from "../../kernel/build.ts";
import type { Kernel } from "../../kernel/ir.ts";
import { printKernel } from "../../kernel/print.ts";
import { runKernel } from "../../kernel/run-kernel.test-helper.ts";
import * as ops from "../../ops/index.ts";
import { createInterpreterDevice } from "../../runtime/interpreter-device.ts";
import { countExpressions, kernelsOf } from "./expressions.test-helper.ts";

/** How many blocks a program turns: by the shuffles in it, of which a block of 4 takes 8. */
const shufflesOf = (root: Node): number => countExpressions(root, (e) => e.kind === "shuffle");

const source = (...shape: number[]): Node =>
  g.hostSource(new Float32Array(shape.reduce((p, s) => p * s, 1)), shape, "float32");

describe("what is turned", () => {
  test("a transpose", () => expect(shufflesOf(g.permute(source(32, 16), [1, 0]))).toBe(8));

  test("a transpose of a matrix whose sides no block divides", () => {
    for (const [rows, columns] of [
      [33, 16],
      [32, 17],
      [35, 18],
    ] as const)
      expect(shufflesOf(g.permute(source(rows, columns), [1, 0]))).toBe(8);
  });

  test("not a matrix of a few columns that no block divides", () => {
    expect(shufflesOf(g.permute(source(64, 10), [1, 0]))).toBe(0);
  });

  test("padding, with the rows outside apart", () => {
    const padded = g.pad(source(2, 16, 8, 8), [0, 0, 1, 1], [0, 0, 1, 1], 0);
    expect(shufflesOf(g.permute(padded, [0, 2, 3, 1]))).toBe(8);
  });

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

/** The variables of a kernel's loops and of its chunks, from the outermost on. */
function walkOf(root: Node): string[] {
  const [kernel] = kernelsOf(root);
  const named = printKernel(kernel as Kernel).matchAll(/^ *(?:let|loop) (line|v\d+)\./gm);
  return [...named].map((m) => m[1] as string);
}

describe("blocks are walked as what is stored lies in memory", () => {
  test("images one after the other", () => {
    expect(walkOf(g.permute(source(16, 40, 64), [2, 1, 0])).slice(0, 2)).toEqual(["line", "v1"]);
  });

  test("the pixels of an image one after the other", () => {
    expect(walkOf(g.permute(source(40, 16, 64), [0, 2, 1])).slice(0, 2)).toEqual(["v0", "line"]);
  });
});

describe("elements that are read of a row before the next one", () => {
  /** Of a matrix that is turned in blocks of four. */
  const readAtOnce = (rows: number, columns: number): number => {
    const [kernel] = kernelsOf(g.permute(source(rows, columns), [1, 0]));
    const [, blocks] = /first.*line\S* \* (\d+)/.exec(printKernel(kernel as Kernel)) ?? [];
    return 4 * Number(blocks ?? 1);
  };

  test("are those of four cache lines where what is stored of them lies near, or else of one", () => {
    expect(readAtOnce(784, 256)).toBe(64);
    expect(readAtOnce(2000, 256)).toBe(16);
  });

  test("are fewer where lines that are stored would displace each other", () => {
    expect([readAtOnce(128, 256), readAtOnce(256, 256), readAtOnce(512, 64)]).toEqual([32, 16, 8]);
    expect(readAtOnce(1024, 64)).toBe(4);
  });

  test("are at least a line where lines of the rows displace each other, too", () => {
    expect(readAtOnce(1024, 1024)).toBe(16);
  });
});

/** What one chunk of a kernel stores, into a buffer of zeros: the places that are not zero after it. */
function storedBy(kernel: Kernel, chunk: number): number[] {
  const own = { ...kernel.chunk, id: 10_000, name: "only" };
  const alone = {
    ...kernel,
    chunks: 1,
    chunk: own,
    body: [define(kernel.chunk, int(chunk)), ...kernel.body],
  };
  const ones = kernel.buffers.map(({ access, size }) =>
    access === "read" ? new Float32Array(size).fill(1) : undefined,
  );
  const results = runKernel(alone, ones);
  const target = results[kernel.buffers.findIndex((b) => b.access === "write")] as ArrayLike<number>;
  return Array.from(target).flatMap((value, at) => (value === 0 ? [] : [at]));
}

test("each element is stored by one chunk, also where a last block begins inside the one before", () => {
  for (const [rows, columns] of [
    [258, 1023],
    [1022, 132],
    [413, 257],
    [1024, 128],
  ] as const) {
    const [kernel] = kernelsOf(g.permute(source(rows, columns), [1, 0])) as [Kernel];
    const stored = Array.from({ length: kernel.chunks }, (_, chunk) => storedBy(kernel, chunk)).flat();
    expect(stored.toSorted((a, b) => a - b)).toEqual(Array.from({ length: rows * columns }, (_, i) => i));
    expect(kernel.chunks).toBeGreaterThan(1);
  }
});

test("lines that would displace each other are stored whole, unless memory has to follow them", () => {
  const isInTiles = (rows: number, columns: number): boolean => {
    const [kernel] = kernelsOf(g.permute(source(rows, columns), [1, 0])) as [Kernel];
    return printKernel(kernel).includes("loop tile.");
  };
  expect([isInTiles(1024, 1024), isInTiles(4096, 512)]).toEqual([true, true]);
  expect([isInTiles(512, 512), isInTiles(1000, 1000), isInTiles(2048, 2048)]).toEqual([false, false, false]);
});

describe("values", () => {
  const sides = fc.record({
    lanes: fc.constantFrom(4, 8, 16),
    rows: fc.integer({ min: 1, max: 90 }),
    columns: fc.integer({ min: 1, max: 90 }),
  });

  test("of a matrix are those of its transpose", async () => {
    const examples = [4, 8].map((lanes): [{ lanes: number; rows: number; columns: number }] => [
      { lanes, rows: 1024, columns: 128 },
    ]);
    await fc.assert(
      fc.asyncProperty(sides, async ({ lanes, rows, columns }) => {
        const engine = new Engine(createInterpreterDevice({ lanes }));
        const data = Float32Array.from({ length: rows * columns }, (_, i) => i);
        const turned = await engine.read(g.permute(g.hostSource(data, [rows, columns], "float32"), [1, 0]));
        const expected = Array.from(data, (_, at) => (at % rows) * columns + Math.floor(at / rows));
        expect(Array.from(turned)).toEqual(expected);
        await engine.close();
      }),
      { numRuns: 60, examples },
    );
  });

  const sizes = fc.record({
    lanes: fc.constantFrom(4, 8, 16),
    n: fc.integer({ min: 1, max: 2 }),
    c: fc.integer({ min: 1, max: 21 }),
    h: fc.integer({ min: 1, max: 5 }),
    w: fc.integer({ min: 1, max: 37 }),
    before: fc.integer({ min: 0, max: 3 }),
    after: fc.integer({ min: 0, max: 3 }),
    /** Whether columns are padded as well as rows. */
    sides: fc.boolean(),
  });

  test("are those of plain loops, for all sizes and paddings, with a padded column that is the same along both axes", async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ lanes, n, c, h, w, before, after, sides }) => {
        const engine = new Engine(createInterpreterDevice({ lanes }));
        const previous = useEngine(engine);
        try {
          const numbers = (length: number): Float32Array<ArrayBuffer> =>
            Float32Array.from({ length }, (_, i) => i + 1);
          const [x, rows] = [
            g.hostSource(numbers(n * c * h * w), [n, c, h, w], "float32"),
            g.hostSource(numbers(h), [1, 1, h, 1], "float32"),
          ];
          const around = (node: Node, edges: readonly number[]): Node => {
            const by = (width: number): number[] => edges.map((edge) => edge * width);
            return g.pad(node, by(before), by(after), 0);
          };
          // Nodes, not tensors: what user code makes on the way would be computed apart.
          const sum = ops.add(
            ops.mul(around(x, [0, 0, 1, sides ? 1 : 0]), g.scalar(2, "float32")),
            around(rows, [0, 0, 1, 0]),
          );
          const turned = await engine.read(g.permute(sum, [0, 2, 3, 1]));
          const height = h + before + after;
          const [left, width] = sides ? [before, w + before + after] : [0, w];
          const expected = Array.from({ length: n * height * width * c }, (_, at) => {
            const [channel, column] = [at % c, (Math.floor(at / c) % width) - left];
            const row = (Math.floor(at / c / width) % height) - before;
            const image = Math.floor(at / c / width / height);
            if (row < 0 || row >= h) return 0;
            const inside = column >= 0 && column < w;
            return row + 1 + (inside ? 2 * (((image * c + channel) * h + row) * w + column + 1) : 0);
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
