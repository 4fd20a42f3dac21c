import { expect, test } from "vitest";
import { ArgumentError, DTypeError, ShapeError } from "../base/errors.ts";
import {
  arange,
  bernoulli,
  cat,
  empty,
  eye,
  fromOwned,
  full,
  fullLike,
  linspace,
  oneHot,
  ones,
  onesLike,
  rand,
  randint,
  randn,
  randperm,
  stack,
  tensor,
  where,
  zeros,
  zerosLike,
} from "./create.ts";
import { Generator, manualSeed } from "./generator.ts";
import type { Tensor } from "./tensor.ts";

test("tensor: nested lists, numbers, booleans and typed arrays, copied", async () => {
  const t = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect([t.shape, t.dtype, t.ndim, t.numel(), t.size(), t.size(-1)]).toEqual([
    [2, 3],
    "float32",
    2,
    6,
    [2, 3],
    3,
  ]);
  expect(await tensor(2.5).array()).toBe(2.5);
  expect(await tensor([true, false]).array()).toEqual([true, false]);
  const data = Int32Array.of(1, 2);
  const ints = tensor(data);
  data[0] = 9;
  expect(ints.dtype).toBe("int32");
  expect(await ints.array()).toEqual([1, 2]);
  expect((await tensor([1, 2], { dtype: "float64" }).data()) instanceof Float64Array).toBe(true);
  expect(await tensor([0, 2, -1], { dtype: "bool" }).array()).toEqual([false, true, true]);
  expect(tensor([]).shape).toEqual([0]);
  expect(await tensor([[], []]).array()).toEqual([[], []]);
});

test("tensor: numbers among booleans are numbers, as in PyTorch", async () => {
  expect(await tensor([true, 2]).array()).toEqual([1, 2]);
  expect(await tensor([[false], [0.5]]).array()).toEqual([[0], [0.5]]);
  expect(tensor([[true], [false]]).dtype).toBe("bool");
  expect(await tensor([Float32Array.of(1, 2), [3, 4]] as unknown as number[][]).array()).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

test("tensor: wrong data is refused at the call", () => {
  expect(() => tensor([[1, 2], [3]])).toThrow(
    "tensor: the lists at depth 1 have different lengths (1 where 2 was expected); every list of one depth must " +
      "be equally long",
  );
  expect(() => tensor([[1], 2])).toThrow(ShapeError);
  const refusal = (data: unknown, message: string): void =>
    expect(() => tensor(data as number[])).toThrow(`tensor: ${message}`);
  refusal(["a"], '"a" (string) is not a number or boolean; convert it with Number(...)');
  refusal([1n], "1 (bigint) is not a number or boolean; convert it with Number(...)");
  refusal(null, "null is not a number or boolean; give a number, nested lists or a typed array");
  refusal([1, undefined], "undefined is not a number or boolean");
  refusal({ a: 1 }, "Object (object) is not a number or boolean");
  refusal(
    [zeros([2]), zeros([2])],
    "Tensor (object) is not a number or boolean; join tensors with stack([...])",
  );
  refusal([zeros([1]).item()], "Promise (object) is not a number or boolean; await it first");
  expect(() => tensor([1], { dtype: "int64" as "int32" })).toThrow(
    'tensor: dtype "int64" is not supported; use one of bool, uint8, int32, float32, float64',
  );
  expect(() => tensor(zeros([2]) as unknown as number[])).toThrow(ArgumentError);
  expect(() => fromOwned(new Float32Array(3), [2])).toThrow("fromOwned: 3 elements do not fill [2]");
  expect(() => zeros([2, -1])).toThrow("zeros: [2, -1] is not a shape; sizes must be integers of 0 or more");
  expect(() => tensor([1], { dtype: "int32", requiresGrad: true })).toThrow(DTypeError);
});

test("filled tensors", async () => {
  expect(await zeros([2, 2]).array()).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(await ones([3], { dtype: "int32" }).array()).toEqual([1, 1, 1]);
  expect(await full([2], 7.5).array()).toEqual([7.5, 7.5]);
  expect(await full([], -1).item()).toBe(-1);
  expect(empty([4]).shape).toEqual([4]);
  const like = tensor([1, 2], { dtype: "float64" });
  for (const t of [zerosLike(like), onesLike(like), fullLike(like, 3)]) {
    expect([t.dtype, t.shape]).toEqual(["float64", [2]]);
  }
  expect(await eye(2, 3).array()).toEqual([
    [1, 0, 0],
    [0, 1, 0],
  ]);
});

test("sequences", async () => {
  expect(await arange(5).array()).toEqual([0, 1, 2, 3, 4]);
  expect(arange(5).dtype).toBe("int32");
  expect(await arange(5, 0, -2).array()).toEqual([5, 3, 1]);
  expect(arange(0, 1, 0.25).dtype).toBe("float32");
  expect(await arange(0, 1, 0.25).array()).toEqual([0, 0.25, 0.5, 0.75]);
  expect(arange(3, { dtype: "float64" }).dtype).toBe("float64");
  expect(await linspace(0, 1, 5).array()).toEqual([0, 0.25, 0.5, 0.75, 1]);
  expect(await linspace(3, 9, 1).array()).toEqual([3]);
  expect(() => arange(0, 5, 0)).toThrow("arange: step must not be 0");
});

test("joined, stacked, chosen, one-hot", async () => {
  const a = tensor([[1, 2]]);
  expect(await cat([a, tensor([[3, 4]])]).array()).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(await cat([a, tensor([[3]])], -1).array()).toEqual([[1, 2, 3]]);
  expect(cat([tensor([1], { dtype: "int32" }), tensor([1])]).dtype).toBe("float32");
  expect(await stack([tensor([1, 2]), tensor([3, 4])], 1).array()).toEqual([
    [1, 3],
    [2, 4],
  ]);
  expect(() => cat([a, tensor([1])])).toThrow("cat: [1] does not fit [1, 2]");
  expect(() => cat([])).toThrow("cat: needs at least one tensor");
  const mask = tensor([true, false]);
  expect(await where(mask, tensor([1, 2]), 0).array()).toEqual([1, 0]);
  expect(where(mask, 1, tensor([1, 2], { dtype: "int32" })).dtype).toBe("int32");
  expect(where(mask, 0.5, tensor([1, 2], { dtype: "int32" })).dtype).toBe("float32");
  expect(await oneHot(tensor([2, 0], { dtype: "int32" }), 3).array()).toEqual([
    [0, 0, 1],
    [1, 0, 0],
  ]);
});

/** Mean, standard deviation, and the fourth moment about the mean in units of the variance's square. */
async function moments(t: Tensor): Promise<[number, number, number]> {
  const data = Array.from(await t.data());
  const mean = data.reduce((s, v) => s + v, 0) / data.length;
  const variance = data.reduce((s, v) => s + (v - mean) ** 2, 0) / data.length;
  const fourth = data.reduce((s, v) => s + (v - mean) ** 4, 0) / data.length;
  return [mean, Math.sqrt(variance), fourth / variance ** 2];
}

test.each(["float32", "float64"] as const)(
  "random numbers have the right statistics in %s",
  async (dtype) => {
    manualSeed(1);
    const n = 40_000;
    const [mean, deviation, kurtosis] = await moments(randn([n], { dtype }));
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(deviation - 1)).toBeLessThan(0.02);
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.15);
    const [middle, spread] = await moments(rand([n], { dtype }));
    expect(Math.abs(middle - 0.5)).toBeLessThan(0.006);
    expect(Math.abs(spread - Math.sqrt(1 / 12))).toBeLessThan(0.003);
    const u = await rand([n], { dtype }).data();
    expect(u.every((v) => v >= 0 && v < 1)).toBe(true);
    const tenths = new Array<number>(10).fill(0);
    for (const v of u) tenths[Math.floor(v * 10)] = (tenths[Math.floor(v * 10)] as number) + 1;
    // Chi-square with 9 degrees of freedom: above 30 once in 2000 seeds.
    expect(tenths.reduce((s, c) => s + (c - n / 10) ** 2 / (n / 10), 0)).toBeLessThan(30);
  },
);

