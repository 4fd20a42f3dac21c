/**
 * The text of a CSV file as rows of texts. Lines are taken apart each time that they are looked at, so that a large file is in
 * memory once, as text, and not once more as millions of small ones. Only a text with quotes needs a parser, the package
 * csv-parse, which is loaded then.
 */
import { FileFormatError } from "../base/errors.ts";

/** Called for each row with its texts, its index and the number of the line on which it ends, from 1. */
export type VisitRow = (values: readonly string[], row: number, line: number) => void;

/** Rows that can be gone through again and again. */
export interface CsvRows {
  readonly length: number;
  /** The first row and its line; there must be one. */
  readonly first: () => { readonly values: readonly string[]; readonly line: number };
  readonly visit: (each: VisitRow) => void;
}

/** How a text is taken apart. */
export interface CsvFormat {
  readonly delimiter: string;
  readonly quote: string;
  /** What messages call the text. */
  readonly source: string;
}

/** @throws FileFormatError naming the line on which quotes do not fit together */
export function csvRows(text: string, format: CsvFormat): CsvRows | Promise<CsvRows> {
  const marked = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  return marked.includes(format.quote) ? parsedRows(marked, format) : splitRows(marked, format.delimiter);
}

/** Without quotes every line break ends a row, and every delimiter a value. */
function splitRows(text: string, delimiter: string): CsvRows {
  const lines = text.split(/\r\n|\n|\r/);
  const length = lines.reduce((count, line) => (line === "" ? count : count + 1), 0);
  const visit = (each: VisitRow): void => {
    let row = 0;
    for (const [i, line] of lines.entries()) if (line !== "") each(line.split(delimiter), row++, i + 1);
  };
  const first = (): ReturnType<CsvRows["first"]> => {
    const i = lines.findIndex((line) => line !== "");
    return { values: (lines[i] as string).split(delimiter), line: i + 1 };
  };
  return { length, first, visit };
}

async function parsedRows(text: string, { delimiter, quote, source }: CsvFormat): Promise<CsvRows> {
  const { parse, CsvError } = await import("csv-parse/browser/esm/sync");
  try {
    const records = parse(text, {
      delimiter,
      quote,
      escape: quote,
      info: true,
      // Said by hand: by itself csv-parse takes the first kind of line break for the only one.
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as readonly { readonly record: string[]; readonly info: { readonly lines: number } }[];
    const visit = (each: VisitRow): void => {
      for (const [row, { record, info }] of records.entries()) each(record, row, info.lines);
    };
    const first = (): ReturnType<CsvRows["first"]> => {
      const { record = [], info } = records[0] ?? {};
      return { values: record, line: info?.lines ?? 1 };
    };
    return { length: records.length, first, visit };
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new FileFormatError(
      `${source}: ${cause.message}; put a value with quotes into quotes and double those inside of it`,
      { source, code: cause.code },
      { cause },
    );
  }
}
