/**
 * What is recorded of the layers of a network, in the folder of a run:
 *
 *     layers.json   which series there are, in the order in which they were first seen
 *     layers.bin    the records, appended, 32-bit words in little-endian order
 *
 * A record is one step: its number and how many of the series it has (two unsigned integers), then these series' numbers
 * as float32, in their order. A series that was not seen in this step has -1 in place of a share or size.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/node/atomic-file.ts";

export const layersHeaderFile = "layers.json";
export const layersFile = "layers.bin";

export type LayerKind = "activations" | "gradients" | "updates";

/** One layer's activations, its gradients, or the updates of one parameter. */
export interface LayerSeries {
  readonly kind: LayerKind;
  /** Path of the layer in the model. */
  readonly layer: string;
  /** Class of the layer. */
  readonly type: string;
  /** Shape of the tensor, batch included. */
  readonly shape: readonly number[];
  /** Name of the parameter; kind "updates". */
  readonly parameter?: string;
}

/** What layers.json says. */
export interface LayerHeader {
  readonly version: 1;
  /** Bins of each histogram, evenly spaced between the smallest and the largest element. */
  readonly bins: number;
  readonly series: readonly LayerSeries[];
}

/** Numbers of a tensor's statistics, before the counts of its histogram. */
export const statisticsFields = ["mean", "std", "min", "max", "zeros", "nonFinite", "dead"] as const;
/** Numbers of an update: standard deviation of the change, and of the weights before it. */
export const updateFields = ["update", "weight"] as const;

/** Which number is -1 where a series is missing in a step: none of these can be negative. */
const absence: Readonly<Record<LayerKind, number>> = {
  activations: statisticsFields.indexOf("nonFinite"),
  gradients: statisticsFields.indexOf("nonFinite"),
  updates: updateFields.indexOf("weight"),
};

/** Words at the start of a record. */
export const prefixWords = 2;

/** Numbers of a series in each record. */
export function widthOf({ kind }: LayerSeries, bins: number): number {
  return kind === "updates" ? updateFields.length : statisticsFields.length + bins;
}

/** Whether the numbers that begin at `at` are those of a series that was seen. */
export function isPresent(numbers: Float32Array, at: number, kind: LayerKind): boolean {
  return numbers[at + absence[kind]] !== -1;
}

/** Where each series begins in a record, in words; one more entry is the length of a record that has them all. */
export function offsetsOf({ bins, series }: LayerHeader): readonly number[] {
  const offsets = [prefixWords];
  for (const s of series) offsets.push((offsets.at(-1) as number) + widthOf(s, bins));
  return offsets;
}

/** @param values Numbers of each series of the header, null where it was not seen in this step. */
export function encodeRecord(
  { bins, series }: LayerHeader,
  step: number,
  values: readonly (readonly number[] | null)[],
): Uint8Array {
  const words = offsetsOf({ version: 1, bins, series }).at(-1) as number;
  const bytes = new ArrayBuffer(words * 4);
  new Uint32Array(bytes, 0, prefixWords).set([step, series.length]);
  const numbers = new Float32Array(bytes);
  let at = prefixWords;
  series.forEach((s, i) => {
    const found = values[i] ?? null;
    if (found === null) numbers[at + absence[s.kind]] = -1;
    else numbers.set(found, at);
    at += widthOf(s, bins);
  });
  return new Uint8Array(bytes);
}

/** A record in the words of the file. */
export interface RecordPlace {
  readonly step: number;
  /** Its first word, that of the step. */
  readonly at: number;
  /** How many series it has. */
  readonly series: number;
}

/**
 * Finds the whole records from a word on.
 *
 * @returns The records, and the word behind the last whole one.
 */
export function findRecords(
  words: Uint32Array,
  from: number,
  header: LayerHeader,
): { readonly records: readonly RecordPlace[]; readonly end: number } {
  const lengths = offsetsOf(header);
  const records: RecordPlace[] = [];
  let at = from;
  for (;;) {
    const series = words[at + 1];
    const length = series === undefined ? undefined : lengths[series];
    // Series that the header does not know yet: it is written before the record, so the next look finds them.
    if (series === undefined || length === undefined || at + length > words.length) break;
    records.push({ step: words[at] as number, at, series });
    at += length;
  }
  return { records, end: at };
}

/** Reads layers.json; null where there is none that can be read. */
export function parseLayerHeader(text: string): LayerHeader | null {
  try {
    const value = JSON.parse(text) as Partial<LayerHeader> | null;
    const sound =
      value?.version === 1 &&
      Number.isSafeInteger(value.bins) &&
      Array.isArray(value.series) &&
      value.series.every(isSeries);
    return sound ? (value as LayerHeader) : null;
  } catch {
    return null;
  }
}

function isSeries(value: unknown): boolean {
  const { kind, layer, type, shape } = (value ?? {}) as Partial<LayerSeries>;
  const known = kind === "activations" || kind === "gradients" || kind === "updates";
  return known && typeof layer === "string" && typeof type === "string" && Array.isArray(shape);
}

/**
 * Takes the records after a step out of the file, and one that was cut off: the training goes on from that step.
 *
 * @returns The header that is left; null where there is none.
 */
export async function cutLayers(folder: string, after: number): Promise<LayerHeader | null> {
  const text = await readFile(join(folder, layersHeaderFile), "utf8").catch(() => "");
  const header = parseLayerHeader(text);
  const path = join(folder, layersFile);
  const bytes = await readFile(path).catch(() => new Uint8Array());
  if (header === null) {
    if (bytes.length > 0) await writeFileAtomic(path, new Uint8Array());
    return null;
  }
  const words = new Uint32Array(bytes.slice().buffer, 0, Math.floor(bytes.length / 4));
  const { records, end } = findRecords(words, 0, header);
  const cut = records.find(({ step }) => step > after)?.at ?? end;
  // A new file rather than a shorter one: readers tell by it that what they know is gone.
  if (cut * 4 < bytes.length) await writeFileAtomic(path, bytes.subarray(0, cut * 4));
  return header;
}
