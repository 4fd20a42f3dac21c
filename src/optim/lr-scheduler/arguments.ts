/**
 * Checks of schedulers' arguments. Messages name the scheduler, the argument and the value given.
 */
import { ArgumentError } from "../../base/errors.ts";
import { checkNames } from "../option-checks.ts";

/** Bounds of a number; none by default. */
export interface Bounds {
  readonly least?: number;
  readonly most?: number;
  /** Whether `least` itself is refused. */
  readonly above?: boolean;
}

/** @throws ArgumentError unless the value is an integer of `least` (1 by default) or more. */
export function checkCount(value: number, option: string, owner: string, least = 1): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw refusal(owner, option, `an integer of ${least} or more`, value);
}

/** @throws ArgumentError unless the value is a number within the bounds. */
export function checkNumber(value: number, option: string, owner: string, bounds: Bounds = {}): number {
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY, above = false } = bounds;
  const fits = Number.isFinite(value) && (above ? value > least : value >= least) && value <= most;
  if (fits) return value;
  const low = least === Number.NEGATIVE_INFINITY ? "" : above ? ` above ${least}` : ` of ${least} or more`;
  const high = most === Number.POSITIVE_INFINITY ? "" : `${low === "" ? "" : " and"} of at most ${most}`;
  throw refusal(owner, option, `a number${low}${high}`, value);
}

/** One number for each group: the same for all, or those of the list. @throws ArgumentError. */
export function checkNumbers(
  value: number | readonly number[],
  groups: number,
  option: string,
  owner: string,
  bounds: Bounds = {},
): number[] {
  if (!Array.isArray(value)) {
    return new Array<number>(groups).fill(checkNumber(value as number, option, owner, bounds));
  }
  checkLength(value, groups, option, owner);
  return value.map((v: number, i) => checkNumber(v, `${option}[${i}]`, owner, bounds));
}

/** @throws ArgumentError unless the list has one item for each group. */
export function checkLength(list: readonly unknown[], groups: number, option: string, owner: string): void {
  if (list.length === groups) return;
  throw new ArgumentError(
    `${owner}: ${option} has ${list.length} items, but the optimizer has ${groups} groups of parameters`,
    { option, length: list.length, groups },
  );
}

/** @throws ArgumentError unless the list holds integers of `least` or more that do not fall. */
export function checkMilestones(value: readonly number[], owner: string, least: number): number[] {
  const fits = (v: unknown, i: number): boolean =>
    Number.isInteger(v) && (v as number) >= least && (i === 0 || (v as number) >= (value[i - 1] as number));
  if (Array.isArray(value) && value.every(fits)) return [...value];
  const shown = Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
  throw refusal(owner, "milestones", `a list of integers of ${least} or more, in order`, shown);
}

/** @throws ArgumentError unless the value is one of the words. */
export function checkWord<T extends string>(value: T, words: readonly T[], option: string, owner: string): T {
  if (words.includes(value)) return value;
  throw refusal(owner, option, words.map((w) => `"${w}"`).join(" or "), `"${String(value)}"`);
}

/** @throws ArgumentError unless the value is true or false. */
export function checkBoolean(value: boolean, option: string, owner: string): boolean {
  if (typeof value === "boolean") return value;
  throw refusal(owner, option, "true or false", value);
}

/** @throws ArgumentError for what is no object of options, and options that are not among `known`. */
export function checkOptions(options: object, known: readonly string[], owner: string): void {
  checkNames(owner, known, options);
}

function refusal(owner: string, option: string, wanted: string, value: unknown): ArgumentError {
  return new ArgumentError(`${owner}: ${option} must be ${wanted}; got ${String(value)}`, { option, value });
}
