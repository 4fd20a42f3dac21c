/**
 * A table of typed columns, and the dataset that is made of some of them. What a file looks like is known by `csv.ts` alone.
 */
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { checkChoice, checkOptions } from "../nn/arguments.ts";
import { fromOwned } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { TensorDataset } from "./tensor-dataset.ts";

/** What the values of a column are. */
export type CsvType = "number" | "boolean" | "text";

/** Values of a column, row by row. A missing one is `NaN` among numbers and booleans (0 and 1), `null` among texts. */
export type CsvColumn =
  | { readonly type: "number" | "boolean"; readonly values: Float64Array }
  | { readonly type: "text"; readonly values: readonly (string | null)[] };

/** What a {@link CsvTable} is made of. */
export interface CsvTableContent {
  /** What messages call it, such as a path. */
  readonly source: string;
  /** Columns of equal length, in order. */
  readonly columns: ReadonlyMap<string, CsvColumn>;
  /** The line of the file on which each row ends. */
  readonly lines: readonly number[];
}

/**
 * What becomes of missing values: "error" refuses them, naming the line; "drop" leaves out rows that have one; a number takes
 * their place (`NaN` keeps them as they are).
 */
export type MissingRule = "error" | "drop" | number;

/** Options of {@link CsvTable.dataset}. */
export interface CsvDatasetOptions {
  /** Columns of numbers or booleans that a model gets to see. Default: all but the target. */
  readonly features?: readonly string[];
  /** The column to predict. */
  readonly target: string;
  /**
   * "class": the target's values are classes, and become their indices. "number": they are numbers to approach. Default: "number"
   * for a column of numbers, "class" for any other.
   */
  readonly targetType?: "class" | "number";
  /**
   * All classes, in the order of their indices, such as those of the training data for the test data. Default: the target's
   * values, in order.
   */
  readonly classes?: readonly string[];
  /** What becomes of missing values in these columns. A target that is missing is never replaced. Default "error". */
  readonly missing?: MissingRule;
}

const datasetOptions = ["features", "target", "targetType", "classes", "missing"];

/**
 * A table of typed columns, as {@link readCsv} gives it.
 *
 * @example
 * const table = await data.readCsv("city,degrees\nKyoto,21.5\nOslo,NA\n");
 * table.length; // 2
 * table.column("degrees").values; // [21.5, NaN]
 * table.classIndices("city").classes; // ["Kyoto", "Oslo"]
 */
export class CsvTable {
  /** What messages call it. */
  readonly source: string;
  /** Number of rows. */
  readonly length: number;
  readonly #columns: ReadonlyMap<string, CsvColumn>;
  readonly #lines: readonly number[];

  constructor({ source, columns, lines }: CsvTableContent) {
    for (const [name, { values }] of columns) {
      if (values.length === lines.length) continue;
      throw new ArgumentError(
        `CsvTable: column ${JSON.stringify(name)} has ${values.length} values for ${lines.length} rows; all need one for each`,
        { name, values: values.length, rows: lines.length },
      );
    }
    this.source = source;
    this.length = lines.length;
    this.#columns = columns;
    this.#lines = lines;
  }

