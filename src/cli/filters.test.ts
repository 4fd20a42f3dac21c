import { expect, it } from "vitest";
import { arange } from "../index.ts";
import { Conv1d, Conv2d, ConvTranspose2d, Linear, type Module, ReLU } from "../nn/index.ts";
import type { Filters } from "../studio/index.ts";
import { filtersOf } from "./filters.ts";

/** With weights 0, 1, 2 ... */
function counted<M extends Module & { readonly weight: Conv2d["weight"] }>(module: M): M {
  const { shape } = module.weight;
  const size = shape.reduce((a, b) => a * b, 1);
  module.loadStateDict({ ...module.stateDict(), weight: arange(size).to("float32").reshape(shape) });
  return module;
}

/** The weights that are seen, plane by plane. */
function numbers({ data, low, high }: Filters): number[] {
  return [...Buffer.from(data, "base64")].map((byte) => Math.round(low + (byte / 255) * (high - low)));
}

it("gives convolutions output by output, the planes of their inputs", async () => {
  const conv = await filtersOf(counted(new Conv2d(2, 3, 2)), null);
  expect(conv).toMatchObject({ count: 6, height: 2, width: 2, inputs: 2, low: 0, high: 23 });
  const line = await filtersOf(counted(new Conv1d(2, 3, 4)), null);
  expect(line).toMatchObject({ count: 6, height: 1, width: 4, inputs: 2 });
});

it("turns transposed convolutions, whose weights have the inputs first", async () => {
  const found = (await filtersOf(counted(new ConvTranspose2d(2, 3, [1, 2])), null)) as Filters;
  expect(found).toMatchObject({ count: 6, height: 1, width: 2, inputs: 2 });
  // Weight (2, 3, 1, 2): output 0 has 0 1 of input 0 and 6 7 of input 1.
  expect(numbers(found)).toEqual([0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11]);
  const grouped = (await filtersOf(counted(new ConvTranspose2d(4, 2, 1, { groups: 2 })), null)) as Filters;
  // Weight (4, 1, 1, 1): output 0 sees inputs 0 and 1, output 1 sees 2 and 3.
  expect([grouped.count, grouped.inputs, ...numbers(grouped)]).toEqual([4, 2, 0, 1, 2, 3]);
});

it("shows a linear layer as images where it sees the pixels of one", async () => {
  const linear = counted(new Linear(2 * 2 * 3, 4));
  expect(await filtersOf(linear, [2, 2, 3])).toMatchObject({ count: 8, height: 2, width: 3, inputs: 2 });
  expect(await filtersOf(linear, [1, 2, 3])).toBeNull();
  expect(await filtersOf(linear, null)).toBeNull();
  expect(await filtersOf(new ReLU(), [2, 2, 3])).toBeNull();
});
