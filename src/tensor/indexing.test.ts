import { expect, test } from "vitest";
import { arange, randperm, tensor, zeros } from "./create.ts";

const grid = () => arange(12).reshape([3, 4]);

test("index: positions, lists, tensors and null", async () => {
  expect(await grid().index([1]).array()).toEqual([4, 5, 6, 7]);
  expect(await grid().index([1, -1]).array()).toBe(7);
  expect(await grid().index([null, 2]).array()).toEqual([2, 6, 10]);
  expect(
    await grid()
      .index([[2, 0]])
      .array(),
  ).toEqual([
    [8, 9, 10, 11],
    [0, 1, 2, 3],
  ]);
  expect(
    await grid()
      .index([
        [0, 2],
        [3, -1],
      ])
      .array(),
  ).toEqual([3, 11]);
  expect(
    await grid()
      .index([null, tensor([[0], [1]], { dtype: "int32" })])
      .array(),
  ).toEqual([
    [[0], [1]],
    [[4], [5]],
    [[8], [9]],
  ]);
  expect(() => grid().index([0, 0, 0])).toThrow("index: 3 items for a tensor of shape [3, 4]");
  expect(() => grid().index([[3]])).toThrow("index: position 3 is out of range for a dimension of size 3");
  expect(() => zeros([2, 3, 4]).t()).toThrow(
    "t: needs a matrix or a vector, got shape [2, 3, 4]; use transpose",
  );
  expect(() => grid().to("int8" as "int32")).toThrow('to: dtype "int8" is not supported; use one of');
  expect(() => randperm(-1)).toThrow("randperm");
  expect(() => randperm(1.5)).toThrow("randperm");
  expect(() => grid().index([3])).toThrow("select: index 3 is out of range for dimension 0 of size 3");
  expect(() => grid().index([tensor([true])])).toThrow("index: an index tensor must be int32, got bool");
});

test("gather, indexSelect, scatterAdd, split and chunk", async () => {
  const rows = tensor([[3], [0], [1]], { dtype: "int32" });
  expect(await grid().gather(1, rows).array()).toEqual([[3], [4], [9]]);
  expect(
    await grid()
      .indexSelect(0, tensor([2], { dtype: "int32" }))
      .array(),
  ).toEqual([[8, 9, 10, 11]]);
  const counts = tensor([0, 0, 0]).scatterAdd(0, tensor([2, 2, 0], { dtype: "int32" }), tensor([1, 1, 5]));
  expect(await counts.array()).toEqual([5, 0, 2]);
  expect(
    grid()
      .split(3, 1)
      .map((t) => t.shape),
  ).toEqual([
    [3, 3],
    [3, 1],
  ]);
  expect(
    grid()
      .split([1, 2])
      .map((t) => t.shape),
  ).toEqual([
    [1, 4],
    [2, 4],
  ]);
  expect(
    grid()
      .chunk(3, 1)
      .map((t) => t.shape),
  ).toEqual([
    [3, 2],
    [3, 2],
  ]);
});

test("shapes are checked at the call", () => {
  expect(() => grid().reshape([5, 2])).toThrow("reshape: [3, 4] has 12 elements, which [5, 2] cannot hold");
  expect(() => grid().size(2)).toThrow("size: dimension 2 is out of range for a tensor of 2 dimensions");
  expect(() => grid().add(tensor([1, 2, 3]))).toThrow("add: shapes [3, 4] and [3] do not broadcast");
  expect(() =>
    grid()
      .to("float32")
      .mm(tensor([1])),
  ).toThrow("mm: needs two tensors of 2 dimensions");
});

test("types are promoted as in PyTorch", () => {
  const [u, i, f, d, b] = (["uint8", "int32", "float32", "float64", "bool"] as const).map((dtype) =>
    tensor([1], { dtype }),
  ) as [
    ReturnType<typeof tensor>,
    ReturnType<typeof tensor>,
    ReturnType<typeof tensor>,
    ReturnType<typeof tensor>,
    ReturnType<typeof tensor>,
  ];
  expect([u.add(i).dtype, i.add(f).dtype, f.add(d).dtype, b.mul(u).dtype]).toEqual([
    "int32",
    "float32",
    "float64",
    "uint8",
  ]);
  expect([i.add(1).dtype, i.add(0.5).dtype, i.div(2).dtype, u.sum().dtype, d.mul(2).dtype]).toEqual([
    "int32",
    "float32",
    "float32",
    "int32",
    "float64",
  ]);
  expect([i.exp().dtype, i.gt(0).dtype, f.argmax().dtype, b.logicalNot().dtype]).toEqual([
    "float32",
    "bool",
    "int32",
    "bool",
  ]);
});
