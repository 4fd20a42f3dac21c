/** Columns of numbers as CSV (RFC 4180), for spreadsheets and pandas. */

export interface CsvColumn {
  readonly name: string;
  readonly values: ArrayLike<number | null | undefined>;
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** NaN and the infinities are written as pandas reads them; a missing value is an empty field. */
function field(value: number | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return String(value);
}

/** A header and one line for each row of the longest column. */
export function toCsv(columns: readonly CsvColumn[]): string {
  const rows = Math.max(0, ...columns.map((column) => column.values.length));
  const lines = [columns.map((column) => quoted(column.name)).join(",")];
  for (let row = 0; row < rows; row++) {
    lines.push(columns.map((column) => field(column.values[row])).join(","));
  }
  return `${lines.join("\r\n")}\r\n`;
}
