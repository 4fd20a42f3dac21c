/**
 * Numbers of which JSON has none, to the strings of the protocol and back.
 */
import { rounded } from "../base/rounded.ts";
import type { Loose } from "./protocol.ts";

export function loose(value: number): Loose {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "Infinity" : "-Infinity";
}

/** As `loose`, with the digits that a float32 has. */
export function loose32(value: number): Loose {
  return Number.isFinite(value) ? rounded(value, 7) : loose(value);
}

/** All numbers of a record. */
export function looseRecord(record: Readonly<Record<string, number>>): Record<string, Loose> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, loose(value)]));
}
