/**
 * Checks of layer arguments. Messages name the layer, the option and the value given.
 */
import { isFloat } from "../base/dtype.ts";
import { ArgumentError, DTypeError } from "../base/errors.ts";
import { checkOptions, type OptionRules, show } from "../base/options.ts";
import { checkTensor, type Tensor } from "../tensor/tensor.ts";

export { checkOptions, checkTensor, type OptionRules, show };

/** A number for both spatial axes, or one each: height, width. */
export type NumberOrPair = number | readonly [number, number];

/** One integer of `least` or more for each spatial axis. @throws ArgumentError. */
export function sizesOf(
  value: number | readonly number[],
  axes: number,
  least: number,
  option: string,
  owner: string,
): readonly number[] {
  const list = typeof value === "number" ? new Array<number>(axes).fill(value) : value;
  if (!Array.isArray(list) || list.length !== axes || list.some((v) => !Number.isInteger(v) || v < least)) {
    const form = axes === 1 ? "" : `, or a list of ${axes} of them`;
    throw new ArgumentError(
      `${owner}: ${option} must be an integer of ${least} or more${form}; got ${show(value)}`,
      {
        option,
        value,
      },
    );
  }
  return list;
}

/** @throws ArgumentError unless the value is an integer. */
export function checkInteger(value: number, option: string, owner: string): number {
  if (Number.isInteger(value)) return value;
  throw new ArgumentError(`${owner}: ${option} must be an integer; got ${show(value)}`, { option, value });
}

/** @throws ArgumentError unless the value is an integer of `least` or more. */
export function checkCount(value: number, least: number, option: string, owner: string): number {
  if (!Number.isInteger(value) || value < least) {
    throw new ArgumentError(
      `${owner}: ${option} must be an integer of ${least} or more; got ${show(value)}`,
      {
        option,
        value,
      },
    );
  }
  return value;
}

/** @throws ArgumentError unless low <= value <= high. */
export function checkRange(value: number, low: number, high: number, option: string, owner: string): number {
  if (typeof value !== "number" || !(value >= low && value <= high)) {
    const range = high === Number.POSITIVE_INFINITY ? `${low} or more` : `from ${low} to ${high}`;
    throw new ArgumentError(`${owner}: ${option} must be ${range}; got ${show(value)}`, { option, value });
  }
  return value;
}

/** @throws ArgumentError unless the value is a finite number. */
export function checkNumber(value: number, option: string, owner: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new ArgumentError(`${owner}: ${option} must be a finite number; got ${show(value)}`, {
      option,
      value,
    });
  }
  return value;
}

/** @throws ArgumentError unless the value is a finite number above 0. */
export function checkPositive(value: number, option: string, owner: string): number {
  if (typeof value !== "number" || !(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new ArgumentError(`${owner}: ${option} must be a finite number above 0; got ${show(value)}`, {
      option,
      value,
    });
  }
  return value;
}

/** @throws ArgumentError unless the value is one of those listed. */
export function checkChoice<T extends string>(
  value: T,
  choices: readonly T[],
  option: string,
  owner: string,
): T {
  if (!choices.includes(value)) {
    const list = choices.map((c) => `"${c}"`).join(", ");
    throw new ArgumentError(`${owner}: ${option} must be one of ${list}; got ${show(value)}`, {
      option,
      value,
    });
  }
  return value;
}

/** @throws DTypeError unless the input is a float tensor. */
export function checkFloat(input: Tensor, owner: string): void {
  checkTensor(input, "input", owner);
  if (isFloat(input.dtype)) return;
  throw new DTypeError(`${owner}: needs a float tensor, got ${input.dtype}; convert with .to("float32")`, {
    dtype: input.dtype,
  });
}

/**
 * Compares the types of two tensors, which go by the names given. @throws DTypeError unless the first is a float
 * tensor of the second's type.
 */
export function checkSameType(
  input: Tensor,
  weight: Tensor,
  owner: string,
  name = "weight",
  inputName = "input",
): void {
  checkTensor(input, inputName, owner);
  checkTensor(weight, name, owner);
  if (input.dtype === weight.dtype && isFloat(input.dtype)) return;
  const fix = isFloat(weight.dtype)
    ? `convert the ${inputName} with .to("${weight.dtype}")`
    : 'both must be floats, convert with .to("float32")';
  throw new DTypeError(`${owner}: ${inputName} is ${input.dtype}, ${name} ${weight.dtype}; ${fix}`, {
    [inputName]: input.dtype,
    [name]: weight.dtype,
  });
}

/** `3` where all are equal, else `[3, 5]`. */
export function showSizes(sizes: readonly number[]): string {
  const [first] = sizes;
  return sizes.every((s) => s === first) ? String(first) : `[${sizes.join(", ")}]`;
}
