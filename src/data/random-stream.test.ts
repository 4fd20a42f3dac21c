import { describe, expect, it } from "vitest";
import { ArgumentError } from "../base/errors.ts";
import { philox2x32, RandomKey, RandomStream } from "./random-stream.ts";

describe("philox2x32", () => {
  // The known answers that come with the authors' own implementation.
  it.each<[[number, number], number, [number, number]]>([
    [[0, 0], 0, [0xff1dae59, 0x6cd10df2]],
    [[0xffffffff, 0xffffffff], 0xffffffff, [0x2c3f628b, 0xab4fd7ad]],
    [[0x243f6a88, 0x85a308d3], 0x13198a2e, [0xdd7ce038, 0xf62a4c12]],
  ])("counter %j, key %i", (counter, key, expected) => {
    expect(philox2x32(counter, key)).toEqual(expected);
  });
});

describe("RandomStream", () => {
  it("walks through both halves of each block", () => {
    const stream = new RandomStream(5, 9);
    const drawn = [stream.uint32(), stream.uint32(), stream.uint32(), stream.uint32()];
    expect(drawn).toEqual([...philox2x32([0, 9], 5), ...philox2x32([1, 9], 5)]);
  });

  it("draws evenly below a limit", () => {
    const stream = new RandomStream(1, 2);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 6000; i++) {
      const face = stream.below(6);
      counts[face] = (counts[face] ?? 0) + 1;
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(20.5); // 99.9% quantile with 5 degrees of freedom
    // A plain remainder would give half of these below 2^30 instead of a third.
    let low = 0;
    for (let i = 0; i < 3000; i++) if (stream.below(3 * 2 ** 30) < 2 ** 30) low++;
    expect(Math.abs(low - 1000)).toBeLessThan(100);
    expect(stream.below(1)).toBe(0);
    expect(stream.below(2 ** 32)).toBeLessThan(2 ** 32);
  });
});

describe("RandomKey", () => {
  it("gives a permutation that is the same everywhere", () => {
    expect([...new RandomKey(0, 0).permutation(10)]).toEqual([6, 2, 8, 5, 4, 0, 7, 9, 3, 1]);
    expect([...new RandomKey(7, 3).permutation(1000)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 1000 }, (_, i) => i),
    );
    expect(new RandomKey(0).permutation(0)).toHaveLength(0);
  });

  it("depends on seed (both words), epoch and index", () => {
    const first = (seed: number, epoch: number, index: number): number =>
      new RandomKey(seed, epoch).stream(index).uint32();
    const values = [first(0, 0, 0), first(1, 0, 0), first(0, 1, 0), first(0, 0, 1), first(2 ** 32, 0, 0)];
    expect(new Set(values).size).toBe(5);
    expect(first(3, 4, 5)).toBe(first(3, 4, 5));
  });

  it("puts every element in every place about equally often", () => {
    const counts = new Array<number>(9).fill(0);
    for (let epoch = 0; epoch < 3000; epoch++) {
      new RandomKey(1, epoch).permutation(3).forEach((value, place) => {
        counts[place * 3 + value] = (counts[place * 3 + value] ?? 0) + 1;
      });
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(110);
  });

  it("refuses what is no seed or epoch", () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 53])
      expect(() => new RandomKey(seed)).toThrow(ArgumentError);
    expect(() => new RandomKey(0, -1)).toThrow("epoch -1 is not an integer from 0 to 2^32 - 1");
  });
});
