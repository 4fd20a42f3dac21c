import { describe, expect, it } from "vitest";
import { ArgumentError } from "../base/errors.ts";
import { tensor } from "../tensor/create.ts";
import { collateSamples } from "./collate.ts";
import { ConcatDataset, Dataset, fetchBatch, randomSplit, Subset } from "./dataset.ts";
import type { HostArray } from "./host-array.ts";
import { RandomKey } from "./random-stream.ts";

const key = new RandomKey(0);

function vector(...values: number[]): HostArray {
  return { dtype: "float32", shape: [values.length], data: new Float32Array(values) };
}

/** Samples `[[i, 10 i], label i]`, starting at `first`. */
class Count extends Dataset<readonly [HostArray, number]> {
  readonly length: number;
  readonly first: number;
  constructor(length: number, first = 0) {
    super();
    this.length = length;
    this.first = first;
  }
  get(i: number): readonly [HostArray, number] {
    return [vector(this.first + i, 10 * (this.first + i)), this.first + i];
  }
}

describe("fetchBatch", () => {
  it("joins samples of a dataset without a batch of its own", () => {
    expect(fetchBatch(new Count(9), [3, 1, 3], key)).toEqual([
      { dtype: "float32", shape: [3, 2], data: new Float32Array([3, 30, 1, 10, 3, 30]) },
      { dtype: "int32", shape: [3], data: new Int32Array([3, 1, 3]) },
    ]);
  });

  it("awaits a dataset that has to", async () => {
    const plain = new Count(9);
    const slow = { length: 9, get: (i: number) => Promise.resolve(plain.get(i)) };
    expect(await fetchBatch(slow, [2, 0], key)).toEqual(fetchBatch(plain, [2, 0], key));
  });
});

describe("collateSamples", () => {
  it("adds a dimension to scalars", () => {
    const target = { dtype: "float64", shape: [], data: new Float64Array([0.5]) } as const;
    expect(collateSamples([[target], [target]])).toEqual([
      { dtype: "float64", shape: [2], data: new Float64Array([0.5, 0.5]) },
    ]);
  });

  it("says which sample does not fit", () => {
    const x = vector(1, 2);
    expect(() => collateSamples([])).toThrow("there are no samples");
    expect(() => collateSamples([[x, 1], [x]])).toThrow("sample 1 of the batch has 1 fields, sample 0 has 2");
    expect(() => collateSamples([[x], [vector(1)]])).toThrow(
      "field 0 of sample 1 of the batch has shape [1], that of sample 0 [2]",
    );
    expect(() =>
      collateSamples([
        [x, 1],
        [x, 1.5],
      ]),
    ).toThrow("field 1 of sample 1 of the batch is 1.5");
    // Without types, or behind a cast.
    const tensors = [[tensor([1, 2])]] as unknown as (typeof x)[][];
    expect(() => collateSamples(tensors)).toThrow("field 0 of sample 0 of the batch is a tensor");
    expect(() => collateSamples([[x], ...tensors])).toThrow("field 0 of sample 1 of the batch is a tensor");
    expect(() => collateSamples([[x], [1]])).toThrow("field 0 of sample 1 of the batch is a number");
    expect(() => collateSamples([[1], [x]])).toThrow(
      "is an array, but a plain number stands for a class index",
    );
    expect(() => collateSamples([[x], [{ ...x, dtype: "float64" as const }]])).toThrow(
      "is float64, that of sample 0 is float32",
    );
  });
});

describe("Subset and ConcatDataset", () => {
  it("translate indices, also of each other", () => {
    const both = new ConcatDataset([new Count(2), new Count(0), new Count(3, 100)]);
    expect(both.length).toBe(5);
    expect([0, 1, 2, 3, 4].map((i) => (both.get(i) as readonly [HostArray, number])[1])).toEqual([
      0, 1, 100, 101, 102,
    ]);
    const some = new Subset(both, [4, 0, 4]);
    expect(some.length).toBe(3);
    expect(some.batch([2, 1])).toEqual(fetchBatch(both, [4, 0], key));
  });

  it("refuse indices out of range", () => {
    expect(() => new Subset(new Count(3), [0, 3])).toThrow("Subset: index 3 is out of range; use 0 to 2");
    expect(() => new Subset(new Count(3), [0]).get(1)).toThrow("Subset: index 1 is out of range");
    expect(() => new ConcatDataset([new Count(3)]).get(-1)).toThrow(ArgumentError);
  });
});

describe("randomSplit", () => {
  it("cuts everything into disjoint parts, the same for a seed", () => {
    const parts = randomSplit(new Count(10), [6, 4], { seed: 3 });
    expect(parts.map((part) => part.length)).toEqual([6, 4]);
    const all = parts.flatMap((part) => part.indices);
    expect([...all].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(all).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(randomSplit(new Count(10), [6, 4], { seed: 3 }).flatMap((part) => part.indices)).toEqual(all);
    expect(randomSplit(new Count(10), [6, 4], { seed: 4 }).flatMap((part) => part.indices)).not.toEqual(all);
  });

  it("takes shares and hands out the remainder from the front", () => {
    const sizes = (count: number, shares: number[]): number[] =>
      randomSplit(new Count(count), shares).map((part) => part.length);
    expect(sizes(10, [0.7, 0.2, 0.1])).toEqual([7, 2, 1]);
    expect(sizes(11, [0.5, 0.25, 0.25])).toEqual([6, 3, 2]);
    expect(sizes(1, [1])).toEqual([1]);
  });

  it("refuses lengths that do not add up", () => {
    expect(() => randomSplit(new Count(10), [6, 3])).toThrow(
      "[6, 3] add up to 9; give sizes that add up to 10",
    );
    expect(() => randomSplit(new Count(10), [12, -2])).toThrow(ArgumentError);
    expect(() => randomSplit(new Count(10), [0.5, 0.4])).toThrow(ArgumentError);
  });
});