  /** Names of the columns, in order. */
  get columns(): readonly string[] {
    return [...this.#columns.keys()];
  }

  /** The type of each column. */
  get types(): Readonly<Record<string, CsvType>> {
    return Object.fromEntries([...this.#columns].map(([name, { type }]) => [name, type]));
  }

  /** @throws ArgumentError naming the columns that there are. */
  column(name: string): CsvColumn {
    const column = this.#columns.get(name);
    if (column !== undefined) return column;
    throw new ArgumentError(
      `${this.source}: there is no column ${JSON.stringify(name)}; there are ${this.columns.map((c) => JSON.stringify(c)).join(", ")}`,
      { name, columns: this.columns },
    );
  }

  /**
   * Columns of numbers and booleans as float32 of shape [rows, columns].
   *
   * @param columns Default: all that are no texts.
   * @param options.missing Default `NaN`, which keeps missing values.
   * @throws ArgumentError for a column of texts; FileFormatError naming the line and column of a missing value
   */
  tensor(columns?: readonly string[], { missing = Number.NaN }: { missing?: MissingRule } = {}): Tensor {
    const names = columns ?? this.columns.filter((name) => this.column(name).type !== "text");
    return this.#matrix(names, this.#rows(names, [], checkMissing(missing)), missing);
  }

  /**
   * Values of a column as indices of classes.
   *
   * @param classes All classes, in the order of their indices. Default: the column's values; numbers by size, texts by code point.
   * @returns The classes, and one index for each row, -1 for a missing value.
   * @throws FileFormatError naming the line of a value that is none of the classes
   */
  classIndices(
    name: string,
    classes?: readonly string[],
  ): { readonly classes: readonly string[]; readonly indices: Int32Array } {
    const { type, values } = this.column(name);
    const texts = Array.from<number | string | null, string | null>(values, (value) => {
      if (value === null || (typeof value === "number" && Number.isNaN(value))) return null;
      return type === "boolean" ? String(value === 1) : String(value);
    });
    const found = [...new Set(texts.filter((text) => text !== null))];
    const all = classes ?? (type === "number" ? found.sort((a, b) => Number(a) - Number(b)) : inOrder(found));
    const indexOf = new Map(all.map((text, i) => [text, i]));
    const indices = Int32Array.from(texts, (text, row) => {
      if (text === null) return -1;
      return indexOf.get(text) ?? this.#notAClass(name, row, text, all);
    });
    return { classes: all, indices };
  }

  /**
   * Rows as samples `[features, target]`: features float32 of shape [columns]; the target an int32 class index of shape [], or a
   * float32 number of shape [1], as a model with one output gives it.
   *
   * @throws ArgumentError for a column of texts among the features, or a wrong option; FileFormatError naming line and column
   * @example
   * const table = await data.readCsv("x,y\n1,2\n2,4.1\n3,6\n");
   * const line = table.dataset({ features: ["x"], target: "y" });
   * line.tensors[1]; // [[2], [4.1], [6]]
   */
  dataset(options: CsvDatasetOptions): CsvDataset {
    checkOptions(options, datasetOptions, "CsvTable.dataset");
    const { target, classes, missing = "error" } = options;
    const features = options.features ?? this.columns.filter((name) => name !== target);
    if (features.length === 0 || features.includes(target)) {
      throw new ArgumentError(
        `CsvTable.dataset: features must be one column or more without the target ${JSON.stringify(target)}; got ` +
          `[${features.map((name) => JSON.stringify(name)).join(", ")}]`,
        { features, target },
      );
    }
    const { type } = this.column(target);
    const kind = options.targetType ?? (type === "number" && classes === undefined ? "number" : "class");
    checkChoice(kind, ["class", "number"], "targetType", "CsvTable.dataset");
    const rows = this.#rows(features, [target], checkMissing(missing));
    const x = this.#matrix(features, rows, missing);
    if (kind === "number")
      return new CsvDataset(x, this.#matrix([target], rows, missing), { features, classes: [] });
    const found = this.classIndices(target, classes);
    const y = Int32Array.from(rows, (row) => found.indices[row] as number);
    return new CsvDataset(x, fromOwned(y, [rows.length]), { features, classes: found.classes });
  }

  /** Rows that are kept. `required` columns are those whose missing values nothing replaces. */
  #rows(columns: readonly string[], required: readonly string[], missing: MissingRule): number[] {
    const isReplaced = typeof missing === "number";
    const looked = [...(isReplaced ? [] : columns), ...required].map((name) => ({
      name,
      values: this.column(name).values,
    }));
    const rows: number[] = [];
    for (let row = 0; row < this.length; row++) {
      const hole = looked.find(({ values }) => values[row] === null || Number.isNaN(values[row]));
      if (hole === undefined) rows.push(row);
      else if (missing !== "drop") this.#missingValue(hole.name, row);
    }
    return rows;
  }

  /** The first dimension are the rows given. */
  #matrix(names: readonly string[], rows: readonly number[], missing: MissingRule): Tensor {
    const data = new Float32Array(rows.length * names.length);
    for (const [c, name] of names.entries()) {
      const column = this.column(name);
      if (column.type === "text") throw this.#isText(name);
      for (const [n, row] of rows.entries()) {
        const value = column.values[row] as number;
        data[n * names.length + c] = typeof missing === "number" && Number.isNaN(value) ? missing : value;
      }
    }
    return fromOwned(data, [rows.length, names.length]);
  }

  #isText(name: string): ArgumentError {
    const { values } = this.column(name);
    const row = values.findIndex((value) => typeof value === "string" && Number.isNaN(Number(value)));
    const example = row < 0 ? "" : `, such as ${JSON.stringify(values[row])} in line ${this.#lines[row]}`;
    return new ArgumentError(
      `${this.source}: column ${JSON.stringify(name)} holds texts${example}; leave it out, name what means "missing" in the option ` +
        `naValues of readCsv, or turn its classes into columns: oneHot(tensor(table.classIndices(${JSON.stringify(name)}).indices))`,
      { column: name },
    );
  }

  #missingValue(name: string, row: number): never {
    throw new FileFormatError(
      `${this.source}: line ${this.#lines[row]}, column ${JSON.stringify(name)}: the value is missing; pass missing: "drop" to leave out ` +
        "rows without a value, or a number to put in its place among the features",
      { source: this.source, line: this.#lines[row], column: name },
    );
  }

  #notAClass(name: string, row: number, text: string, classes: readonly string[]): never {
    throw new FileFormatError(
      `${this.source}: line ${this.#lines[row]}, column ${JSON.stringify(name)}: ${JSON.stringify(text)} is none of the classes ` +
        `${classes
          .slice(0, 10)
          .map((c) => JSON.stringify(c))
          .join(", ")}; mend the value or add the class`,
      { source: this.source, line: this.#lines[row], column: name, value: text },
    );
  }
}

function checkMissing(missing: MissingRule): MissingRule {
  if (missing === "error" || missing === "drop" || typeof missing === "number") return missing;
  throw new ArgumentError(
    `CsvTable: missing must be "error", "drop" or a number; got ${JSON.stringify(missing)}`,
    {
      missing,
    },
  );
}

/** By code point, as Python sorts; JavaScript's own order is that of UTF-16 units. */
function inOrder(texts: readonly string[]): string[] {
  const key = new Map(texts.map((text) => [text, Array.from(text, (c) => c.codePointAt(0) as number)]));
  return [...texts].sort((a, b) => {
    const [x, y] = [key.get(a) ?? [], key.get(b) ?? []];
    const at = x.findIndex((point, i) => point !== y[i]);
    return at < 0 ? x.length - y.length : (x[at] as number) - (y[at] ?? -1);
  });
}

/**
 * Columns of a table as samples `[features, target]`; made by {@link CsvTable.dataset}.
 *
 * @example
 * const table = await data.readCsv("length,kind\n5.1,a\n6.3,b\n");
 * const dataset: data.CsvDataset = table.dataset({ target: "kind" });
 * dataset.features; // ["length"]
 */
export class CsvDataset extends TensorDataset {
  /** Names of the columns of the features, in order. */
  readonly features: readonly string[];
  /** Names of the classes; a target is an index into them. Empty where the target is a number. */
  readonly classes: readonly string[];

  constructor(
    x: Tensor,
    y: Tensor,
    { features, classes }: { readonly features: readonly string[]; readonly classes: readonly string[] },
  ) {
    super(x, y);
    this.features = features;
    this.classes = classes;
  }
}