test("draws differ, neighbours are not correlated, the same seed repeats", async () => {
  manualSeed(5);
  const [a, b] = [await randn([5000]).data(), await randn([5000]).data()];
  const correlation = (x: ArrayLike<number>, y: ArrayLike<number>, lag: number): number => {
    let sum = 0;
    for (let i = lag; i < x.length; i++) sum += (x[i] as number) * (y[i - lag] as number);
    return sum / x.length;
  };
  expect(Math.abs(correlation(a, b, 0))).toBeLessThan(0.06);
  expect(Math.abs(correlation(a, a, 1))).toBeLessThan(0.06);
  manualSeed(5);
  expect(await randn([5000]).data()).toEqual(a);
  const generator = new Generator(5);
  expect(await randn([5000], { generator }).data()).toEqual(a);
  const state = generator.getState();
  const next = await randn([3], { generator }).data();
  generator.setState(state);
  expect(await randn([3], { generator }).data()).toEqual(next);
  expect(() => manualSeed(-1)).toThrow("manualSeed: -1 is not a seed; use an integer from 0 to 2 ** 53 - 1");
});

test("integers, permutations and coin flips", async () => {
  manualSeed(2);
  const dice = await randint(1, 7, [6000]).data();
  const faces = [1, 2, 3, 4, 5, 6].map((face) => dice.filter((v) => v === face).length);
  expect(faces.reduce((s, c) => s + c, 0)).toBe(6000);
  expect(faces.every((c) => Math.abs(c - 1000) < 120)).toBe(true);
  expect(randint(0, 2, [3], { dtype: "uint8" }).dtype).toBe("uint8");
  expect(Array.from(await randperm(97).data()).sort((x, y) => x - y)).toEqual(
    Array.from({ length: 97 }, (_, i) => i),
  );
  expect(await randperm(97).data()).not.toEqual(await randperm(97).data());
  const heads = await bernoulli(full([4000], 0.3)).data();
  expect(Math.abs(heads.filter((v) => v === 1).length - 1200)).toBeLessThan(150);
  expect(() => randint(3, 3, [1])).toThrow("randint: needs integers low < high, got 3 and 3");
  expect(() => rand([1], { dtype: "int32" })).toThrow("rand: needs a float type, got int32");
});

test("a shape that is no list names the fix", () => {
  const size = 2 as unknown as number[];
  expect(() => zeros(size)).toThrow("zeros: a shape is a list such as [2, 3]; got 2");
  expect(() => ones([6]).reshape(size)).toThrow("reshape: a shape is a list such as [2, 3]; got 2");
  expect(() => ones([2, 3]).permute(size)).toThrow("permute: dimensions are a list such as [1, 0]; got 2");
});
