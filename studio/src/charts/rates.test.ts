import { expect, test } from "vitest";
import { imagesPerSecond, secondsLeft } from "./rates.ts";

const steps = Array.from({ length: 200 }, (_, i) => i + 1);
const seconds = steps.map((step) => 3 + step * 0.5);
const samples = steps.map(() => 64);

test("64 images each half second are 128 a second, from the second row on", () => {
  const rates = imagesPerSecond(seconds, samples);
  expect(rates[0]).toBeNaN();
  for (const rate of rates.slice(1)) expect(rate).toBeCloseTo(128, 9);
});

test("a slower half is slower in its own rows only", () => {
  const late = seconds.map((s, i) => (i < 100 ? s : (seconds[99] ?? 0) + (i - 99) * 2));
  const rates = imagesPerSecond(late, samples);
  expect(rates[99]).toBeCloseTo(128, 9);
  expect(rates[199]).toBeCloseTo(32, 9);
});

test("time left follows the newest rows; unknown without a total", () => {
  expect(secondsLeft(seconds, steps, 300)).toBeCloseTo(50, 9);
  expect(secondsLeft(seconds, steps, 200)).toBe(0);
  expect(secondsLeft(seconds, steps, null)).toBeNull();
  expect(secondsLeft([1], [1], 10)).toBeNull();
});
