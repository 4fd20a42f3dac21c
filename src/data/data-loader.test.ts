import { expect, it } from "vitest";
import { tensor } from "../tensor/create.ts";
import { Generator } from "../tensor/generator.ts";
import { DataLoader } from "./data-loader.ts";
import { Dataset } from "./dataset.ts";
import { Digits } from "./digits.ts";
import type { HostArray } from "./host-array.ts";
import { TensorDataset } from "./tensor-dataset.ts";
import { MixUp } from "./transforms/mix.ts";

class Counting extends Dataset<[number]> {
  readonly length = 7;
  get(index: number): [number] {
    return [index];
  }
}

async function epoch(loader: DataLoader<[number]>): Promise<number[]> {
  const seen: number[] = [];
  for await (const [x] of loader) seen.push(...(await x.data()));
  return seen;
}

it("gives images as (N, C, H, W) and labels as int32", async () => {
  const loader = new DataLoader(new Digits({ split: "test" }), { batchSize: 256 });
  const shapes: unknown[] = [];
  for await (const [x, y] of loader) shapes.push([x.shape, x.dtype, y.shape, y.dtype]);
  expect(loader.length).toBe(2);
  expect(shapes).toEqual([
    [[256, 1, 8, 8], "float32", [256], "int32"],
    [[104, 1, 8, 8], "float32", [104], "int32"],
  ]);
});

it("shuffles by the generator's seed and the epoch, and can go on from any epoch", async () => {
  const make = (seed: number): DataLoader<[number]> =>
    new DataLoader(new Counting(), { batchSize: 3, shuffle: true, generator: new Generator(seed) });
  const loader = make(1);
  const epochs = [await epoch(loader), await epoch(loader)];
  expect(loader.epoch).toBe(2);
  expect(epochs[0]).not.toEqual(epochs[1]);
  expect([...(epochs[1] as number[])].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  const resumed = make(1);
  resumed.epoch = 1;
  expect(await epoch(resumed)).toEqual(epochs[1]);
  expect(await epoch(make(2))).not.toEqual(epochs[0]);
});

it("drops the last batch and collates as told", async () => {
  const loader = new DataLoader(new Counting(), {
    batchSize: 3,
    dropLast: true,
    collate: (samples) => [
      { dtype: "int32", shape: [samples.length], data: Int32Array.from(samples, ([i]) => i * 10) },
    ],
  });
  expect(await epoch(loader)).toEqual([0, 10, 20, 30, 40, 50]);
});

it("takes tensors as a dataset", async () => {
  const dataset = new TensorDataset(
    tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
    tensor(new Int32Array([7, 8, 9])),
  );
  const loader = new DataLoader(dataset, { batchSize: 2 });
  const batches: unknown[] = [];
  for await (const [x, y] of loader) batches.push([await x?.array(), await y?.array(), y?.dtype]);
  expect(batches).toEqual([
    [
      [
        [1, 2],
        [3, 4],
      ],
      [7, 8],
      "int32",
    ],
    [[[5, 6]], [9], "int32"],
  ]);
  expect((await dataset.get(1))[0]?.shape).toEqual([2]);
  expect(() => new TensorDataset(tensor([1, 2]), tensor([1]))).toThrow("need one common first dimension");
});

it("begins at any batch of an epoch with what it would have given, mixed batches included", async () => {
  const make = (): DataLoader<[HostArray, number]> =>
    new DataLoader(
      new (class extends Dataset<[HostArray, number]> {
        readonly length = 11;
        get(index: number): [HostArray, number] {
          return [{ dtype: "float32", shape: [1, 2, 2], data: new Float32Array(4).fill(index) }, index % 3];
        }
      })(),
      {
        batchSize: 2,
        shuffle: true,
        dropLast: true,
        generator: new Generator(5),
        batchTransform: new MixUp({ numClasses: 3 }),
      },
    );
  const read = async (loader: DataLoader<[HostArray, number]>): Promise<unknown[]> => {
    const seen: unknown[] = [];
    for await (const [x, y] of loader) seen.push([await x.array(), await y.array()]);
    return seen;
  };
  const whole = make();
  whole.epoch = 2;
  const all = await read(whole);
  expect(all).toHaveLength(5);
  for (let first = 0; first <= 5; first++) {
    const resumed = make();
    resumed.epoch = 2;
    resumed.batch = first;
    expect(await read(resumed)).toEqual(all.slice(first));
    // Of one iteration only.
    expect([resumed.epoch, resumed.batch]).toEqual([3, 0]);
    expect(await read(resumed)).toHaveLength(5);
  }
  const wrong = make();
  wrong.batch = 6;
  expect(() => wrong[Symbol.asyncIterator]()).toThrow("batch 6 is none of the epoch's 5 batches");
});
