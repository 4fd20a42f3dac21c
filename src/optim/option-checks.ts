/**
 * Checks of optimizer options. Messages name the optimizer, the option and the value given.
 */
import { ArgumentError } from "../base/errors.ts";

/** @throws ArgumentError unless low <= value < below. */
export function checkOption(
  owner: object,
  option: string,
  value: unknown,
  low: number,
  below: number = Number.POSITIVE_INFINITY,
): void {
  if (typeof value === "number" && value >= low && value < below) return;
  const range =
    below === Number.POSITIVE_INFINITY ? `a number of ${low} or more` : `from ${low} to below ${below}`;
  throw refusal(owner, option, range, value);
}

/** @throws ArgumentError unless the value is true or false. */
export function checkFlag(owner: object, option: string, value: unknown): void {
  if (typeof value !== "boolean") throw refusal(owner, option, "true or false", value);
}

/** @throws ArgumentError unless the value is a pair of shares from 0 to below 1. */
export function checkBetas(owner: object, value: unknown): void {
  if (!Array.isArray(value) || value.length !== 2) throw refusal(owner, "betas", "a pair of numbers", value);
  value.forEach((beta: unknown, i) => void checkOption(owner, `betas[${i}]`, beta, 0, 1));
}

/** @throws ArgumentError unless the value is a pair of numbers that fits. */
export function checkPair(
  owner: object,
  option: string,
  value: unknown,
  wanted: string,
  fits: (first: number, second: number) => boolean,
): void {
  const pair: unknown[] = Array.isArray(value) && value.length === 2 ? value : [];
  const [first, second] = pair;
  if (typeof first === "number" && typeof second === "number" && fits(first, second)) return;
  throw refusal(owner, option, wanted, value);
}

function refusal(owner: object, option: string, range: string, value: unknown): ArgumentError {
  const shown = typeof value === "string" || Array.isArray(value) ? JSON.stringify(value) : String(value);
  return new ArgumentError(`${owner.constructor.name}: ${option} must be ${range}; got ${shown}`, {
    option,
    value,
  });
}

/** Refuses what is no object of options, and options that are not among `known`. @throws ArgumentError. */
export function checkNames(name: string, known: readonly string[], options: unknown): void {
  if (typeof options !== "object" || options === null) {
    throw new ArgumentError(
      `${name}: options go into an object, as in { lr: 0.01 }; got ${String(options)}`,
      { options },
    );
  }
  const unknown = Object.keys(options).find((k) => !known.includes(k));
  if (unknown !== undefined) {
    const list = known.filter((k, i) => known.indexOf(k) === i).join(", ");
    throw new ArgumentError(`${name}: there is no option "${unknown}"; the options are ${list}`, { unknown });
  }
}
