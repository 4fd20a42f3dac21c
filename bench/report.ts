/**
 * What a run of the bench found: printed as it comes, and written to bench/RESULTS.md when asked.
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { textTable } from "../src/train/text-table.ts";

export class Report {
  readonly #lines: string[];

  /** @param notes how the engines run */
  constructor(notes: readonly string[]) {
    const machine = `${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores, Node ${process.version}`;
    this.#lines = [
      "# Results",
      "",
      "Written by `npm run bench -- --write`. Times are medians of runs that took turns, with the quickest and the slowest;",
      "ratios are of medians of one run. Shares are of the peak that the same engine reaches with multiply-adds in registers.",
      "The first native step finds its program in the cache of compiled objects if an earlier run has left it there.",
      "",
      machine,
      "",
      ...[...new Set(notes)].map((note) => `- ${note}`),
    ];
    console.log([machine, ...new Set(notes)].join("\n"));
  }

  table(title: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
    console.log(`\n${title}`);
    for (const line of textTable([header, ...rows].map((row) => [...row]))) console.log(line);
    const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
    this.#lines.push("", `## ${title}`, "", row(header), row(header.map(() => "---")), ...rows.map(row));
  }

  /** Writes the file beside this one's source. */
  write(): void {
    const path = fileURLToPath(new URL("../../bench/RESULTS.md", import.meta.url));
    writeFileSync(path, `${this.#lines.join("\n")}\n`);
    console.log(`\nWritten to ${path}`);
  }
}
