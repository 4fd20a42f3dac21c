/**
 * A network in a library without modules: its layers as calls of the library's own operations.
 */
import { readFileSync } from "node:fs";
import { decodeSafetensors } from "../../src/io/index.ts";
import { isProjected, type Layer, type Network } from "../networks.ts";

/** What a library can do; `at` is where the layer's weights are, such as "3.conv1". */
export interface Operations<T> {
  conv(x: T, at: string, options: ConvOptions): T;
  norm(x: T, at: string): T;
  relu(x: T): T;
  pool(x: T): T;
  means(x: T): T;
  flatten(x: T): T;
  linear(x: T, at: string): T;
  /** The same value for a second use, where a library counts uses. */
  again(x: T): T;
  add(a: T, b: T): T;
}

export interface ConvOptions {
  readonly stride: number;
  readonly padding: number;
  readonly bias: boolean;
  readonly size: number;
}

export function forward<T>({ layers }: Network, ops: Operations<T>, images: T): T {
  return layers.reduce((x, layer, index) => apply(layer, String(index), ops, x), images);
}

function apply<T>(layer: Layer, at: string, ops: Operations<T>, x: T): T {
  switch (layer.kind) {
    case "conv":
      return ops.conv(x, at, { stride: 1, ...layer });
    case "norm":
      return ops.norm(x, at);
    case "linear":
      return ops.linear(x, at);
    case "block":
      return block(layer, at, ops, x);
    default:
      return ops[layer.kind](x);
  }
}

function block<T>(layer: Layer & { kind: "block" }, at: string, ops: Operations<T>, x: T): T {
  const conv = (input: T, name: string, size: number, stride: number): T =>
    ops.conv(input, `${at}.${name}`, { stride, padding: (size - 1) / 2, bias: false, size });
  const kept = ops.again(x);
  const first = ops.relu(ops.norm(conv(x, "conv1", 3, layer.stride), `${at}.bn1`));
  const second = ops.norm(conv(first, "conv2", 3, 1), `${at}.bn2`);
  if (!isProjected(layer)) return ops.relu(ops.add(second, kept));
  const projected = ops.norm(conv(kept, "shortcut.0", 1, layer.stride), `${at}.shortcut.1`);
  return ops.relu(ops.add(second, projected));
}

export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** All weights and running statistics by PyTorch's names; counters of steps are left out. */
export function readWeights(path: string): Map<string, Weight> {
  const { tensors } = decodeSafetensors(readFileSync(path));
  const all = [...tensors].filter(([, { data }]) => data instanceof Float32Array);
  return new Map(all.map(([name, { shape, data }]) => [name, { shape, data: data as Float32Array }]));
}
