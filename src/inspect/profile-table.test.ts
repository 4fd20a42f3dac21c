import { describe, expect, it } from "vitest";
import { madeUpProfile } from "./profile.test-helper.ts";
import { profileTable } from "./profile-table.ts";

const twoSteps = madeUpProfile([
  [2, 1, 3, 0],
  [4, 1, 3, 0],
]);

describe("a profile's table", () => {
  it("sums equal kernels up per step, with rates and what they are of the machine's", () => {
    const { kernels, kernelMs, runMs } = profileTable(twoSteps, { steps: 2 });
    expect([kernelMs, runMs]).toEqual([7, 10]);
    expect(kernels.map((k) => [k.name, k.calls, k.ms, k.share, k.roof])).toEqual([
      ["contraction 8x8 over 64", 2, 6, 6 / 7, "arithmetic"],
      ["map 8x8: add", 1, 1, 1 / 7, "memory"],
      ["offsets", 1, 0, 0, null],
    ]);
    const [contraction, map, view] = kernels;
    // 200 million operations in 6 ms.
    expect(contraction?.gflops).toBeCloseTo(33.333, 2);
    expect(contraction?.ofPeak).toBeCloseTo(1 / 3, 5);
    expect(map).toMatchObject({ gflops: 1, ofPeak: 0.01, gigabytes: 12, ofBandwidth: 1.2 });
    // No time was seen to pass: there is no rate, rather than an infinite one.
    expect(view).toMatchObject({ gflops: 0, gigabytes: 0 });
  });

  it("takes medians over the steps, so that an interruption does not count", () => {
    const interrupted = madeUpProfile([
      [1, 1, 80, 0],
      [90, 1, 2, 0],
      [1, 1, 2, 0],
    ]);
    expect(profileTable(interrupted, { steps: 3 }).kernels[0]?.ms).toBe(3);
  });

  it("takes the mean where steps differ in their kernels", () => {
    const [first, second] = profileTable(twoSteps, { steps: 4 }).kernels;
    expect([first?.calls, first?.ms]).toEqual([1, 3]);
    expect([second?.calls, second?.ms]).toEqual([0.5, 0.5]);
  });

  it("is one step by default", () => {
    expect(profileTable(twoSteps).kernels[0]).toMatchObject({ calls: 4, ms: 12 });
  });

  it("prints aligned columns, the slowest kernels and the others as one row", () => {
    expect(String(profileTable(twoSteps, { steps: 2, top: 1 })).split("\n")).toEqual([
      "kernel                   calls     ms   share  GFLOP/s  of peak  GB/s  of peak        roof",
      "------------------------------------------------------------------------------------------",
      "contraction 8x8 over 64      2  6.000   85.7%     33.3    33.3%   0.3     3.3%  arithmetic",
      "2 others                     2  1.000   14.3%",
      "------------------------------------------------------------------------------------------",
      "all                          4  7.000  100.0%",
    ]);
    expect(String(profileTable(twoSteps, { steps: 2 })).split("\n")).toHaveLength(7);
  });

  it("prints a profile in which nothing ran", () => {
    const nothing = profileTable(madeUpProfile([]));
    expect([nothing.kernels, nothing.kernelMs]).toEqual([[], 0]);
    expect(String(nothing).split("\n").at(-1)).toMatch(/^all +0 +0\.000 +0\.0%$/);
  });

  it.each([{ steps: 0 }, { steps: 1.5 }, { top: 0 }, { top: Number.NaN }])("refuses %j", (options) => {
    const [name, value] = Object.entries(options)[0] as [string, number];
    expect(() => profileTable(twoSteps, options)).toThrow(
      `profileTable: ${name} ${value} is not an integer of 1 or more`,
    );
  });

  it("refuses options that there are not", () => {
    expect(() => profileTable(twoSteps, { step: 2 } as object)).toThrow(
      'profileTable: there is no option "step"; there are { steps, top }',
    );
  });
});
