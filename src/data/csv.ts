/**
 * Reads comma-separated values: text into a table of typed columns, in one pass, and a second one for columns of texts.
 */
import { type ByteSource, nameOfSource, readBytes } from "../base/byte-source.ts";
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { checkOptions } from "../nn/arguments.ts";
import { ColumnBuilder } from "./csv-column.ts";
import { type CsvRows, csvRows } from "./csv-rows.ts";
import { type CsvColumn, CsvTable, type CsvType } from "./csv-table.ts";

/** Options of {@link readCsv}. */
export interface CsvOptions {
  /** What stands between two values, such as ";" or "\t". Default ",". */
  readonly delimiter?: string;
  /** What values are put into that hold delimiters or line breaks; doubled inside of them. Default '"'. */
  readonly quote?: string;
  /** Whether the first line names the columns. Default true; else they are called "0", "1" and so on. */
  readonly header?: boolean;
  /** Names of the columns, in place of the header's. Default: the header's. */
  readonly names?: readonly string[];
  /** Texts that stand for a missing value. Default: pandas' own, the empty text, "NA", "NaN", "null" and their like. */
  readonly naValues?: readonly string[];
  /** Types of columns that are not to be guessed, by name. */
  readonly types?: Readonly<Record<string, CsvType>>;
  /** Encoding of bytes, by a name that `TextDecoder` knows, such as "latin1" or "shift_jis". Default "utf-8". */
  readonly encoding?: string;
  /** What messages call the file. Default: the name of a `File`, the address of a `Response`, or "CSV". */
  readonly source?: string;
}

const optionNames = ["delimiter", "quote", "header", "names", "naValues", "types", "encoding", "source"];

/** What pandas takes as missing. */
const missingTexts: readonly string[] = [
  ...["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"],
  ...["<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"],
];

/**
 * Reads comma-separated values: RFC 4180, any delimiter, with or without a byte order mark, line breaks of any kind.
 *
 * A column whose values are all numbers (Python's `float` notation, `inf` included) has the type "number"; one of `true` and
 * `false`, in any case, is "boolean"; every other one is "text". Missing values are none of its values: they are `NaN` among
 * numbers and booleans, `null` among texts. Empty lines are left out. All lines need the same number of values.
 *
 * @param source The text itself, a `Uint8Array`, `File`, `Blob`, or what `fetch` gives. A path: `readCsvFile` of `tatamijs/node`.
 * @throws FileFormatError naming the line, the column and the value; ArgumentError for a path or a wrong option
 * @example
 * const table = await data.readCsv("sepal,petal,species\n5.1,1.4,setosa\n6.3,4.9,virginica\n5.9,,setosa\n");
 * table.types; // { sepal: "number", petal: "number", species: "text" }
 * table.tensor(["sepal", "petal"]).shape; // [3, 2]
 * const flowers = table.dataset({ features: ["sepal", "petal"], target: "species", missing: "drop" });
 * flowers.classes; // ["setosa", "virginica"]
 * for await (const [x, y] of new data.DataLoader(flowers, { batchSize: 2 })) console.log(x.shape, y.shape); // [2, 2] and [2]
 */
export async function readCsv(
  source: string | ByteSource | Promise<ByteSource>,
  options: CsvOptions = {},
): Promise<CsvTable> {
  checkCsvOptions(options);
  const given = await source;
  const name = options.source ?? nameOfSource(given, "CSV");
  const text =
    typeof given === "string" ? checkText(given) : decode(await readBytes(given), name, options.encoding);
  const { delimiter = ",", quote = '"' } = options;
  return tableOf(await csvRows(text, { delimiter, quote, source: name }), text.length, name, options);
}

function checkCsvOptions(options: CsvOptions): void {
  checkOptions(options, optionNames, "readCsv");
  const { delimiter = ",", quote = '"', types = {} } = options;
  if (typeof delimiter !== "string" || delimiter.length === 0 || delimiter === quote) {
    throw new ArgumentError(
      `readCsv: delimiter must be a text other than the quote, such as ";"; got ${JSON.stringify(delimiter)}`,
      { delimiter },
    );
  }
  if (typeof quote !== "string" || quote.length !== 1) {
    throw new ArgumentError(`readCsv: quote must be one character; got ${JSON.stringify(quote)}`, { quote });
  }
  for (const [column, type] of Object.entries(types)) {
    if (type === "number" || type === "boolean" || type === "text") continue;
    throw new ArgumentError(
      `readCsv: the type of column ${JSON.stringify(column)} must be "number", "boolean" or "text"; got ${JSON.stringify(type)}`,
      { column, type },
    );
  }
}

/** A text of one line is a path, most of the time. */
function checkText(text: string): string {
  if (/[\r\n]/.test(text)) return text;
  throw new ArgumentError(
    `readCsv: ${JSON.stringify(text.slice(0, 80))} has no line break, so it is no text of a CSV file; a path is read by ` +
      "readCsvFile(path) of tatamijs/node, an address by readCsv(await fetch(url))",
    { source: text.slice(0, 80) },
  );
}

