/** A column of a CSV file, filled value by value: numbers as long as all are, texts otherwise. */
import type { CsvColumn, CsvType } from "./csv-table.ts";

/** Fills one column. */
export class ColumnBuilder {
  readonly name: string;
  readonly #missing: ReadonlySet<string>;
  readonly #isGiven: boolean;
  #type: CsvType | undefined;
  #numbers: Float64Array = new Float64Array();
  #texts: (string | null)[] = [];

  /** @param type The type that all values must have. Default: that of the values. */
  constructor(name: string, length: number, missing: ReadonlySet<string>, type?: CsvType) {
    this.name = name;
    this.#missing = missing;
    this.#type = type;
    this.#isGiven = type !== undefined;
    this.#numbers = new Float64Array(length).fill(Number.NaN);
  }

  /** What the values are so far; a column without any is one of numbers. */
  get type(): CsvType {
    return this.#type ?? "number";
  }

  get column(): CsvColumn {
    const { type } = this;
    return type === "text" ? { type, values: this.#texts } : { type, values: this.#numbers };
  }

  /** An empty column of texts in place of this one, whose values are to be added again. */
  asTexts(): ColumnBuilder {
    const texts = new ColumnBuilder(this.name, 0, this.#missing, "text");
    texts.#texts = new Array<string | null>(this.#numbers.length).fill(null);
    return texts;
  }

  /** Whether the value fits. A column whose type nobody said becomes one of texts, whose values come later. */
  add(row: number, text: string): boolean {
    const trimmed = text.trim();
    if (this.#missing.has(trimmed)) return true;
    if (this.#type === "text") {
      if (row < this.#texts.length) this.#texts[row] = text;
      return true;
    }
    const value = this.#parse(trimmed);
    if (value !== undefined) this.#numbers[row] = value;
    else if (this.#isGiven) return false;
    else this.#type = "text";
    return true;
  }

  #parse(text: string): number | undefined {
    // The first value decides between numbers and booleans.
    this.#type ??= booleanOf(text) === undefined ? "number" : "boolean";
    return this.#type === "boolean" ? booleanOf(text) : numberOf(text);
  }
}

/** Python's notation of a float, without its underscores. */
function numberOf(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  const [, sign] = /^([+-]?)inf(?:inity)?$/i.exec(text) ?? [];
  if (sign !== undefined) return sign === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^[+-]?nan$/i.test(text) ? Number.NaN : undefined;
}

function booleanOf(text: string): number | undefined {
  const lower = text.toLowerCase();
  return lower === "true" ? 1 : lower === "false" ? 0 : undefined;
}
