import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Shape, sizeOf } from "../../base/shape.ts";
import { Engine } from "../../engine/engine.ts";
import * as g from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { createInterpreterDevice } from "../../runtime/interpreter-device.ts";
import { countExpressions } from "./expressions.test-helper.ts";

const elements = (shape: Shape): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7) % 31) - 15);

const source = (shape: Shape): Node => g.hostSource(elements(shape), shape, "float32");

/** An image [n, h, w, channels] and a smaller one, of which each pixel is read for a window of the first. */
interface Images {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly channels: number;
  /** Pixels of a window along each axis. */
  readonly high: number;
  readonly wide: number;
}

const largeOf = ({ n, h, w, channels, high, wide }: Images): Shape => [n, h * high, w * wide, channels];
const smallOf = ({ n, h, w, channels }: Images): Shape => [n, h, w, channels];

/** The product of both. */
function product(images: Images): Node {
  const { n, h, w, channels, high, wide } = images;
  const apart = g.reshape(source(smallOf(images)), [n, h, 1, w, 1, channels]);
  const repeated = g.reshape(g.expand(apart, [n, h, high, w, wide, channels]), largeOf(images));
  return g.binary("mul", source(largeOf(images)), repeated);
}

/** How many loads the kernel has, in one pass through its loops. */
const loadsOf = (images: Images): number => countExpressions(product(images), (e) => e.kind === "load");

describe("what a window shares is read once", () => {
  const images = { n: 2, h: 3, w: 5, channels: 16, high: 2, wide: 2 };

  test("for pixels of a row, or of a column", () => {
    expect(loadsOf(images)).toBe(2 + 1);
    expect(loadsOf({ ...images, high: 1, wide: 3 })).toBe(3 + 1);
    expect(loadsOf({ ...images, high: 4, wide: 1 })).toBe(4 + 1);
  });

  test("by sums as well", () => {
    const sum = g.reduce("sum", product({ ...images, channels: 4 }), [0, 1, 2]);
    expect(countExpressions(sum, (e) => e.kind === "load")).toBe(2 + 1);
  });

  test("and large windows are loops", () => {
    expect(loadsOf({ ...images, high: 8, wide: 8 })).toBe(2);
  });
});

async function valuesOf(node: Node, lanes: number): Promise<number[]> {
  const engine = new Engine(createInterpreterDevice({ lanes }));
  const values = await engine.read(node);
  await engine.close();
  return Array.from(values as Float32Array);
}

test("products and their sums are those of plain loops, for all sizes of images and windows", async () => {
  const side = fc.integer({ min: 1, max: 4 });
  const sizes = fc.record({
    ...{ n: side, h: side, w: side, high: side, wide: side },
    channels: fc.integer({ min: 1, max: 40 }),
    lanes: fc.constantFrom(1, 4, 8, 16),
  });
  await fc.assert(
    fc.asyncProperty(sizes, async ({ lanes, ...images }) => {
      const { h, w, channels, high, wide } = images;
      const [large, small] = [elements(largeOf(images)), elements(smallOf(images))];
      const expected = Array.from(large, (x, i) => {
        const channel = i % channels;
        const column = Math.floor(i / channels) % (w * wide);
        const row = Math.floor(i / (channels * w * wide)) % (h * high);
        const image = Math.floor(i / (channels * w * wide * h * high));
        const pixel = (image * h + Math.floor(row / high)) * w + Math.floor(column / wide);
        return x * (small[pixel * channels + channel] as number);
      });
      expect(await valuesOf(product(images), lanes)).toEqual(expected);
      const sums = Array.from({ length: channels }, (_, c) =>
        expected.reduce((sum, x, i) => (i % channels === c ? sum + x : sum), 0),
      );
      expect(await valuesOf(g.reduce("sum", product(images), [0, 1, 2]), lanes)).toEqual(sums);
    }),
    { numRuns: 60 },
  );
});
