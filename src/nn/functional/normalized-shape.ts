import { ArgumentError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";

/** The axes that layer normalisation runs over, as a list of sizes. @throws ArgumentError unless all are 1 or more. */
export function checkNormalizedShape(value: number | readonly number[], owner: string): Shape {
  const list = typeof value === "number" ? [value] : value;
  if (!Array.isArray(list) || list.length === 0 || list.some((s) => !Number.isInteger(s) || s < 1)) {
    const given = Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
    throw new ArgumentError(
      `${owner}: normalizedShape must be an integer of 1 or more, or a list of such sizes; got ${given}`,
      { normalizedShape: value },
    );
  }
  return list;
}
