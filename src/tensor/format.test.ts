/**
 * Texts that PyTorch prints for the same tensors, with `dtype=torch.` shortened, `True` in lower case and our option
 * names.
 */
import { expect, test } from "vitest";
import { formatTensor } from "./format.ts";

const f32 = (data: readonly number[], shape: readonly number[] = [data.length]): string =>
  formatTensor(Float32Array.from(data), shape, "float32", false);
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

test.each([
  [[3.5], [], "tensor(3.5000)"],
  [[1, 2, 3], [3], "tensor([1., 2., 3.])"],
  [[1, 10000], [2], "tensor([1.0000e+00, 1.0000e+04])"],
  [[1.5, -2, 3, 40], [2, 2], "tensor([[ 1.5000, -2.0000],\n        [ 3.0000, 40.0000]])"],
  [[1, Infinity, NaN], [3], "tensor([1., inf, nan])"],
  [[0.1, -Infinity], [2], "tensor([0.1000,   -inf])"],
  [[1e-5, 1], [2], "tensor([1.0000e-05, 1.0000e+00])"],
  [[], [0], "tensor([])"],
  [[], [0, 3], "tensor([], size=(0, 3))"],
  [[0, 0], [2], "tensor([0., 0.])"],
  [[1e10], [], "tensor(1.0000e+10)"],
  [[1e8], [1], "tensor([100000000.])"],
])("floats %j of shape %j", (data, shape, text) => {
  expect(f32(data, shape)).toBe(text);
});

test("long lines are broken at 80 columns", () => {
  expect(f32(count(30))).toBe(
    "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n" +
      "        14., 15., 16., 17., 18., 19., 20., 21., 22., 23., 24., 25., 26., 27.,\n" +
      "        28., 29.])",
  );
});

test("planes are set apart by an empty line", () => {
  expect(f32(count(8), [2, 2, 2])).toBe(
    "tensor([[[0., 1.],\n         [2., 3.]],\n\n        [[4., 5.],\n         [6., 7.]]])",
  );
});

test("more than 1000 elements are shortened, and what is not shown decides nothing", () => {
  expect(f32(count(2000))).toBe(
    "tensor([0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.9970e+03, 1.9980e+03,\n        1.9990e+03])",
  );
  const hidden = count(2000).map((i) => (i === 1000 ? 0.5 : 7));
  expect(f32(hidden)).toBe("tensor([7., 7., 7.,  ..., 7., 7., 7.])");
  const rows = f32(new Array<number>(2000).fill(1), [40, 50]).split("\n");
  expect(rows).toEqual([
    "tensor([[1., 1., 1.,  ..., 1., 1., 1.],",
    "        [1., 1., 1.,  ..., 1., 1., 1.],",
    "        [1., 1., 1.,  ..., 1., 1., 1.],",
    "        ...,",
    "        [1., 1., 1.,  ..., 1., 1., 1.],",
    "        [1., 1., 1.,  ..., 1., 1., 1.],",
    "        [1., 1., 1.,  ..., 1., 1., 1.]])",
  ]);
});

test("other types and notes", () => {
  expect(formatTensor(Uint8Array.of(1, 0), [2], "bool", false)).toBe("tensor([ true, false])");
  expect(formatTensor(Int32Array.of(1, -20), [2], "int32", false)).toBe("tensor([  1, -20], dtype=int32)");
  expect(formatTensor(Float64Array.of(1, 2), [2], "float64", true)).toBe(
    "tensor([1., 2.], dtype=float64, requiresGrad=true)",
  );
  expect(formatTensor(null, [2, 3], "float32", true)).toBe(
    "tensor(<not computed yet>, shape=[2, 3], requiresGrad=true)",
  );
});
