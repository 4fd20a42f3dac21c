/**
 * What a run of the bench found: printed as it comes, and written to bench/RESULTS.md when asked.
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { textTable } from "../src/train/text-table.ts";

const introduction = [
  "# Results",
  "",
  "Written by `npm run bench -- --write`. Every library runs in a process of its own; they take turns, with pauses in",
  "which the threads of the one before fall asleep, and each turn begins with steps that are not measured. Times are",
  "medians of the turns' means, with the quickest and the slowest; ratios are of medians of one run. Before anything is",
  "timed, outputs, losses of the first steps and results of single operations are compared.",
];

export class Report {
  readonly #head: string[] = [];
  readonly #sections: string[] = [];
  readonly #notes = new Set<string>();

  constructor() {
    const machine = `${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores, Node ${process.version}`;
    this.#head.push(...introduction, "", machine, "");
    console.log(machine);
  }

  /** A line about versions, or how something runs. */
  note(text: string): void {
    if (this.#notes.has(text)) return;
    this.#notes.add(text);
    console.log(text);
  }

  table(title: string, about: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
    console.log(`\n${title}`);
    for (const line of textTable([header, ...rows].map((row) => [...row]))) console.log(line);
    const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
    const lines = [row(header), row(header.map(() => "---")), ...rows.map(row)];
    this.#sections.push("", `## ${title}`, "", ...(about === "" ? [] : [about, ""]), ...lines);
  }

  /** Writes the file beside this one's source. */
  write(): void {
    const path = fileURLToPath(new URL("../../bench/RESULTS.md", import.meta.url));
    const notes = [...this.#notes].map((note) => `- ${note}`);
    writeFileSync(path, `${[...this.#head, ...notes, ...this.#sections].join("\n")}\n`);
    console.log(`\nWritten to ${path}`);
  }
}
