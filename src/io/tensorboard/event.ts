/**
 * TensorBoard's messages as bytes: Event, Summary and what the plugins for texts and hyperparameters add. Field numbers are
 * those of tensorflow/core/util/event.proto, framework/summary.proto and tensorboard/plugins/hparams/*.proto.
 */

import {
  bytesField,
  doubleField,
  doublesField,
  floatField,
  intField,
  join,
  messageField,
  textField,
} from "../protobuf.ts";
import type { Histogram } from "./histogram.ts";

/** The version that every event file begins with. */
export const fileVersion = "brain.Event:2";

/** What hyperparameters may be. */
export type HparamValue = number | string | boolean | null;

/** An event without content of its own; join what it holds. */
export function eventOf(wallTime: number, step: number, ...content: readonly Uint8Array[]): Uint8Array {
  return join(doubleField(1, wallTime), intField(2, step), ...content);
}

/** Content of an event: the file's version. */
export const versionContent = (): Uint8Array => textField(3, fileVersion);

/** Content of an event: a session starts; what an earlier one wrote of this step and later ones is out of date. */
export const sessionStartContent = (): Uint8Array => messageField(7, intField(1, 1));

/** Content of an event: a summary of one value. */
export const summaryContent = (value: Uint8Array): Uint8Array => messageField(5, messageField(1, value));

export const scalarValue = (tag: string, value: number): Uint8Array =>
  join(textField(1, tag), floatField(2, value));

export function histogramValue(tag: string, h: Histogram): Uint8Array {
  return join(
    textField(1, tag),
    messageField(
      5,
      ...[doubleField(1, h.min), doubleField(2, h.max), doubleField(3, h.num), doubleField(4, h.sum)],
      ...[doubleField(5, h.sumSquares), doublesField(6, h.bucketLimit), doublesField(7, h.bucket)],
    ),
  );
}

export function imageValue(
  tag: string,
  image: { readonly height: number; readonly width: number; readonly channels: number },
  encoded: Uint8Array,
): Uint8Array {
  const size = [intField(1, image.height), intField(2, image.width), intField(3, image.channels)];
  return join(textField(1, tag), messageField(4, ...size, bytesField(4, encoded)));
}

/** TensorFlow's number of the type of texts. */
const stringType = 7;

export function textValue(tag: string, text: string): Uint8Array {
  const shape = messageField(2, messageField(2, intField(1, 1)));
  return join(
    textField(1, `${tag}/text_summary`),
    messageField(8, intField(1, stringType), shape, textField(8, text, true)),
    pluginData("text", new Uint8Array()),
  );
}

/** Metadata that hands a value to a plugin. */
function pluginData(plugin: string, content: Uint8Array): Uint8Array {
  return messageField(9, messageField(1, textField(1, plugin), bytesField(2, content)));
}

const hparamsValue = (name: string, content: Uint8Array): Uint8Array =>
  join(textField(1, `_hparams_/${name}`), pluginData("hparams", content));

/** A google.protobuf.Value. */
function valueMessage(value: HparamValue): Uint8Array {
  if (typeof value === "string") return textField(3, value, true);
  if (typeof value === "boolean") return intField(4, Number(value), true);
  return doubleField(2, value ?? 0, true);
}

/** Numbers of the plugin's types. */
function dataType(value: HparamValue): number {
  if (typeof value === "string") return 1;
  return typeof value === "boolean" ? 2 : 3;
}

/** The three values by which TensorBoard shows a run among others: what there is, how it began, that it ended well. */
export function hparamsValues(
  hparams: ReadonlyMap<string, HparamValue>,
  metrics: readonly string[],
  domains: ReadonlyMap<string, readonly HparamValue[]>,
): readonly Uint8Array[] {
  const infos = [...hparams].map(([name, value]) => {
    const domain = domains.get(name)?.map((item) => messageField(1, valueMessage(item)));
    const discrete = domain === undefined ? [] : [messageField(5, ...domain)];
    return messageField(4, textField(1, name), intField(4, dataType(value)), ...discrete);
  });
  const measured = metrics.map((name) => messageField(5, messageField(1, textField(2, name))));
  const start = [...hparams].map(([name, value]) =>
    messageField(1, textField(1, name, true), messageField(2, valueMessage(value))),
  );
  return [
    hparamsValue("experiment", messageField(2, ...infos, ...measured)),
    hparamsValue("session_start_info", messageField(3, ...start)),
    hparamsValue("session_end_info", messageField(4, intField(1, 1))),
  ];
}
