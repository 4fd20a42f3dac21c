/**
 * What a command says on stdout: either lines for people, or with `--json` one object per line for programs, each
 * with an `event`.
 */
import { textWidth } from "../train/index.ts";

/** Where a command's results go. */
export interface Output {
  readonly json: boolean;
  /** For people; nothing with `--json`. */
  line(text?: string): void;
  /** For programs; nothing without `--json`. */
  event(name: string, fields: Readonly<Record<string, unknown>>): void;
}

/** Numbers that JSON does not have become strings, as in the metrics of a run. */
const writable = (_key: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value;

export function createOutput(
  json: boolean,
  write: (text: string) => void = (text) => void process.stdout.write(text),
): Output {
  return {
    json,
    line: (text = "") => {
      if (!json) write(`${text}\n`);
    },
    event: (event, fields) => {
      if (json) write(`${JSON.stringify({ event, ...fields }, writable)}\n`);
    },
  };
}

/** Columns, the first ones to the left, padded to the widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) =>
    Math.max(...rows.map((row) => textWidth(row[c] ?? ""))),
  );
  return rows.map((row) =>
    row
      .map((cell, c) => cell + " ".repeat((widths[c] ?? 0) - textWidth(cell)))
      .join("  ")
      .trimEnd(),
  );
}

/** `97.8%` */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
