/**
 * Windows side by side along rows that lie in memory, as a pool of an image reads them: vectors run along the results, and pick
 * every second element. Rows end anywhere in a vector, and the last one ends with its buffer.
 */
import { describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { F, fromOwned, type Tensor } from "../../src/index.ts";
import type { Device } from "../../src/runtime/device.ts";
import { devicesAndNative, onEngine } from "./engines.ts";

const rows = 3;
const widths = [2, 5, 6, 7, 8, 9, 14, 15, 16, 17, 31, 32, 33, 47, 66] as const;

/** Every value is there once, so that positions are certain; one is NaN where a row has room for it. */
const imageOf = (width: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: rows * 2 * width }, (_, i) =>
    i === 9 ? Number.NaN : ((i * 7) % 11) - 5 + i / 1024,
  );

const computed = (device: Device, width: number, fn: (image: Tensor) => Tensor): Promise<number[]> =>
  onEngine(new Engine(device), async () =>
    Array.from(await fn(fromOwned(imageOf(width), [1, 1, rows * 2, width])).data()),
  );

/** What `of` makes of each window of so many rows and columns, two steps apart. */
function expected(width: number, across: number, of: (window: readonly number[]) => number): number[] {
  const image = imageOf(width);
  const columns = Math.floor((width - across) / 2) + 1;
  return Array.from({ length: rows * columns }, (_, i) => {
    const from = Math.floor(i / columns) * 2 * width + (i % columns) * 2;
    const window = [0, width].flatMap((down) =>
      Array.from(image.subarray(from + down, from + down + across)),
    );
    return of(window);
  });
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

describe.each(devicesAndNative)("$label", ({ make, lacks }) => {
  test.for(widths)("of 2 by 2 in rows of %i", async (width, context) => {
    context.skip(lacks !== undefined, lacks);
    const largest = await computed(make(), width, (x) => F.maxPool2d(x, 2));
    expect(largest).toEqual(expected(width, 2, (w) => Math.max(...w)));
    const means = await computed(make(), width, (x) => F.avgPool2d(x, 2));
    expect(means).toEqual(expected(width, 2, (w) => sum(w) / 4));
  });

  test.for(widths.filter((width) => width > 2))("of 2 by 3 in rows of %i", async (width, context) => {
    context.skip(lacks !== undefined, lacks);
    const largest = await computed(make(), width, (x) => F.maxPool2d(x, [2, 3], { stride: 2 }));
    expect(largest).toEqual(expected(width, 3, (w) => Math.max(...w)));
  });
});
