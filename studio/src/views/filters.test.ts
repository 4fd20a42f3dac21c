import { expect, test } from "vitest";
import type { Filters } from "../../../src/studio/protocol.ts";
import { filtersOfChannel } from "./filters.ts";

const planes = (count: number, inputs: number, bytes: number[]): Filters => ({
  count,
  inputs,
  height: 1,
  width: 2,
  low: 0,
  high: 1,
  nonFinite: 0,
  data: btoa(String.fromCharCode(...bytes)),
});
const bytesOf = (data: string | undefined): number[] => [...atob(data ?? "")].map((c) => c.charCodeAt(0));

test("of several input channels, those of the chosen output channel are shown", () => {
  const filters = planes(4, 2, [1, 2, 3, 4, 5, 6, 7, 8]);
  const shown = filtersOfChannel({ filters }, 1);
  expect(shown).toMatchObject({ isPart: true, planes: { count: 2 } });
  expect(bytesOf(shown?.planes.data)).toEqual([5, 6, 7, 8]);
});

test("with one input channel all are shown; a layer without has none", () => {
  const filters = planes(2, 1, [1, 2, 3, 4]);
  expect(filtersOfChannel({ filters }, 1)).toEqual({ planes: filters, isPart: false });
  expect(filtersOfChannel({ filters: null }, 0)).toBeNull();
});
