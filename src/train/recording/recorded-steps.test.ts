import { expect, it } from "vitest";
import { isRecorded } from "./recorded-steps.ts";

const recorded = (last: number, every: number): number[] =>
  Array.from({ length: last }, (_, i) => i + 1).filter((step) => isRecorded(step, every));

it("records all steps at first, and ever fewer, until they are as far apart as they are to be", () => {
  expect(recorded(40, 50)).toEqual([
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    ...[16, 18, 20, 22, 24, 26, 28, 30],
    ...[32, 36, 40],
  ]);
  expect([160, 1000].map((last) => recorded(last, 50).length)).toEqual([42, 64]);
  const late = recorded(2000, 50).filter((step) => step > 512);
  expect(late).toEqual(Array.from({ length: 30 }, (_, i) => 551 + 50 * i).filter((step) => step <= 2000));
  expect(recorded(1000, 1)).toHaveLength(1000);
  expect(recorded(37, 3).filter((step) => step > 30)).toEqual([34, 37]);
});

it("leaves no gap that is much longer than the one before it", () => {
  for (const every of [1, 2, 3, 10, 50, 400]) {
    const steps = recorded(20_000, every);
    const gaps = steps.slice(1).map((step, i) => step - (steps[i] as number));
    gaps.slice(1).forEach((gap, i) => {
      expect(gap).toBeLessThanOrEqual(Math.max(2 * (gaps[i] as number) + every, 2));
      expect(gap).toBeLessThanOrEqual(2 * every);
    });
    expect(gaps.at(-1)).toBe(every);
  }
});
