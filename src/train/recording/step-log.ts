/**
 * `steps.ndjson` in the folder of a run: one JSON object per step of the training, appended. NaN and infinities are
 * strings, since JSON has none; the last line is cut off where the process dies while it is written.
 */
import { readFile } from "node:fs/promises";
import { writeFileAtomic } from "../../base/node/atomic-file.ts";
import { rounded } from "../../base/rounded.ts";

export const stepsFile = "steps.ndjson";

/** One step. */
export interface StepRow {
  /** Step of the whole training; counts from 1. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly lr: number;
  /** Seconds since the training began, pauses of a resumption left out. */
  readonly seconds: number;
  readonly samples: number;
}

/** Names of the columns, in the order of the file. */
export const stepColumns: readonly (keyof StepRow)[] = ["step", "epoch", "loss", "lr", "seconds", "samples"];

/** The lines of some rows, with their ends. */
export function stepLines(rows: readonly StepRow[]): string {
  let lines = "";
  for (const { step, epoch, loss, lr, seconds, samples } of rows) {
    lines += `{"step":${step},"epoch":${epoch},"loss":${written(loss)},"lr":${written(lr)},"seconds":${written(seconds)},"samples":${samples}}\n`;
  }
  return lines;
}

/** In nine digits, which give the bits of a float32 back. */
function written(value: number): string {
  return Number.isFinite(value) ? String(rounded(value, 9)) : `"${value}"`;
}

/** Reads whole lines; those that are none are left out. */
export function parseSteps(lines: string): StepRow[] {
  const rows: StepRow[] = [];
  for (const line of lines.split("\n")) {
    const row = line === "" ? null : rowOf(parsed(line));
    if (row !== null) rows.push(row);
  }
  return rows;
}

/** Undefined where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function rowOf(value: unknown): StepRow | null {
  if (typeof value !== "object" || value === null) return null;
  const fields = value as Readonly<Partial<Record<keyof StepRow, unknown>>>;
  const row = {
    step: numberOf(fields.step),
    epoch: numberOf(fields.epoch),
    loss: numberOf(fields.loss),
    lr: numberOf(fields.lr),
    seconds: numberOf(fields.seconds),
    samples: numberOf(fields.samples),
  };
  return Number.isSafeInteger(row.step) && row.step >= 1 && Number.isSafeInteger(row.epoch) ? row : null;
}

/** What is no number is a string. */
const numberOf = (value: unknown): number =>
  typeof value === "number" ? value : Number(value ?? Number.NaN);

/**
 * Takes the rows after a step out of the file, and a last line that was cut off: the training goes on from that step.
 *
 * @returns The last row that is left.
 */
export async function cutSteps(path: string, after: number): Promise<StepRow | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  const rows = parseSteps(text.slice(0, text.lastIndexOf("\n") + 1)).filter(({ step }) => step <= after);
  const kept = stepLines(rows);
  if (kept !== text) await writeFileAtomic(path, kept);
  return rows.at(-1);
}
