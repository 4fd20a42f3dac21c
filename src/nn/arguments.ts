/**
 * Checks of layer arguments. Messages name the layer, the option and the value given.
 */
import { isFloat } from "../base/dtype.ts";
import { ArgumentError, DTypeError } from "../base/errors.ts";
import { Tensor } from "../tensor/tensor.ts";

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

/** @throws ArgumentError unless the value is a tensor: plain JavaScript, or a forgotten `await`, may give others. */
export function checkTensor(value: unknown, argument: string, owner: string): void {
  if (value instanceof Tensor) return;
  const fix = value instanceof Promise ? "await it first" : "make one with tensor(...)";
  const kind =
    typeof value === "object" && value !== null ? (value.constructor?.name ?? "object") : show(value);
  throw new ArgumentError(`${owner}: ${argument} must be a tensor, got ${kind}; ${fix}`, {
    [argument]: value,
  });
}

/** @throws DTypeError unless the input is a float tensor of the weight's type. */
export function checkSameType(input: Tensor, weight: Tensor, owner: string): void {
  checkTensor(input, "input", owner);
  checkTensor(weight, "weight", owner);
  if (input.dtype === weight.dtype && isFloat(input.dtype)) return;
  throw new DTypeError(
    `${owner}: input is ${input.dtype}, weight ${weight.dtype}; convert the input with .to("${weight.dtype}")`,
    { input: input.dtype, weight: weight.dtype },
  );
}

/** `3` where all are equal, else `[3, 5]`. */
export function showSizes(sizes: readonly number[]): string {
  const [first] = sizes;
  return sizes.every((s) => s === first) ? String(first) : `[${sizes.join(", ")}]`;
}

function show(value: unknown): string {
  return typeof value === "string"
    ? `"${value}"`
    : Array.isArray(value)
      ? `[${value.join(", ")}]`
      : String(value);
}
