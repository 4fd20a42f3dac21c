/**
 * What plain JavaScript, a habit from PyTorch or a forgotten `await` hand over is refused at the call, by name: an option
 * that is passed over in silence gives wrong numbers.
 */
import { describe, expect, test } from "vitest";
import { ArgumentError, DTypeError, ShapeError } from "../base/errors.ts";
import * as init from "../nn/init.ts";
import * as create from "./create.ts";
import { randn, tensor, zeros } from "./create.ts";
import { Generator } from "./generator.ts";
import type { Tensor } from "./tensor.ts";

/** Without types, as JavaScript has it. */
type Untyped = Record<string, (...given: unknown[]) => unknown>;
const untyped = (value: unknown): Untyped => value as Untyped;
const x = (): Untyped => untyped(zeros([2, 3]));

describe("options", () => {
  const positional: readonly (readonly [string, (...given: unknown[]) => unknown, string])[] = [
    [
      "x.sum(1, true)",
      () => x().sum?.(1, true),
      "sum: options are given as an object, { keepdim }; got true",
    ],
    [
      "x.std(0, false)",
      () => x().std?.(0, false),
      "std: options are given as an object, { keepdim, unbiased }; got false",
    ],
    ["x.norm(1)", () => x().norm?.(1), "norm: options are given as an object, { p, dim, keepdim }; got 1"],
    [
      "x.topk(2, 0)",
      () => x().topk?.(2, 0),
      "topk: options are given as an object, { dim, largest, sorted }; got 0",
    ],
    [
      "x.sort(1, true)",
      () => x().sort?.(1, true),
      "sort: options are given as an object, { dim, descending }; got 1",
    ],
    [
      "x.uniform_(-1, 1)",
      () => x().uniform_?.(-1, 1),
      "uniform_: options are given as an object, { from, to, generator }; got -1",
    ],
    [
      "x.normal_(0, 0.02)",
      () => x().normal_?.(0, 0.02),
      "normal_: options are given as an object, { mean, std, generator }; got 0",
    ],
    [
      "tensor([1], 'int32')",
      () => untyped(create).tensor?.([1], "int32"),
      'tensor: options are given as an object, { dtype, requiresGrad }; got "int32"',
    ],
    ["zeros([1], true)", () => untyped(create).zeros?.([1], true), "zeros: options are given as an object"],
    [
      "init.normal_(w, 0, 0.02)",
      () => untyped(init).normal_?.(zeros([2]), 0, 0.02),
      "normal_: options are given as an object, { mean, std, generator }; got 0",
    ],
    [
      "init.uniform_(w, -1, 1)",
      () => untyped(init).uniform_?.(zeros([2]), -1, 1),
      "uniform_: options are given as an object, { a, b, generator }; got -1",
    ],
    [
      "init.xavierUniform_(w, 2)",
      () => untyped(init).xavierUniform_?.(zeros([2, 2]), 2),
      "xavierUniform_: options are given as an object, { gain, generator }; got 2",
    ],
    [
      "y.backward(gradient)",
      () => untyped(zeros([1], { requiresGrad: true })).backward?.(tensor([1])),
      "backward: options are given as an object",
    ],
  ];
  test.each(positional)("%s has none by position", (_, call, message) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(message);
  });

  test("of other names are refused", () => {
    expect(() => x().sum?.(1, { keepDim: true })).toThrow(
      'sum: there is no option "keepDim"; there are { keepdim }',
    );
    expect(() => x().var?.(1, { correction: 0 })).toThrow('var: there is no option "correction"');
    expect(() => x().mean?.(1, { keepdim: 1 })).toThrow("mean: keepdim must be true or false; got 1");
    expect(() => untyped(create).randn?.([2], { type: "float64" })).toThrow(
      'randn: there is no option "type"',
    );
    expect(() => untyped(create).zerosLike?.(tensor([1]), { Dtype: "int32" })).toThrow(
      'zerosLike: there is no option "Dtype"',
    );
    expect(() => untyped(init).kaimingNormal_?.(zeros([2, 2]), { fan: "fan_out" })).toThrow(
      'kaimingNormal_: there is no option "fan"',
    );
  });

  test("that there are work, and so do none", async () => {
    expect(zeros([2, 3]).sum(1, { keepdim: true }).shape).toEqual([2, 1]);
    expect(zeros([2, 3]).sum(1, Object.create(null)).shape).toEqual([2]);
    expect(await tensor([1, 2], { dtype: "int32" }).array()).toEqual([1, 2]);
    const generator = new Generator(3);
    expect(randn([2], { generator, dtype: "float64", requiresGrad: true }).dtype).toBe("float64");
  });
});

describe("dimensions", () => {
  test("are numbers or lists", () => {
    expect(() => x().sum?.({ dim: 1 })).toThrow(
      'sum: dimensions are a number or a list such as [0, 1], and options come after them; got {"dim":1}',
    );
    expect(() => x().mean?.(null)).toThrow("mean: dimensions are a number or a list such as [0, 1]");
    expect(() => x().softmax?.()).toThrow("softmax: needs a dimension, a number from -2 to 1; got undefined");
  });
});

