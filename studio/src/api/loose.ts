/** Numbers of the protocol, which writes NaN and the infinities as strings, and back. */
import type { Loose } from "../../../src/studio/protocol.ts";

/** The number that travelled; NaN where there was none. */
export function toNumber(value: Loose | undefined | null): number {
  if (value === undefined || value === null) return Number.NaN;
  return typeof value === "number" ? value : Number(value);
}
