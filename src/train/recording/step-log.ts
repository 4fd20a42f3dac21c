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

/**
 * The columns of a row, in the order of the file, with the digits that are written; null for whole numbers. A record, so
 * that the compiler lists one that is missing.
 */
const digits: Readonly<Record<keyof StepRow, number | null>> = {
  step: null,
  epoch: null,
  // The loss is a float32: 9 digits give its bits back.
  loss: 9,
  lr: 9,
  seconds: 9,
  samples: null,
};

/** Names of the columns. */
export const stepColumns: readonly (keyof StepRow)[] = ["step", "epoch", "loss", "lr", "seconds", "samples"];

/** The line of a row, with its end. Written at every step, so without lists and objects in between. */
export function stepLine(row: StepRow): string {
  let line = "";
  for (const name of stepColumns) {
    line += `${line === "" ? "{" : ","}"${name}":${written(row[name], digits[name])}`;
  }
  return `${line}}\n`;
}

function written(value: number, precision: number | null): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return String(precision === null ? value : rounded(value, precision));
}

/** Reads a line without its end; null where it is none. */
export function parseStep(line: string): StepRow | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const fields = value as Readonly<Record<string, unknown>>;
  const number = (name: keyof StepRow): number => Number(fields[name] ?? Number.NaN);
  const [step, epoch] = [number("step"), number("epoch")];
  if (!Number.isSafeInteger(step) || step < 1 || !Number.isSafeInteger(epoch)) return null;
  return {
    step,
    epoch,
    loss: number("loss"),
    lr: number("lr"),
    seconds: number("seconds"),
    samples: number("samples"),
  };
}

/**
 * Takes the rows after a step out of the file, and a last line that was cut off: the training goes on from that step.
 *
 * @returns The last row that is left.
 */
export async function cutSteps(path: string, after: number): Promise<StepRow | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  const rows = text
    .split("\n")
    .slice(0, -1)
    .flatMap((line) => parseStep(line) ?? [])
    .filter(({ step }) => step <= after);
  const kept = rows.map(stepLine).join("");
  if (kept !== text) await writeFileAtomic(path, kept);
  return rows.at(-1);
}