describe("a tensor", () => {
  const y =
    (name: string, ...given: unknown[]) =>
    (): unknown =>
      x()[name]?.(...given);
  test.each([
    ["matmul", [[1, 2]], "matmul: other must be a tensor, got Array; make one with tensor(...)"],
    ["mm", [undefined], "mm: other must be a tensor, got undefined"],
    ["copy_", [3], "copy_: source must be a tensor, got 3"],
    ["maskedFill", [true, 0], "maskedFill: mask must be a tensor, got true"],
    ["gather", [1, [0, 1]], "gather: index must be a tensor, got Array"],
    ["logicalAnd", [1], "logicalAnd: other must be a tensor, got 1"],
    ["where", [true, 0], "where: condition must be a tensor, got true"],
  ] as const)("is what %s takes", (name, given, message) => {
    expect(y(name, ...given)).toThrow(ArgumentError);
    expect(y(name, ...given)).toThrow(message);
  });

  test.each([
    [
      "sum",
      [zeros([2])],
      "sum: dimensions are a number or a list such as [0, 1], and options come after them; got Tensor",
    ],
    ["transpose", [zeros([2]), 0], "transpose: needs a dimension, a number from -2 to 1; got Tensor"],
    [
      "sum",
      [{ dim: 1 }],
      'sum: dimensions are a number or a list such as [0, 1], and options come after them; got {"dim":1}',
    ],
    ["view", [[4]], "view: [2, 3] has 6 elements, which [4] cannot hold"],
    ["view", [3, 2], "view: a shape is a list such as [2, 3]; got 3"],
    ["reshape", [[4]], "reshape: [2, 3] has 6 elements, which [4] cannot hold"],
    ["expand", [2, 3], "expand: a shape is a list such as [2, 3]; got 2"],
    ["repeat", [2, 1], "repeat: counts are a list such as [2, 1]; got 2"],
    ["logicalAnd", [zeros([4])], "logicalAnd: shapes [2, 3] and [4] do not broadcast"],
    ["logicalOr", [zeros([4])], "logicalOr: shapes [2, 3] and [4] do not broadcast"],
    ["logicalXor", [zeros([4])], "logicalXor: shapes [2, 3] and [4] do not broadcast"],
    ["amax", [[2]], "amax: dimension 2 is out of range for a tensor of 2 dimensions"],
    ["amin", [[2]], "amin: dimension 2 is out of range for a tensor of 2 dimensions"],
    ["amax", [[1, -1]], "amax: dimension list [1, -1] names one twice"],
    ["max", [2], "max: dimension 2 is out of range for a tensor of 2 dimensions"],
  ] as const)("names what was called: %s", (name, given, message) => {
    expect(y(name, ...given)).toThrow(message);
  });

  test("names what was called: extremes of nothing", () => {
    const nothing = zeros([0, 3]);
    for (const name of ["amax", "amin", "max", "min"] as const) {
      expect(() => nothing[name]()).toThrow(
        `${name}: a tensor of shape [0, 3] has no elements to choose from`,
      );
    }
  });

  test("is what functions take, in lists where there are several", async () => {
    const [a, b] = [tensor([1]), tensor([2])];
    const f = untyped(create);
    expect(() => f.cat?.(a, b)).toThrow("cat: tensors are given as a list, as in cat([a, b])");
    expect(() => f.stack?.([a, 2])).toThrow("stack: tensor 1 of the list must be a tensor, got 2");
    expect(() => f.einsum?.("i,i->", a, [2])).toThrow("einsum: operand 1 must be a tensor, got Array");
    expect(() => f.where?.(a.gt(0), "a", b)).toThrow('where: what to choose from must be a tensor, got "a"');
    expect(() => f.zerosLike?.([1])).toThrow("zerosLike: the first argument must be a tensor, got Array");
    expect(() => f.oneHot?.(2, 3)).toThrow("oneHot: index must be a tensor, got 2");
    expect(() => f.arange?.(undefined)).toThrow(
      "arange: start, end and step must be finite numbers; got undefined, undefined, 1",
    );
    await expect(a.item()).resolves.toBe(1);
  });

  test("is what a mask is, and a bool one", () => {
    expect(() => zeros([2]).maskedFill(zeros([2]), 0)).toThrow(DTypeError);
    expect(() => zeros([2]).maskedFill(zeros([2]), 0)).toThrow(
      "maskedFill: the mask must be bool, got float32",
    );
  });

  test("as a gradient has the shape and type of its own", () => {
    const w = zeros([2, 3], { requiresGrad: true });
    const set = (grad: unknown) => () => {
      w.grad = grad as Tensor;
    };
    expect(set(zeros([3]))).toThrow(ShapeError);
    expect(set(zeros([3]))).toThrow("grad: a gradient of shape [3] does not fit a tensor of shape [2, 3]");
    expect(set(zeros([2, 3], { dtype: "float64" }))).toThrow(
      "grad: a gradient of float64 does not fit a tensor of float32",
    );
    expect(set([1])).toThrow("grad: the gradient (null for none) must be a tensor, got Array");
    expect(w.grad).toBeNull();
    set(zeros([2, 3]))();
    expect(w.grad?.shape).toEqual([2, 3]);
  });
});

test("integers to the power of a negative integer", () => {
  for (const dtype of ["int32", "uint8", "bool"] as const) {
    expect(() => tensor([1, 2], { dtype }).pow(-1)).toThrow(
      `pow: integers to the power of a negative integer are no integers, got -1 for ${dtype}; make them float32 first`,
    );
  }
  expect(tensor([1, 2], { dtype: "int32" }).pow(-0.5).dtype).toBe("float32");
  expect(tensor([1, 2]).pow(-1).dtype).toBe("float32");
});
