/** CSV files by their path. Node only. */
import { readFile } from "node:fs/promises";
import { FileFormatError } from "../../base/errors.ts";
import { type CsvOptions, readCsv } from "../csv.ts";
import type { CsvTable } from "../csv-table.ts";

/**
 * Reads a file of comma-separated values; see `data.readCsv`.
 *
 * @throws FileFormatError when there is no such file, and naming the line and column of what is wrong in it
 * @example
 * const table = await readCsvFile("flowers.csv");
 * const flowers = table.dataset({ target: "species", missing: "drop" });
 * flowers.length; // 2
 */
export async function readCsvFile(path: string, options: CsvOptions = {}): Promise<CsvTable> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new FileFormatError(
      `readCsvFile: ${path} cannot be read (${cause instanceof Error ? cause.message : String(cause)}); give the path of a CSV file`,
      { path },
      { cause },
    );
  });
  return readCsv(bytes, { source: path, ...options });
}
