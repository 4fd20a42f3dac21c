import { expect, it } from "vitest";
import { encodeRecord, type LayerHeader, statisticsFields } from "../train/recording/layer-log.ts";
import { LayerTable } from "./layer-table.ts";
import type { Strip } from "./protocol.ts";
import { makeStrip } from "./strips.ts";

const header: LayerHeader = {
  version: 1,
  bins: 4,
  series: [{ kind: "gradients", layer: "conv", type: "Conv2d", shape: [8, 4] }],
};

/** A strip of some records, each given by its range; all have mean 0 and standard deviation 0.01. */
function stripOf(
  ranges: readonly (readonly [number, number])[],
  counts: readonly number[] = [1, 50, 50, 1],
): Strip {
  const table = new LayerTable();
  table.adopt({ ...header, bins: counts.length });
  ranges.forEach(([min, max], i) => {
    const fields = { mean: 0, std: 0.01, min, max, zeros: 0, nonFinite: 0, dead: 0 };
    const numbers = [...statisticsFields.map((name) => fields[name]), ...counts];
    table.feed(encodeRecord({ ...header, bins: counts.length }, i + 1, [numbers]));
  });
  const strip = makeStrip(table, { layer: "conv", kind: "gradients", columns: 10 });
  if (strip === null) throw new Error("there is no strip");
  return strip;
}

it("shows what the elements reach, and not the few that lie far out", () => {
  const edges = ({ low, high }: Strip): number[] => [low, high].map((edge) => Number(edge.toFixed(6)));
  expect(edges(stripOf([[-0.03, 0.02]]))).toEqual([-0.03, 0.02]);
  expect(edges(stripOf([[-1, 2]]))).toEqual([-0.08, 0.08]);
});

it("counts what lies beyond the rows in the outermost ones", () => {
  const strip = stripOf([[-1, 1]]);
  const bytes = [...Buffer.from(strip.histogram, "base64")];
  expect(bytes).toHaveLength(4);
  // Bins are half a unit wide: all but the inner ones' middle lies beyond 0.08.
  expect(bytes[0]).toBe(255);
  expect(bytes[3]).toBe(255);
  expect(bytes[1]).toBeGreaterThan(0);
});

it.each([3, 14, 40, 1e6])("gives the logarithms of counts up to %d, a shade off at most", (largest) => {
  const counts = Array.from({ length: 200 }, (_, i) => Math.round((largest * i) / 199));
  const { histogram } = stripOf([[-0.08, 0.08]], counts);
  const expected = counts.map((count) => Math.round((Math.log1p(count) / Math.log1p(largest)) * 255));
  const off = [...Buffer.from(histogram, "base64")].map((shade, i) =>
    Math.abs(shade - (expected[i] as number)),
  );
  expect(Math.max(...off)).toBeLessThanOrEqual(1);
  expect(off.filter((by) => by === 0).length).toBeGreaterThan(180);
});

it("draws what lies in one wide bin as wide as it is, not as wide as the bin", () => {
  // Bins of 0.049, one of which has all but two elements; rows of 0.0039.
  const rows = 41;
  const counts = [1, ...new Array<number>(rows - 3).fill(0), 1];
  const wide = stripOf([[-1, 1]], counts.toSpliced(rows >> 1, 0, 100_000));
  expect([wide.low, wide.high].map((edge) => Number(edge.toFixed(3)))).toEqual([-0.08, 0.08]);
  const found = [...Buffer.from(wide.histogram, "base64")];
  const middle = found.indexOf(255);
  expect(middle).toBe(rows >> 1);
  // The bin covers twelve rows, and the outer ones are two standard deviations away.
  expect(found[middle - 5]).toBeLessThan(200);
  expect(found[middle + 5]).toBe(found[middle - 5]);
});
