/**
 * Checks of the one object that holds what is optional. Messages name the operation, the option and the value given.
 */
import { ArgumentError } from "./errors.ts";

/** What options may be besides what each one's own check says. */
export interface OptionRules {
  /** Those that may be null. */
  readonly nullable?: readonly string[];
  /** Those that are true or false. */
  readonly flags?: readonly string[];
}

/**
 * Refuses what would otherwise be passed over in silence: an option given as a bare value, as PyTorch takes it, a name
 * that there is not, null for "the default", and anything but a boolean for a flag. @throws ArgumentError.
 */
export function checkOptions(
  options: object,
  names: readonly string[],
  owner: string,
  { nullable = [], flags = [] }: OptionRules = {},
): void {
  // Calls that are right are many: texts are made for those that are not.
  const form = (): string => `{ ${names.join(", ")} }`;
  const refuse = (why: string, details: Record<string, unknown>): ArgumentError =>
    new ArgumentError(`${owner}: ${why}`, details);
  if (!isRecord(options)) {
    throw refuse(`options are given as an object, ${form()}; got ${show(options)}`, { options });
  }
  for (const name of Object.keys(options)) {
    const value = options[name];
    if (!names.includes(name)) {
      const others = names.length === 0 ? "it takes none" : `there are ${form()}`;
      throw refuse(`there is no option "${name}"; ${others}`, { option: name });
    }
    if (value === null && !nullable.includes(name)) {
      throw refuse(`${name} must not be null; leave it out for its default`, { option: name, value });
    }
    if (value !== undefined && flags.includes(name) && typeof value !== "boolean") {
      throw refuse(`${name} must be true or false; got ${show(value)}`, { option: name, value });
    }
  }
}

/** Whether this is an object as `{}` makes it, rather than a list, a tensor or what else has a class. */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What an object is, by its class; anything else as it was given. */
export const kindOf = (value: unknown, unnamed = "object"): string =>
  typeof value === "object" && value !== null ? (value.constructor?.name ?? unnamed) : show(value);

/** Lists and objects without a class as JSON, what else is an object by its class, anything else as it was given. */
export const written = (value: unknown): string =>
  Array.isArray(value) || isRecord(value) ? JSON.stringify(value) : kindOf(value);

/** A value as it was given. */
export function show(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (Array.isArray(value)) return `[${value.map(String).join(", ")}]`;
  return String(value);
}
