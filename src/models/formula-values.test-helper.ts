/** Numbers for weights and data by a formula, the same bits as in test/reference/formula_values.py. */
import type * as nn from "../nn/index.ts";
import { tensor } from "../tensor/create.ts";

/** `count` numbers of [-1, 1), evenly spread; every `stream` has others. */
export function noise(count: number, stream: number): Float64Array {
  const start = (Math.imul(stream, 0x85ebca77) + 1) | 0;
  return Float64Array.from({ length: count }, (_, i) => {
    let x = (Math.imul(i, 0x9e3779b1) + start) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1;
  });
}

/** Replaces parameters and running statistics, each with the number of its place in the state dict as stream. */
export function fill(model: nn.Module): void {
  const state = Object.entries(model.stateDict()).map(([key, value], i) => {
    if (key.endsWith("num_batches_tracked")) return [key, value] as const;
    const { shape } = value;
    const values = noise(value.numel(), i);
    const scale = Math.sqrt((6 * (shape[0] as number)) / value.numel());
    const change = (v: number): number => {
      if (shape.length > 1) return v * scale;
      if (key.endsWith("running_var")) return 1 + 0.5 * v;
      return key.endsWith("weight") ? 1 + 0.2 * v : 0.1 * v;
    };
    return [key, tensor(Float32Array.from(values, change)).reshape(shape)] as const;
  });
  model.loadStateDict(Object.fromEntries(state));
}
