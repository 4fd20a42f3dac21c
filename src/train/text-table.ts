import { textWidth } from "./text-width.ts";

/**
 * Lines of a table for the terminal: columns to the left, padded to the widest cell.
 *
 * @param rows cells; rows may be of different lengths
 * @example
 * train.textTable([["model", "loss"], ["resnet18", "0.21"]]); // ["model     loss", "resnet18  0.21"]
 */
export function textTable(rows: readonly (readonly string[])[]): string[] {
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
