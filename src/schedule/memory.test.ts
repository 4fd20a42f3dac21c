import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alignment, type Interval, planMemory } from "./memory.ts";

const interval: fc.Arbitrary<Interval> = fc
  .record({ bytes: fc.integer({ min: 0, max: 2000 }), first: fc.nat(20), length: fc.nat(6) })
  .map(({ bytes, first, length }) => ({ bytes, first, last: first + length }));

const rounded = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

describe("the memory plan", () => {
  test("keeps values that live at the same time apart, aligned and inside the arena", () => {
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 40 }), (intervals) => {
        const { offsets, bytes } = planMemory(intervals);
        intervals.forEach((a, i) => {
          const from = offsets[i] as number;
          expect(from % alignment).toBe(0);
          expect(from).toBeGreaterThanOrEqual(0);
          expect(from + a.bytes).toBeLessThanOrEqual(bytes);
          intervals.slice(0, i).forEach((b, j) => {
            const other = offsets[j] as number;
            const together = a.first <= b.last && b.first <= a.last;
            const meet = from < other + b.bytes && other < from + a.bytes;
            if (together && a.bytes > 0 && b.bytes > 0) expect(meet).toBe(false);
          });
        });
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  test("needs no more than all values side by side, and no less than those of any one stage", () => {
    fc.assert(
      fc.property(fc.array(interval, { minLength: 1, maxLength: 30 }), (intervals) => {
        const { bytes } = planMemory(intervals);
        const total = (list: readonly Interval[]): number =>
          list.reduce((sum, i) => sum + rounded(i.bytes), 0);
        expect(bytes).toBeLessThanOrEqual(total(intervals));
        for (let stage = 0; stage < 27; stage++) {
          const alive = intervals.filter((i) => i.first <= stage && stage <= i.last);
          expect(bytes).toBeGreaterThanOrEqual(total(alive));
        }
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  test("uses memory again when a value is dead", () => {
    const chain = Array.from({ length: 10 }, (_, i) => ({ bytes: 640, first: i, last: i + 1 }));
    expect(planMemory(chain).bytes).toBe(1280);
  });

  test("a value that is read in a stage is not overwritten in it", () => {
    const { offsets } = planMemory([
      { bytes: 64, first: 0, last: 1 },
      { bytes: 64, first: 1, last: 2 },
    ]);
    expect(offsets[0]).not.toBe(offsets[1]);
  });
});
