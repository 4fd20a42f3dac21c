/**
 * What PyTorch gave for every sample, as `test/reference/make_op_references.py` wrote it down, and how far a result
 * may be from it.
 */
import { readFileSync } from "node:fs";
import type { TypedArray } from "../../src/base/dtype.ts";

/** One result or gradient: the truth, and the largest error of PyTorch's own float32 result. */
export interface ReferenceTensor {
  readonly shape: readonly number[];
  readonly error: number;
  readonly data: readonly (number | string)[];
}

export interface Reference {
  readonly hash: string;
  readonly results: readonly ReferenceTensor[];
  readonly gradients: readonly (ReferenceTensor | null)[];
}

/** The references of a family, by key. */
export function referencesOf(family: string): Readonly<Record<string, Reference>> {
  const url = new URL(`../reference/testdata/ops/${family}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as Record<string, Reference>;
}

const unit = 2 ** -24;

/**
 * Says where `data` differs most from the reference by more than is allowed: twice PyTorch's own error, or `floor`
 * units of 2 ** -24 of the largest magnitude. Null if nowhere.
 */
export function mismatch(
  data: TypedArray,
  shape: readonly number[],
  want: ReferenceTensor,
  floor: number,
): string | null {
  if (shape.join() !== want.shape.join()) return `shape [${shape}] instead of [${want.shape}]`;
  const truth = want.data.map(Number);
  const largest = truth.reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 0);
  const exact = data instanceof Int32Array || data instanceof Uint8Array;
  const allowed = exact ? 0 : Math.max(2 * want.error, floor * unit * largest);
  let worst = { at: -1, error: 0 };
  truth.forEach((v, i) => {
    const got = data[i] as number;
    const error = Object.is(got, v) || got === v ? 0 : Math.abs(got - v);
    const bad = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
    if (bad > Math.max(allowed, worst.error)) worst = { at: i, error: bad };
  });
  if (worst.at < 0) return null;
  return (
    `element ${worst.at} is ${data[worst.at]} instead of ${truth[worst.at]}: ${(worst.error / allowed).toPrecision(3)} ` +
    `times the allowed error of ${allowed.toPrecision(3)} (PyTorch's own is ${want.error})`
  );
}
