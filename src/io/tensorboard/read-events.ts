/** Reads TensorBoard's event files back. */
import { FileFormatError } from "../../base/errors.ts";
import { checkBytes, plainBytes } from "../bytes.ts";
import {
  bytesOf,
  fieldsOf,
  integerOf,
  numberOf,
  numbersOf,
  textOf,
  type WireFail,
  type WireField,
} from "../protobuf.ts";
import type { Histogram } from "./histogram.ts";
import { recordsIn } from "./records.ts";

/** An image as it lies in an event file; `encoded` is a PNG file, as a rule. */
export interface EventImage {
  readonly height: number;
  readonly width: number;
  /** Channels: 1 grey, 3 colours, 4 with opacity. */
  readonly colorspace: number;
  readonly encoded: Uint8Array;
}

/** A value of an event; `other` is what only a plugin reads, such as hyperparameters. */
export type EventValue =
  | { readonly tag: string; readonly kind: "scalar"; readonly value: number }
  | { readonly tag: string; readonly kind: "histogram"; readonly histogram: Histogram }
  | { readonly tag: string; readonly kind: "image"; readonly image: EventImage }
  | { readonly tag: string; readonly kind: "text"; readonly text: readonly string[] }
  | { readonly tag: string; readonly kind: "other"; readonly plugin: string; readonly content: Uint8Array };

/** One event of a file. */
export interface TensorBoardEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  /** Of the first event: the version of the file. */
  readonly fileVersion?: string;
  readonly values: readonly EventValue[];
}

/**
 * Reads a TensorBoard event file, as {@link SummaryWriter}, PyTorch's or TensorFlow's writes it.
 *
 * @param bytes The whole file.
 * @param options.source What messages call it, such as a path. Default "event file".
 * @param options.partial The last record may be cut off, as in a file that is being written, and is left out then. Default
 *   false: it is an error.
 * @returns The events in the order of the file; the first has no values but the file's version.
 *
 * @throws ArgumentError when `bytes` are none, and FileFormatError naming the reason and the byte offset, for anything that the format forbids
 * @example
 * const files = new Map();
 * const writer = new io.SummaryWriter({ sink: { append: (path, bytes) => void files.set(path, bytes) } });
 * await writer.addScalar("loss", 0.5, 7);
 * await writer.close();
 * const [, event] = io.readEvents([...files.values()][0]);
 * event.step; // 7
 * event.values; // [{ tag: "loss", kind: "scalar", value: 0.5 }]
 */
export function readEvents(
  bytes: Uint8Array,
  options: { source?: string; partial?: boolean } = {},
): TensorBoardEvent[] {
  checkBytes(
    bytes,
    options,
    ["source", "partial"],
    "readEvents",
    "await readFile(path) of node:fs/promises gives them",
  );
  const { source = "event file", partial = false } = options;
  const fail: WireFail = (reason, offset) => {
    throw new FileFormatError(`${source}: ${reason} (at byte ${offset})`, { source, offset });
  };
  return Array.from(recordsIn(plainBytes(bytes), partial, fail), ({ data, at }) => readEvent(data, at, fail));
}

function readEvent(data: Uint8Array, at: number, fail: WireFail): TensorBoardEvent {
  let [wallTime, step] = [0, 0];
  let fileVersion: string | undefined;
  const values: EventValue[] = [];
  for (const field of fieldsOf(data, at, fail)) {
    if (field.number === 1) wallTime = numberOf(field, fail);
    else if (field.number === 2) step = integerOf(field, fail);
    else if (field.number === 3) fileVersion = textOf(field, fail);
    else if (field.number === 5) {
      for (const inner of fieldsOf(bytesOf(field, fail), field.at, fail)) {
        if (inner.number === 1) values.push(readValue(bytesOf(inner, fail), inner.at, fail));
      }
    }
  }
  return { wallTime, step, ...(fileVersion === undefined ? {} : { fileVersion }), values };
}

