import { ArgumentError } from "../../base/errors.ts";

/** @throws ArgumentError unless the value is an integer of 1 or more. */
export function checkCount(value: number, option: string, owner: string): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new ArgumentError(`${owner}: ${option} must be an integer of 1 or more; got ${value}`, {
    option,
    value,
  });
}
