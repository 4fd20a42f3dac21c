/** Arithmetic with bools gives what PyTorch gives, and is refused where PyTorch refuses it. */
import { describe, expect, test } from "vitest";
import { DTypeError } from "../base/errors.ts";
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
  ])("are refused: %s", (_, run, message) => {
    expect(run).toThrow(DTypeError);
    expect(run).toThrow(message);
  });
});
