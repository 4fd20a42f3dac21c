/**
 * A run in files that other programs read: every point, never sampled. Made piece by piece, as quickly as the reader
 * takes it.
 */
import { rounded } from "../base/rounded.ts";
import {
  type LayerSeries,
  type RecordPlace,
  statisticsFields,
  updateFields,
} from "../train/recording/layer-log.ts";
import { stepColumns } from "../train/recording/step-log.ts";
import { looseRecord } from "./loose.ts";
import type { RunReader } from "./run-reader.ts";

const rowsAtOnce = 2000;

/** What a CSV file holds: one kind of rows. */
export const csvTables = ["steps", "layers"] as const;
export type CsvTable = (typeof csvTables)[number];

/** "steps": a row per step. "layers": a row per recorded step and layer, with the counts of the histogram. */
export function csvOf(reader: RunReader, table: CsvTable): AsyncIterable<string> {
  return table === "steps" ? stepsCsv(reader) : layersCsv(reader);
}

async function* stepsCsv({ steps }: RunReader): AsyncGenerator<string> {
  yield `${stepColumns.join(",")}\n`;
  const columns = stepColumns.map((name) => steps.column(name));
  for (let from = 0; from < steps.length; from += rowsAtOnce) {
    const rows = range(from, Math.min(from + rowsAtOnce, steps.length));
    yield rows.map((i) => `${columns.map((column) => column[i]).join(",")}\n`).join("");
  }
}

async function* layersCsv(reader: RunReader): AsyncGenerator<string> {
  const { bins } = reader.layers.header;
  const counts = range(0, bins).map((b) => `count_${b}`);
  yield `${["step", "kind", "layer", "parameter", ...updateFields, ...statisticsFields, ...counts].join(",")}\n`;
  for (const record of reader.layers.records) {
    const rows = presentSeries(reader, record).map(({ series, numbers }) => {
      const update = series.kind === "updates";
      const values = update
        ? [...numbers, ...blanks(statisticsFields.length + bins)]
        : [...blanks(2), ...numbers];
      return `${[record.step, series.kind, quoted(series.layer), quoted(series.parameter ?? ""), ...values].join(",")}\n`;
    });
    yield rows.join("");
  }
}

const blanks = (count: number): string[] => new Array<string>(count).fill("");

/** A field of text; what a spreadsheet would take for a formula becomes text. */
function quoted(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** `{ run, epochs, steps: [...], layers: { bins, series, records } }`. */
export async function* jsonOf(reader: RunReader): AsyncGenerator<string> {
  const { summary, epochs } = reader.head;
  const { steps, layers } = reader;
  const head = { run: summary, classes: reader.classes, epochs: epochs.map(looseRecord) };
  yield `${JSON.stringify(head).slice(0, -1)},"steps":{"columns":${JSON.stringify(stepColumns)},"rows":[`;
  const columns = stepColumns.map((name) => steps.column(name));
  for (let from = 0; from < steps.length; from += rowsAtOnce) {
    const rows = range(from, Math.min(from + rowsAtOnce, steps.length));
    const text = rows.map((i) => `[${columns.map((column) => numberText(column[i] as number)).join(",")}]`);
    yield `${from === 0 ? "" : ","}${text.join(",")}`;
  }
  const { bins, series } = layers.header;
  const fields = { statistics: [...statisticsFields, "counts"], updates: updateFields };
  yield `]},"layers":${JSON.stringify({ bins, fields, series }).slice(0, -1)},"records":[`;
  let first = true;
  for (const record of layers.records) {
    const found = presentSeries(reader, record).map(
      ({ index, numbers }) => `[${index},${numbers.map(numberText).join(",")}]`,
    );
    yield `${first ? "" : ","}{"step":${record.step},"series":[${found.join(",")}]}`;
    first = false;
  }
  yield "]}}\n";
}

interface Present {
  readonly index: number;
  readonly series: LayerSeries;
  readonly numbers: readonly number[];
}

function presentSeries({ layers }: RunReader, record: RecordPlace): Present[] {
  const position = layers.recordAt(record.step);
  return layers.header.series.flatMap((series, index): Present[] => {
    const [place] = layers.places(index, position, position + 1);
    if (place === undefined) return [];
    const length =
      series.kind === "updates" ? updateFields.length : statisticsFields.length + layers.header.bins;
    const found = [...layers.numbers.subarray(place.at, place.at + length)];
    return [{ index, series, numbers: found.map((value) => rounded(value, digits)) }];
  });
}

/** Significant digits of a float32. */
const digits = 9;

const numberText = (value: number): string => (Number.isFinite(value) ? String(value) : `"${value}"`);

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
