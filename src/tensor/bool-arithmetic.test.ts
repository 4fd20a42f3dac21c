/** Arithmetic with bools gives what PyTorch gives, and is refused where PyTorch refuses it. */
import { describe, expect, test } from "vitest";
import { ArgumentError, DTypeError } from "../base/errors.ts";
import { tensor } from "./create.ts";
import type { Tensor } from "./tensor.ts";

const mask = (): Tensor => tensor([true, false]);
const floats = (): Tensor => tensor([1.5, 2.5]);
const integers = (): Tensor => tensor([3, 4], { dtype: "int32" });

/** The values and their type. */
async function read(t: Tensor): Promise<unknown> {
  return [await t.array(), t.dtype];
}

describe("powers", () => {
  test.each<[string, () => Tensor, readonly number[], string]>([
    ["a mask, of 2", () => mask().pow(2), [1, 0], "int32"],
    ["a mask, square", () => mask().square(), [1, 0], "int32"],
    ["a mask, of 3", () => mask().pow(3), [1, 0], "int32"],
    ["a mask, of 0", () => mask().pow(0), [1, 1], "int32"],
    ["a mask, of 0.5", () => mask().pow(0.5), [1, 0], "float32"],
    ["a mask, of floats", () => mask().pow(floats()), [1, 0], "float32"],
    ["a mask, of int32", () => mask().pow(integers()), [1, 0], "int32"],
    ["a mask, of uint8", () => mask().pow(integers().to("uint8")), [1, 0], "uint8"],
    ["floats, of a mask", () => floats().pow(mask()), [1.5, 1], "float32"],
    ["floats, of true", () => floats().pow(true), [1.5, 2.5], "float32"],
    ["int32, of a mask", () => integers().pow(mask()), [3, 1], "int32"],
    ["int32, of true", () => integers().pow(true), [3, 4], "int32"],
  ])("%s", async (_, run, want, dtype) => {
    expect(await read(run())).toEqual([want, dtype]);
  });

  test.each([
    ["a mask", mask()],
    ["true", true],
    ["false", false],
  ])("a mask has no power of %s", (_, exponent) => {
    expect(() => mask().pow(exponent)).toThrow(DTypeError);
    expect(() => mask().pow(exponent)).toThrow("pow: a bool tensor has no pow");
  });
});

describe("differences", () => {
  const tensors = "there is no difference with a bool tensor; logicalNot inverts a mask";
  const scalars = (value: boolean): string =>
    `there is no difference with a bool, got ${value}; give the number ${Number(value)}`;

  test.each<[string, () => Tensor, string]>([
    ["floats, true", () => floats().sub(true), `sub: ${scalars(true)}`],
    ["floats, false", () => floats().sub(false), `sub: ${scalars(false)}`],
    ["int32, true", () => integers().sub(true), `sub: ${scalars(true)}`],
    ["floats, a mask", () => floats().sub(mask()), `sub: ${tensors}`],
    ["a mask, true", () => mask().sub(true), `sub: ${tensors}`],
    ["a mask, 1", () => mask().sub(1), `sub: ${tensors}`],
    ["in place: floats, true", () => floats().sub_(true), `sub_: ${scalars(true)}`],
    ["in place: floats, true times 2", () => floats().sub_(true, { alpha: 2 }), `sub_: ${scalars(true)}`],
    ["in place: floats, a mask", () => floats().sub_(mask()), `sub_: ${tensors}`],
    ["in place: floats, a mask times 2", () => floats().sub_(mask(), { alpha: 2 }), `sub_: ${tensors}`],
    ["in place: int32, a mask times 2", () => integers().sub_(mask(), { alpha: 2 }), `sub_: ${tensors}`],
    ["in place: a mask, 1", () => mask().sub_(1), `sub_: ${tensors}`],
    ["a step of floats towards a mask", () => floats().lerp_(mask(), 0.5), `lerp_: ${tensors}`],
  ])("are refused: %s", (_, run, message) => {
    expect(run).toThrow(DTypeError);
    expect(run).toThrow(message);
  });
});

