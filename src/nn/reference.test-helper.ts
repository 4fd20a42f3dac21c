/**
 * What tests against PyTorch's values share: the values, and the inputs that they were computed from (see
 * test/reference/make_nn_references.py).
 */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { type Shape, sizeOf } from "../base/shape.ts";
import { fromOwned } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";

export function readReference<T>(name: "nn" | "optim"): T {
  const file = new URL(`../../test/reference/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as T;
}

/** sin(0.7 i + phase) for element i. */
export function wave(shape: Shape, phase = 0): Tensor {
  return fromOwned(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 0.7 + phase)),
    shape,
  );
}

/** Compares element by element; the message names the first one that is off. */
export async function expectClose(
  actual: Tensor,
  expected: readonly number[],
  tolerance = 2e-5,
): Promise<void> {
  const data = await actual.data();
  expect(data.length).toBe(expected.length);
  expected.forEach((e, i) => {
    const limit = tolerance * (1 + Math.abs(e));
    const off = Math.abs((data[i] as number) - e);
    if (!(off <= limit))
      throw new Error(`element ${i} is ${data[i]}, expected ${e} (all: ${[...data].slice(0, 20)})`);
  });
}
