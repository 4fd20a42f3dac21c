/**
 * Values that are written between the zeros around them, for a convolution with padding: on every engine, beside what comes out
 * when the value is computed first, and with NaN in all memory that nobody has written.
 */
import { describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { F, fromOwned, nn, type Tensor } from "../../src/index.ts";
import type { Device } from "../../src/runtime/device.ts";
import { devicesAndNative, onEngine, watched } from "./engines.ts";
import { withPoisonedMemory } from "./poison.ts";

type Sizes = readonly number[];

const values = (shape: Sizes, seed: number): Tensor => {
  const count = shape.reduce((n, s) => n * s, 1);
  const data = Float32Array.from({ length: count }, (_, i) => ((i * 7 + seed * i * i) % 31) / 16 - 0.9);
  return fromOwned(data, [...shape]);
};

interface Case {
  readonly what: string;
  /** The value, computed in the same program. */
  readonly value: () => Tensor;
  /** What is made of it. */
  readonly read: (value: Tensor) => Tensor[];
  /** How many values have the zeros around them in their own memory; null where it depends on the width of vectors. */
  readonly margins: number | null;
}

const relu = (of: Sizes, filters: number): Tensor =>
  F.relu(F.conv2d(values(of, 3), values([filters, of[1] as number, 1, 1], 5)));

const conv = (channels: number, padding: number | readonly [number, number], kernel: Sizes = [3, 3]) => {
  return (x: Tensor): Tensor[] => [F.conv2d(x, values([6, channels, ...kernel], 7), { padding })];
};

const cases: readonly Case[] = [
  { what: "a result", value: () => relu([8, 3, 9, 8], 16), read: conv(16, 1), margins: 1 },
  {
    what: "channels that fill no vector",
    value: () => relu([9, 2, 9, 8], 21),
    read: conv(21, [1, 2]),
    margins: null,
  },
  {
    what: "long runs of zeros",
    value: () => relu([1, 3, 14, 15], 40),
    read: conv(40, 4, [5, 5]),
    margins: null,
  },
  { what: "one axis", value: () => relu([2, 3, 9, 40], 16), read: conv(16, [0, 2], [1, 3]), margins: 1 },
  { what: "images of a single row", value: () => relu([1, 3, 1, 80], 16), read: conv(16, 1), margins: null },
  {
    what: "other numbers of zeros on every side",
    value: () => relu([2, 3, 20, 18], 16),
    read: (x) => [F.conv2d(F.pad(x, [1, 2, 0, 3]), values([6, 16, 3, 3], 7))],
    margins: 1,
  },
  {
    what: "padded on one axis and then on the other",
    value: () => relu([2, 3, 20, 18], 16),
    read: (x) => [F.conv2d(F.pad(F.pad(x, [0, 0, 2, 1]), [1, 1, 0, 0]), values([6, 16, 3, 3], 7))],
    margins: 1,
  },
  {
    what: "the largest of windows",
    value: () => F.maxPool2d(relu([12, 3, 12, 16], 16), 2),
    read: conv(16, 1),
    margins: 1,
  },
  {
    what: "sequences",
    value: () => F.relu(F.conv1d(values([16, 4, 37], 3), values([16, 4, 1], 5))),
    read: (x) => [F.conv1d(x, values([6, 16, 4], 7), { padding: 2 })],
    margins: 1,
  },
  {
    what: "a value that others read too",
    value: () => relu([8, 3, 9, 8], 16),
    read: (x) => [
      ...conv(16, 1)(x),
      x.sum([2, 3]),
      F.conv2d(x, values([4, 16, 1, 1], 9), { stride: 2 }),
      F.avgPool2d(x, 2),
    ],
    margins: 1,
  },
  {
    what: "two layers on end, and what goes around them",
    value: () => relu([8, 3, 9, 8], 16),
    read: (x) => {
      const weight = values([16, 16, 3, 3], 7);
      const inner = F.relu(F.conv2d(x, weight, { padding: 1 }));
      const sum = F.relu(F.conv2d(inner, weight, { padding: 1 }).add(x));
      return [F.conv2d(sum, weight, { padding: 1 })];
    },
    margins: 3,
  },
  // The second has its zeros in a copy.
  {
    what: "two paddings of one value",
    value: () => relu([2, 3, 20, 18], 16),
    read: (x) => [...conv(16, 1)(x), ...conv(16, 2, [5, 5])(x)],
    margins: 1,
  },
  // Between zeros, rows and columns as one axis would not be evenly apart.
  {
    what: "a value that a product reads as a matrix",
    value: () => relu([6, 3, 9, 8], 16),
    read: (x) => [
      ...conv(16, 1)(x),
      x
        .permute([0, 2, 3, 1])
        .reshape([6 * 9 * 8, 16])
        .matmul(values([16, 4], 9)),
    ],
    margins: 0,
  },
  {
    what: "numbers other than zero around",
    value: () => relu([8, 3, 9, 8], 16),
    read: (x) => [F.conv2d(F.pad(x, [1, 1, 1, 1], { value: 0.5 }), values([6, 16, 3, 3], 7))],
    margins: 0,
  },
];

/** What is made inside a module and goes no further is not kept. */
class Whole extends nn.Module {
  readonly #body: () => Tensor[];

  constructor(body: () => Tensor[]) {
    super();
    this.#body = body;
  }

  forward(): Tensor[] {
    return this.#body();
  }
}

interface Found {
  readonly together: readonly Float32Array[];
  readonly apart: readonly Float32Array[];
  readonly margins: number;
}

const asArrays = async (of: readonly Tensor[]): Promise<Float32Array[]> =>
  (await Promise.all(of.map((t) => t.data()))).map((data) => Float32Array.from(data));

async function compute(made: Device, { value, read }: Case): Promise<Found> {
  const device = withPoisonedMemory(made);
  let margins = 0;
  watched(device, (program) => {
    const calls = program.stages.flatMap((stage) => stage.calls);
    margins = calls.filter((c) => program.kernels[c.kernel]?.name === "margin").length;
  });
  return onEngine(new Engine(device), async () => {
    const together = await asArrays(new Whole(() => read(value()))());
    const found = margins;
    const first = value();
    const given = fromOwned(Float32Array.from(await first.data()), [...first.shape]);
    const apart = await asArrays(read(given));
    return { together, apart, margins: found };
  });
}

describe.each(devicesAndNative)("$label", ({ make, lacks }) => {
  test.for(cases)("$what", async (c, context) => {
    context.skip(lacks !== undefined, lacks);
    const { together, apart, margins } = await compute(make(), c);
    if (c.margins !== null) expect(margins).toBe(c.margins);
    expectClose(together, apart);
  });
});

function expectClose(found: readonly Float32Array[], truth: readonly Float32Array[]): void {
  expect(found).toHaveLength(truth.length);
  found.forEach((data, t) => {
    const wanted = truth[t] as Float32Array;
    expect(data.length).toBe(wanted.length);
    const worst = data.reduce((m, v, i) => Math.max(m, Math.abs(v - (wanted[i] as number)) || 0), 0);
    const largest = wanted.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    expect(data.some(Number.isNaN)).toBe(false);
    expect(largest).toBeGreaterThan(0);
    expect(worst / largest).toBeLessThan(1e-5);
  });
}
