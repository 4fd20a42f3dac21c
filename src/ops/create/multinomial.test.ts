import { describe, expect, test } from "vitest";
import { full, multinomial, ones, rand, tensor, zeros } from "../../tensor/create.ts";
import { Generator, manualSeed } from "../../tensor/generator.ts";
import type { Tensor } from "../../tensor/tensor.ts";

const draws = async (t: Tensor): Promise<number[]> => Array.from(await t.data());

/** Sum of (count - expected)^2 / expected; classes that cannot come must not. */
function chiSquare(drawn: readonly number[], probabilities: readonly number[]): number {
  const total = probabilities.reduce((a, b) => a + b, 0);
  return probabilities.reduce((sum, p, i) => {
    const count = drawn.filter((v) => v === i).length;
    if (p === 0) expect(count, `class ${i}`).toBe(0);
    const expected = (p / total) * drawn.length;
    return p === 0 ? sum : sum + (count - expected) ** 2 / expected;
  }, 0);
}

describe("with replacement", () => {
  test("classes come as often as their weights say", async () => {
    const weights = [0, 3, 1, 0, 0.5, 2, 0];
    const drawn = await draws(
      multinomial(tensor(weights), 20_000, { replacement: true, generator: new Generator(1) }),
    );
    // 3 degrees of freedom: above 16.3 once in 1000 seeds.
    expect(chiSquare(drawn, weights)).toBeLessThan(16.3);
  });

  test("rows are independent of each other", async () => {
    const rows = [
      [1, 1, 2],
      [5, 0, 5],
    ];
    const t = multinomial(tensor(rows), 10_000, { replacement: true, generator: new Generator(2) });
    expect([t.shape, t.dtype]).toEqual([[2, 10_000], "int32"]);
    const drawn = await draws(t);
    expect(chiSquare(drawn.slice(0, 10_000), rows[0] as number[])).toBeLessThan(13.8);
    expect(chiSquare(drawn.slice(10_000), rows[1] as number[])).toBeLessThan(10.8);
    expect(drawn.slice(0, 10_000)).not.toEqual(drawn.slice(10_000));
  });

  test("among many classes of very different weights, those of weight 0 never come", async () => {
    const n = 3000;
    const weights = Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 0 : 10 ** ((i % 17) - 8)));
    const drawn = await draws(
      multinomial(tensor(weights), 5000, { replacement: true, generator: new Generator(3) }),
    );
    expect(drawn.every((v) => v >= 0 && v < n && v % 3 !== 0)).toBe(true);
    const share = (rest: number): number => drawn.filter((v) => v % 17 === rest).length / drawn.length;
    expect(share(16)).toBeGreaterThan(0.85);
  });
});

describe("without replacement", () => {
  test("no class comes twice, and none of weight 0", async () => {
    const weights = [2, 0, 1, 4, 0, 3];
    const generator = new Generator(4);
    for (let i = 0; i < 20; i++) {
      const drawn = await draws(multinomial(tensor(weights), 4, { generator }));
      expect(drawn.sort()).toEqual([0, 2, 3, 5]);
    }
  });

  test("pairs come in order with probability p(i) p(j) / (1 - p(i))", async () => {
    const weights = [1, 0, 2, 5];
    const rows = 20_000;
    const wide = tensor(weights).expand([rows, 4]);
    const drawn = await draws(multinomial(wide, 2, { generator: new Generator(5) }));
    const pairs = Array.from(
      { length: rows },
      (_, r) => (drawn[2 * r] as number) * 4 + (drawn[2 * r + 1] as number),
    );
    const probability = (i: number, j: number): number =>
      i === j ? 0 : ((weights[i] as number) / 8) * ((weights[j] as number) / (8 - (weights[i] as number)));
    const expected = Array.from({ length: 16 }, (_, k) => probability(Math.floor(k / 4), k % 4));
    // 5 degrees of freedom: above 20.5 once in 1000 seeds.
    expect(chiSquare(pairs, expected)).toBeLessThan(20.5);
  });

  test("all of many classes are a permutation", async () => {
    const drawn = await draws(multinomial(ones([500]), 500, { generator: new Generator(6) }));
    expect([...drawn].sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, i) => i));
    expect(drawn).not.toEqual([...drawn].sort((a, b) => a - b));
  });
});

test("the seed decides, and the next draw differs", async () => {
  const p = rand([20]);
  manualSeed(7);
  const first = await draws(multinomial(p, 5));
  const second = await draws(multinomial(p, 5));
  manualSeed(7);
  expect(await draws(multinomial(p, 5))).toEqual(first);
  expect(second).not.toEqual(first);
});

test("weights that are computed and too few leave -1", async () => {
  const computed = tensor([0, 1, 0]).mul(2);
  const generator = new Generator(8);
  expect(await draws(multinomial(computed, 3, { generator }))).toEqual([1, -1, -1]);
  expect(await draws(multinomial(computed.mul(0), 2, { replacement: true, generator }))).toEqual([-1, -1]);
});

test("wrong arguments are refused at the call", () => {
  expect(() => multinomial(tensor([1, 2]), 3)).toThrow(
    "multinomial: cannot draw 3 different ones of 2 classes; draw fewer, or pass { replacement: true }",
  );
  expect(() => multinomial(tensor([1, 2]), 0)).toThrow("numSamples must be an integer of 1 or more; got 0");
  expect(() => multinomial(tensor([1, 0, 0]), 2)).toThrow(
    "multinomial: row 0 has 1 classes of positive probability, 2 are needed",
  );
  expect(() => multinomial(tensor([1, -2]), 1)).toThrow(
    "multinomial: -2 (element 1) is no probability; all must be finite and 0 or more",
  );
  expect(() => multinomial(tensor([NaN]), 1)).toThrow("NaN (element 0) is no probability");
  expect(() =>
    multinomial(
      tensor([
        [1, 1],
        [0, 0],
      ]),
      1,
      { replacement: true },
    ),
  ).toThrow("row 1 has 0 classes");
  expect(() => multinomial(tensor([1, 2], { dtype: "int32" }), 1)).toThrow(
    "needs float probabilities, got int32",
  );
  expect(() => multinomial(full([], 1), 1)).toThrow("of shape (classes) or (rows, classes), got []");
  expect(() => multinomial(zeros([2, 0]), 1)).toThrow("of shape (classes) or (rows, classes), got [2, 0]");
});