function decode(bytes: Uint8Array, name: string, encoding?: string): string {
  const marked =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? "utf-16le"
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? "utf-16be"
        : "utf-8";
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(encoding ?? marked, { fatal: true });
  } catch (cause) {
    throw new ArgumentError(
      `readCsv: encoding ${JSON.stringify(encoding)} is none that TextDecoder knows; use "utf-8", "latin1", "shift_jis" or another`,
      { encoding },
      { cause },
    );
  }
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new FileFormatError(
      `${name}: the bytes are not valid ${decoder.encoding}; name the file's own as option encoding, such as "latin1"`,
      { source: name, encoding: decoder.encoding },
      { cause },
    );
  }
}

function tableOf(rows: CsvRows, textLength: number, name: string, options: CsvOptions): CsvTable {
  const { header = true, naValues = missingTexts, types = {} } = options;
  const columns = columnNames(rows, name, options);
  const unknown = Object.keys(types).filter((column) => !columns.includes(column));
  if (unknown.length > 0) {
    throw new ArgumentError(
      `readCsv: types names the columns ${listed(unknown)}, which ${name} does not have; it has ${listed(columns)}`,
      { unknown, columns },
    );
  }
  // Every value takes a character with its delimiter: where there are fewer, some line is too short. Said before memory is taken.
  if (columns.length * rows.length > textLength + 1) {
    rows.visit((values, _, line) => {
      if (values.length !== columns.length) throw wrongLength(values.length, columns, name, line);
    });
  }
  const skipped = header ? 1 : 0;
  const length = rows.length - skipped;
  const missing = new Set(naValues);
  const builders = columns.map((column) => {
    const type = Object.hasOwn(types, column) ? types[column] : undefined;
    return new ColumnBuilder(column, length, missing, type);
  });
  const lines = new Array<number>(length);
  rows.visit((values, i, line) => {
    if (values.length !== columns.length) throw wrongLength(values.length, columns, name, line);
    if (i < skipped) return;
    lines[i - skipped] = line;
    for (const [c, builder] of builders.entries()) {
      if (builder.add(i - skipped, values[c] as string)) continue;
      throw badValue(name, line, builder.name, values[c] as string, builder.type);
    }
  });
  const texts = builders.filter(({ type }) => type === "text").map((builder) => builder.asTexts());
  if (texts.length > 0) {
    const at = texts.map(({ name: column }) => columns.indexOf(column));
    rows.visit((values, i) => {
      if (i >= skipped) for (const [t, c] of at.entries()) texts[t]?.add(i - skipped, values[c] as string);
    });
  }
  const textOf = new Map(texts.map((builder) => [builder.name, builder]));
  const made = builders.map((b): [string, CsvColumn] => [b.name, (textOf.get(b.name) ?? b).column]);
  return new CsvTable({ source: name, columns: new Map(made), lines });
}

function wrongLength(found: number, columns: readonly string[], name: string, line: number): FileFormatError {
  return new FileFormatError(
    `${name}: line ${line} has ${found} values, but there are ${columns.length} columns (${listed(columns)}); ` +
      "put values with a delimiter in them into quotes, or set the option delimiter",
    { source: name, line, values: found, columns: columns.length },
  );
}

function columnNames(rows: CsvRows, name: string, { header = true, names }: CsvOptions): string[] {
  if (rows.length === 0) {
    throw new FileFormatError(`${name}: found no values; expected lines of a CSV file`, { source: name });
  }
  const { values, line } = rows.first();
  const found = header ? values.map((text) => text.trim()) : values.map((_, c) => String(c));
  const columns = [...(names ?? found)];
  if (columns.length !== found.length) {
    throw new ArgumentError(
      `readCsv: names has ${columns.length} names, but line ${line} of ${name} has ${found.length} values`,
      { names, found: found.length },
    );
  }
  const seen = new Set<string>();
  for (const column of columns) {
    if (seen.has(column)) {
      throw new FileFormatError(
        `${name}: two columns are called ${JSON.stringify(column)} (line ${line}); give all columns names of their own as option names`,
        { source: name, column },
      );
    }
    seen.add(column);
  }
  return columns;
}

function badValue(
  source: string,
  line: number,
  column: string,
  text: string,
  wanted: CsvType,
): FileFormatError {
  return new FileFormatError(
    `${source}: line ${line}, column ${JSON.stringify(column)}: ${JSON.stringify(text.slice(0, 80))} is no ${wanted}; mend the value, ` +
      `name it in naValues if it means that there is none, or set types: { ${JSON.stringify(column)}: "text" }`,
    { source, line, column, value: text },
  );
}

function listed(names: readonly string[]): string {
  const some = names.slice(0, 10).map((name) => JSON.stringify(name));
  return some.join(", ") + (names.length > 10 ? ` and ${names.length - 10} more` : "");
}
