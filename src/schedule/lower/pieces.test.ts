import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sizeOf } from "../../base/shape.ts";
import { Engine } from "../../engine/engine.ts";
import * as g from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import * as ops from "../../ops/index.ts";
import { createInterpreterDevice } from "../../runtime/interpreter-device.ts";
import { countExpressions } from "./expressions.test-helper.ts";

/** How many choices and divisions the kernels of a program make. */
const testsOf = (root: Node): number =>
  countExpressions(
    root,
    (e) => e.kind === "select" || (e.kind === "binary" && (e.fn === "mod" || e.fn === "idiv")),
  );

const source = (...shape: number[]): Node =>
  g.hostSource(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => i + 1),
    shape,
    "float32",
  );

describe("nothing is tested in a loop", () => {
  test("over a padded image", () => {
    expect(testsOf(g.pad(source(2, 3, 8, 8), [0, 0, 1, 1], [0, 0, 2, 2], 0))).toBe(0);
  });

  test("over an image padded twice, with other values", () => {
    const once = g.pad(source(2, 3, 8, 8), [0, 0, 1, 1], [0, 0, 1, 1], 0);
    expect(testsOf(g.pad(once, [0, 0, 2, 0], [0, 0, 2, 0], -1))).toBe(0);
  });

  test("over an image of channels last that is flattened", () => {
    const image = g.permute(source(2, 5, 5, 16), [0, 3, 1, 2]);
    expect(testsOf(g.reshape(image, [2, 400]))).toBe(0);
  });
});

/** What a node gives with vectors of so many lanes. */
async function valuesOf(node: Node, lanes: number): Promise<number[]> {
  const engine = new Engine(createInterpreterDevice({ lanes }));
  const values = await engine.read(node);
  await engine.close();
  return Array.from(values as Float32Array);
}

const lanes = fc.constantFrom(4, 8, 16);

test("values of padded images are those of plain loops, for all sizes, paddings and fill values", async () => {
  const edge = fc.integer({ min: 0, max: 4 });
  const sizes = fc.record({
    ...{ lanes, n: fc.integer({ min: 1, max: 3 }), h: fc.integer({ min: 1, max: 6 }) },
    ...{ w: fc.integer({ min: 1, max: 70 }), top: edge, bottom: edge, left: edge, right: edge },
    ...{ fill: fc.constantFrom(0, -1), rows: fc.boolean() },
  });
  await fc.assert(
    fc.asyncProperty(sizes, async ({ lanes, n, h, w, top, bottom, left, right, fill, rows }) => {
      // Padded on one axis and then on the other, added to what is padded on one alone.
      const columns = g.pad(source(n, h, w), [0, 0, left], [0, 0, right], fill);
      const padded = g.pad(columns, [0, top, 0], [0, bottom, 0], fill);
      const other = g.pad(source(1, h, 1), [0, top, 0], [0, bottom, 0], 0);
      const [height, width] = [top + h + bottom, left + w + right];
      const expected = Array.from({ length: n * height * width }, (_, at) => {
        const [x, y] = [(at % width) - left, (Math.floor(at / width) % height) - top];
        const inRow = y >= 0 && y < h;
        const value = inRow && x >= 0 && x < w ? (Math.floor(at / width / height) * h + y) * w + x + 1 : fill;
        return value + (rows && inRow ? y + 1 : 0);
      });
      expect(await valuesOf(rows ? ops.add(padded, other) : padded, lanes)).toEqual(expected);
    }),
    { numRuns: 80 },
  );
});

test("a long padded row, which chunks share, has the values of plain loops", async () => {
  const row = g.pad(source(20_000), [3], [5], -1);
  const values = Array.from({ length: 20_000 }, (_, i) => i + 1);
  expect(await valuesOf(row, 8)).toEqual([-1, -1, -1, ...values, -1, -1, -1, -1, -1]);
});

test("values of flattened images are those of plain loops, for all sizes", async () => {
  const size = fc.integer({ min: 1, max: 9 });
  const sizes = fc.record({ lanes, n: size, h: size, w: size, c: fc.integer({ min: 1, max: 40 }) });
  await fc.assert(
    fc.asyncProperty(sizes, async ({ lanes, n, h, w, c }) => {
      const flat = g.reshape(g.permute(source(n, h, w, c), [0, 3, 1, 2]), [n, c * h * w]);
      const expected = Array.from({ length: n * c * h * w }, (_, at) => {
        const [pixel, channel] = [at % (h * w), Math.floor(at / h / w) % c];
        return (Math.floor(at / h / w / c) * h * w + pixel) * c + channel + 1;
      });
      expect(await valuesOf(flat, lanes)).toEqual(expected);
    }),
    { numRuns: 80 },
  );
});
