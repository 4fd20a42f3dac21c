import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Arithmetic,
  inputMap,
  inTwoDimensions,
  outputGradientMap,
  outputMap,
  patchSize,
  products,
  tileSize,
  weightGradientMap,
  weightMap,
} from "./transforms.ts";

const kernelSize = 3;

const numbers: Arithmetic<number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  scale: (factor, a) => factor * a,
  fma: (factor, a, b) => factor * a + b,
};

type Map1d = typeof inputMap;
const along = (map: Map1d, x: readonly number[]): number[] => map(x, numbers);
const over = (map: Map1d, x: readonly number[]): number[] => inTwoDimensions(map, x, numbers);

const values = (size: number): fc.Arbitrary<number[]> =>
  fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: size, maxLength: size });

const at = (x: readonly number[], i: number): number => x[i] as number;
const multiplied = (x: readonly number[], y: readonly number[]): number[] => x.map((v, i) => v * at(y, i));
const dot = (x: readonly number[], y: readonly number[]): number =>
  multiplied(x, y).reduce((sum, v) => sum + v, 0);
const times = <T>(n: number, f: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => f(i));

function expectNear(got: readonly number[], want: readonly number[]): void {
  expect(got).toHaveLength(want.length);
  got.forEach((v, i) => {
    expect(Math.abs(v - at(want, i)), `element ${i}: ${v}, expected ${at(want, i)}`).toBeLessThan(1e-12);
  });
}

/** y[i] = sum over k of d[i + k] * g[k]. */
const direct1d = (d: readonly number[], g: readonly number[]): number[] =>
  times(tileSize, (i) => dot(d.slice(i, i + kernelSize), g));

/** The same for squares: each result is the sum over the rows of a window. */
const direct2d = (d: readonly number[], g: readonly number[]): number[] =>
  times(tileSize * tileSize, (p) => {
    const [y, x] = [Math.floor(p / tileSize), p % tileSize];
    return times(kernelSize, (k) => {
      const start = (y + k) * patchSize + x;
      return dot(d.slice(start, start + kernelSize), g.slice(k * kernelSize, (k + 1) * kernelSize));
    }).reduce((sum, v) => sum + v, 0);
  });

/** gradient[k] = sum over i of d[i + k] * e[i], of a square of weights. */
const directGradient2d = (d: readonly number[], e: readonly number[]): number[] =>
  times(kernelSize * kernelSize, (p) => {
    const [y, x] = [Math.floor(p / kernelSize), p % kernelSize];
    return times(tileSize, (i) => {
      const start = (y + i) * patchSize + x;
      return dot(d.slice(start, start + tileSize), e.slice(i * tileSize, (i + 1) * tileSize));
    }).reduce((sum, v) => sum + v, 0);
  });

/** Holds for random numbers, the same at every run. */
function holds<T extends unknown[]>(
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  check: (...args: T) => void,
): void {
  fc.assert(
    fc.property(fc.tuple<T>(...arbitraries), (drawn) => check(...drawn)),
    { numRuns: 200, seed: 3 },
  );
}

describe("the maps of Winograd's convolution", () => {
  test("give a convolution over a line", () => {
    holds([values(patchSize), values(kernelSize)], (d, g) => {
      const result = along(outputMap, multiplied(along(inputMap, d), along(weightMap, g)));
      expectNear(result, direct1d(d, g));
    });
  });

  test("give a convolution over a square", () => {
    holds([values(products), values(kernelSize ** 2)], (d, g) => {
      const mapped = multiplied(over(inputMap, d), over(weightMap, g));
      expect(mapped).toHaveLength(products);
      expectNear(over(outputMap, mapped), direct2d(d, g));
    });
  });

  test("give the gradient of the weights of a convolution over a square", () => {
    holds([values(products), values(tileSize ** 2)], (d, e) => {
      const mapped = multiplied(over(inputMap, d), over(outputGradientMap, e));
      expectNear(over(weightGradientMap, mapped), directGradient2d(d, e));
    });
  });

  test.each([
    ["outputGradientMap", outputMap, patchSize, outputGradientMap, tileSize],
    ["weightGradientMap", weightMap, kernelSize, weightGradientMap, patchSize],
  ] as const)("%s is the transpose of its map", (_, map, from, transpose, to) => {
    holds([values(from), values(to)], (x, y) => {
      expectNear([dot(along(map, x), y)], [dot(x, along(transpose, y))]);
    });
    holds([values(from ** 2), values(to ** 2)], (x, y) => {
      expectNear([dot(over(map, x), y)], [dot(x, over(transpose, y))]);
    });
  });

  test.each([
    ["inputMap", inputMap, patchSize, patchSize],
    ["weightMap", weightMap, kernelSize, patchSize],
    ["outputMap", outputMap, patchSize, tileSize],
    ["outputGradientMap", outputGradientMap, tileSize, patchSize],
    ["weightGradientMap", weightGradientMap, patchSize, kernelSize],
  ] as const)("%s works on columns and on rows alike", (_, map, from, to) => {
    const transposed = (x: readonly number[], rows: number, columns: number): number[] =>
      times(rows * columns, (p) => at(x, (p % rows) * columns + Math.floor(p / rows)));
    holds([values(from ** 2)], (x) => {
      expectNear(over(map, transposed(x, from, from)), transposed(over(map, x), to, to));
    });
  });
});
