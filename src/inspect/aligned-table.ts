/**
 * Lines of a table with a rule under its header and one over its last row: the first `left` columns to the left, those
 * of numbers to the right.
 */
export function alignedTable(rows: readonly (readonly string[])[], left: number): string {
  const columns = rows[0]?.map((_, c) => c) ?? [];
  const widths = columns.map((c) => Math.max(...rows.map((row) => (row[c] ?? "").length)));
  const lines = rows.map((row) =>
    row
      .map((cell, c) => (c < left ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  const rule = "-".repeat(Math.max(...lines.map((line) => line.length)));
  return [lines[0], rule, ...lines.slice(1, -1), rule, lines.at(-1)].join("\n");
}