function readValue(data: Uint8Array, at: number, fail: WireFail): EventValue {
  let tag = "";
  let plugin: Plugin = { plugin: "", content: new Uint8Array() };
  let content: WireField | undefined;
  for (const field of fieldsOf(data, at, fail)) {
    if (field.number === 1) tag = textOf(field, fail);
    else if (field.number === 9) plugin = readPlugin(bytesOf(field, fail), field.at, fail);
    // Of the kinds of content, which are one field of several, the last counts.
    else if ([2, 4, 5, 8].includes(field.number)) content = field;
  }
  if (content?.number === 2) return { tag, kind: "scalar", value: numberOf(content, fail) };
  if (content?.number === 4) return { tag, kind: "image", image: readImage(content, fail) };
  if (content?.number === 5) return { tag, kind: "histogram", histogram: readHistogram(content, fail) };
  const tensor = content === undefined ? undefined : readTensor(content, fail);
  return { tag, ...(tensor ?? { kind: "other", ...plugin }) };
}

interface Plugin {
  readonly plugin: string;
  readonly content: Uint8Array;
}

function readPlugin(data: Uint8Array, at: number, fail: WireFail): Plugin {
  let [plugin, content] = ["", new Uint8Array() as Uint8Array];
  for (const outer of fieldsOf(data, at, fail)) {
    if (outer.number !== 1) continue;
    for (const field of fieldsOf(bytesOf(outer, fail), outer.at, fail)) {
      if (field.number === 1) plugin = textOf(field, fail);
      else if (field.number === 2) content = bytesOf(field, fail);
    }
  }
  return { plugin, content };
}

function readImage(message: WireField, fail: WireFail): EventImage {
  const sizes = [0, 0, 0];
  let encoded: Uint8Array = new Uint8Array();
  for (const field of fieldsOf(bytesOf(message, fail), message.at, fail)) {
    if (field.number >= 1 && field.number <= 3) sizes[field.number - 1] = integerOf(field, fail);
    else if (field.number === 4) encoded = bytesOf(field, fail);
  }
  const [height = 0, width = 0, colorspace = 0] = sizes;
  return { height, width, colorspace, encoded };
}

function readHistogram(message: WireField, fail: WireFail): Histogram {
  const numbers = [0, 0, 0, 0, 0];
  const [bucketLimit, bucket]: [number[], number[]] = [[], []];
  for (const field of fieldsOf(bytesOf(message, fail), message.at, fail)) {
    if (field.number >= 1 && field.number <= 5) numbers[field.number - 1] = numberOf(field, fail);
    else if (field.number === 6 || field.number === 7) {
      const list = field.number === 6 ? bucketLimit : bucket;
      for (const value of numbersOf(field, 8, fail)) list.push(value);
    }
  }
  const [min = 0, max = 0, num = 0, sum = 0, sumSquares = 0] = numbers;
  return { min, max, num, sum, sumSquares, bucketLimit, bucket };
}

/** Texts, or one number, as newer writers put it into a tensor; undefined for any other tensor. */
function readTensor(
  message: WireField,
  fail: WireFail,
): { kind: "text"; text: string[] } | { kind: "scalar"; value: number } | undefined {
  let type = 0;
  const text: string[] = [];
  const numbers: number[] = [];
  for (const field of fieldsOf(bytesOf(message, fail), message.at, fail)) {
    if (field.number === 1) type = integerOf(field, fail);
    else if (field.number === 8) text.push(textOf(field, fail));
    else if (field.number === 5) numbers.push(...numbersOf(field, 4, fail).slice(0, 2));
    else if (field.number === 6) numbers.push(...numbersOf(field, 8, fail).slice(0, 2));
    else if (field.number === 4 && field.bytes.length === sizeOfType(type)) {
      numbers.push(...numbersOf(field, sizeOfType(type) === 4 ? 4 : 8, fail));
    }
  }
  if (type === 7) return { kind: "text", text };
  const [value] = numbers;
  return value !== undefined && numbers.length === 1 ? { kind: "scalar", value } : undefined;
}

/** Bytes of TensorFlow's float (1) and double (2). */
function sizeOfType(type: number): number {
  return { 1: 4, 2: 8 }[type] ?? -1;
}
