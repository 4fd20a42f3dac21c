/**
 * What a run of the bench found: printed as it comes, and written to bench/RESULTS.md when asked.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { textTable } from "../src/train/text-table.ts";
import { notMeasured } from "./goals.ts";

const introduction = [
  "# Results",
  "",
  "Written by `npm run bench -- --write`. Every library runs in a process of its own; they take turns, with pauses in",
  "which the threads of the one before fall asleep, and each turn begins with steps that are not measured. Times are",
  "medians of the turns' means, with the quickest and the slowest; ratios are of medians of one run. Before anything is",
  "timed, outputs, losses of the first steps and results of single operations are compared. A run of single sections",
  "(`--only`) leaves the others as they were.",
];

/** A table with what stands above it, in Markdown. */
interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** The sections of a file written before. */
function sectionsIn(text: string): Section[] {
  return text
    .split("\n## ")
    .slice(1)
    .map((part) => {
      const [title = "", ...lines] = part.trimEnd().split("\n");
      return { title, lines };
    });
}

/** Rows that say that something was not measured, as they were before; rows are found by their first cell. */
function withEarlier({ title, lines }: Section, before: readonly Section[]): Section {
  const earlier = before.find((s) => s.title === title)?.lines ?? [];
  const nameOf = (row: string): string => row.split(" | ")[0] ?? "";
  return {
    title,
    lines: lines.map((row) =>
      row.includes(`| ${notMeasured} |`) ? (earlier.find((e) => nameOf(e) === nameOf(row)) ?? row) : row,
    ),
  };
}

/** The sections of a run in their order, with those of an earlier one that it did not come to, each in its place. */
function joined(now: readonly Section[], before: readonly Section[]): Section[] {
  const titles = before.map((s) => s.title);
  const added = now.filter((s) => !titles.includes(s.title));
  const found = before.map((s) => now.find(({ title }) => title === s.title) ?? s);
  return [...found, ...added].map((s) => withEarlier(s, before));
}

export class Report {
  readonly #head: string[] = [];
  readonly #sections: Section[] = [];
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
    this.#sections.push({ title, lines: ["", ...(about === "" ? [] : [about, ""]), ...lines] });
  }

  /** Writes the file beside this one's source. @param whole whether it is to have this run's sections alone */
  write(whole: boolean): void {
    const path = fileURLToPath(new URL("../../bench/RESULTS.md", import.meta.url));
    const before = whole || !existsSync(path) ? [] : sectionsIn(readFileSync(path, "utf8"));
    const sections = joined(this.#sections, before).flatMap(({ title, lines }) => [
      "",
      `## ${title}`,
      ...lines,
    ]);
    const notes = [...this.#notes].map((note) => `- ${note}`);
    writeFileSync(path, `${[...this.#head, ...notes, ...sections].join("\n")}\n`);
    console.log(`\nWritten to ${path}`);
  }
}
