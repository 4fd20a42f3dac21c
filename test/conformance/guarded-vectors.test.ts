/**
 * Values that padding, windows or neighbours end within a vector: it is read as a whole where all of it lies in the buffer, and
 * lane by lane at the buffer's ends. On every engine, beside the interpreter that has no vectors, with NaN in all memory that
 * nobody has written.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { cat, F, fromOwned, type Tensor } from "../../src/index.ts";
import type { Device } from "../../src/runtime/device.ts";
import { createInterpreterDevice } from "../../src/runtime/interpreter-device.ts";
import { devicesAndNative, onEngine } from "./engines.ts";
import { numbers } from "./numbers.ts";
import { withPoisonedMemory } from "./poison.ts";

const tensor = (shape: readonly number[], seed: number): Tensor =>
  fromOwned(numbers(shape, seed), [...shape]);

const values: Readonly<Record<string, () => Tensor>> = {
  "maxima of overlapping windows": () => F.maxPool2d(tensor([2, 3, 13, 21], 3), 3, { stride: 2, padding: 1 }),
  "maxima of windows side by side": () => F.maxPool2d(tensor([1, 2, 9, 37], 3), 3, { stride: 1, padding: 1 }),
  "means of windows": () => F.avgPool2d(tensor([2, 3, 11, 19], 3), 3, { stride: 1, padding: 1 }),
  "windows along channels": () => F.localResponseNorm(tensor([2, 21, 3, 2], 3), 5),
  "windows along channels side by side": () =>
    F.localResponseNorm(tensor([2, 3, 2, 21], 3).permute([0, 3, 1, 2]), 5),
  "sums over parts side by side": () => cat([tensor([3, 7], 3), tensor([3, 30], 4)], 1).sum(0),
  "sums along parts side by side": () => cat([tensor([3, 7], 3), tensor([3, 30], 4)], 1).sum(1),
  "a value less than a vector, padded": () => F.pad(tensor([2, 3], 3), [9, 8]).cumsum(1),
  "a matrix that no vector divides": () => tensor([9, 7], 3).matmul(tensor([7, 21], 4)),
};

const run = (device: Device, name: string): Promise<ArrayLike<number>> =>
  onEngine(new Engine(withPoisonedMemory(device)), () => (values[name] as () => Tensor)().data());

const truths = new Map<string, ArrayLike<number>>();

beforeAll(async () => {
  for (const name of Object.keys(values))
    truths.set(name, await run(createInterpreterDevice({ lanes: 1 }), name));
});

describe.each(devicesAndNative)("$label", ({ make, lacks }) => {
  test.for(Object.keys(values))("%s", async (name, context) => {
    context.skip(lacks !== undefined, lacks);
    const [found, truth] = [await run(make(), name), truths.get(name) as ArrayLike<number>];
    expect(found.length).toBe(truth.length);
    for (let i = 0; i < truth.length; i++) expect(found[i]).toBeCloseTo(truth[i] as number, 4);
  });
});