describe("a factor of what is added or subtracted", () => {
  const both = (): Tensor => tensor([true, true]);
  const doubles = (): Tensor => tensor([1, 2], { dtype: "float64" });
  const bytes = (): Tensor => integers().to("uint8");

  test.each<[string, () => Tensor, readonly unknown[], string]>([
    ["masks, 2", () => mask().add(both(), { alpha: 2 }), [true, true], "bool"],
    ["masks, 1", () => mask().add(both(), { alpha: 1 }), [true, true], "bool"],
    ["masks, 0", () => mask().add(both(), { alpha: 0 }), [true, false], "bool"],
    ["masks, -1", () => mask().add(both(), { alpha: -1 }), [true, true], "bool"],
    ["a mask and true", () => mask().add(true, { alpha: 2 }), [true, true], "bool"],
    ["a mask and a number", () => mask().add(1, { alpha: 2 }), [3, 2], "int32"],
    ["a mask and a fraction", () => mask().add(1.5, { alpha: 2 }), [4, 3], "float32"],
    ["a mask and int32", () => mask().add(integers(), { alpha: 2 }), [7, 8], "int32"],
    ["a mask and floats", () => mask().add(floats(), { alpha: 2.5 }), [4.75, 6.25], "float32"],
    ["int32 and a mask", () => integers().add(mask(), { alpha: 2 }), [5, 4], "int32"],
    ["int32 and a fraction", () => integers().add(2.5, { alpha: 2 }), [8, 9], "float32"],
    ["uint8", () => bytes().add(bytes(), { alpha: -1 }), [0, 0], "uint8"],
    [
      "uint8, 255",
      () => tensor([1, 2], { dtype: "uint8" }).add(tensor([3, 4], { dtype: "uint8" }), { alpha: 255 }),
      [254, 254],
      "uint8",
    ],
    [
      "uint8, -255",
      () => tensor([1, 2], { dtype: "uint8" }).add(tensor([3, 4], { dtype: "uint8" }), { alpha: -255 }),
      [4, 6],
      "uint8",
    ],
    ["floats and a mask", () => floats().add(mask(), { alpha: 2 }), [3.5, 2.5], "float32"],
    ["floats and true", () => floats().add(true, { alpha: 2 }), [3.5, 4.5], "float32"],
    ["floats and float64", () => floats().add(doubles(), { alpha: 0.1 }), [1.6, 2.7], "float64"],
    ["floats less floats", () => floats().sub(floats(), { alpha: 3 }), [-3, -5], "float32"],
    ["without one", () => floats().add(floats(), {}), [3, 5], "float32"],
    ["in place: masks, 2", () => mask().add_(both(), { alpha: 2 }), [true, true], "bool"],
    ["in place: masks, 0", () => mask().add_(both(), { alpha: 0 }), [true, false], "bool"],
    ["in place: a mask and true", () => mask().add_(true, { alpha: 2 }), [true, true], "bool"],
    ["in place: int32 and a mask", () => integers().add_(mask(), { alpha: 2 }), [5, 4], "int32"],
    ["in place: floats and a mask", () => floats().add_(mask(), { alpha: 2 }), [3.5, 2.5], "float32"],
  ])("%s", async (_, run, want, dtype) => {
    expect(await read(run())).toEqual([want, dtype]);
  });

  const noInteger = (name: string, dtype: string): string =>
    `${name}: alpha must be an integer where the result is ${dtype}, got 2.5; convert with .to("float32")`;
  test.each<[string, () => Tensor, string]>([
    ["masks", () => mask().add(both(), { alpha: 2.5 }), noInteger("add", "bool")],
    ["a mask and int32", () => mask().add(integers(), { alpha: 2.5 }), noInteger("add", "int32")],
    ["int32 and a number", () => integers().add(2, { alpha: 2.5 }), noInteger("add", "int32")],
    ["int32 less int32", () => integers().sub(integers(), { alpha: 2.5 }), noInteger("sub", "int32")],
    ["in place: masks", () => mask().add_(both(), { alpha: 2.5 }), noInteger("add_", "bool")],
    [
      "uint8, 256",
      () => bytes().add(bytes(), { alpha: 256 }),
      "add: alpha must be from -255 to 255 where the result is uint8, got 256",
    ],
    [
      "in place: int32, 2147483648",
      () => integers().sub_(integers(), { alpha: 2147483648 }),
      "sub_: alpha must be from -2147483648 to 2147483647 where the result is int32, got 2147483648",
    ],
    ["in place: int32", () => integers().sub_(integers(), { alpha: 2.5 }), noInteger("sub_", "int32")],
    [
      "in place: a mask and int32",
      () => mask().add_(integers(), { alpha: 2 }),
      "add_: the result is int32, the tensor bool",
    ],
    [
      "less a mask",
      () => floats().sub(mask(), { alpha: 2 }),
      "sub: there is no difference with a bool tensor",
    ],
  ])("is refused: %s", (_, run, message) => {
    expect(run).toThrow(DTypeError);
    expect(run).toThrow(message);
  });

  test.each<[unknown, string]>([
    [true, "true"],
    ["2", '"2"'],
    [tensor(2), "Tensor"],
  ])("is a number, not %o", (alpha, shown) => {
    const options = { alpha } as { alpha: number };
    for (const name of ["add", "sub", "add_", "sub_"] as const) {
      expect(() => floats()[name](floats(), options)).toThrow(ArgumentError);
      expect(() => floats()[name](floats(), options)).toThrow(
        `${name}: alpha must be a number; got ${shown}`,
      );
    }
  });

  test("comes in the options", () => {
    const given = (options: unknown) => () => floats().add(floats(), options as { alpha: number });
    expect(given(2)).toThrow("add: options are given as an object, { alpha }; got 2");
    expect(given({ alpah: 2 })).toThrow('add: there is no option "alpah"; there are { alpha }');
  });

  test("has gradients of its own size", async () => {
    const [x, y] = [tensor([1, 2], { requiresGrad: true }), tensor([3, 4], { requiresGrad: true })];
    x.add(y, { alpha: 3 }).sub(y, { alpha: 0.5 }).sum().backward();
    expect([await x.grad?.array(), await y.grad?.array()]).toEqual([
      [1, 1],
      [2.5, 2.5],
    ]);
  });
});
