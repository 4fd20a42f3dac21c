/**
 * All samples as plain data, for the script that asks PyTorch.
 */
import { createHash } from "node:crypto";
import { elementsOf, type OpCases, type Sample } from "../../src/ops/op-cases.test-helper.ts";
import { families, keyOf } from "./collect.ts";

interface PlainInput {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly grad: boolean;
  /** NaN and infinities as text, which JSON has no numbers for. */
  readonly data: readonly (number | string)[];
}

interface PlainSample {
  readonly key: string;
  readonly inputs: readonly PlainInput[];
  readonly torch: string;
  readonly hash: string;
}

function plain(op: OpCases, sample: Sample): PlainSample {
  const inputs = sample.inputs.map((input, i) => ({
    shape: input.shape,
    dtype: input.dtype,
    grad: input.differentiable,
    data: elementsOf(input, `${keyOf(op, sample)} ${i}`).map((v) => (Number.isFinite(v) ? v : String(v))),
  }));
  return { key: keyOf(op, sample), inputs, torch: sample.torch, hash: hashOf(op, sample) };
}

/** Changes when inputs or expression do, so that an outdated reference is noticed. */
export function hashOf(op: OpCases, sample: Sample): string {
  const inputs = sample.inputs.map((input, i) => [
    input.shape,
    input.dtype,
    input.differentiable,
    elementsOf(input, `${keyOf(op, sample)} ${i}`).map(String),
  ]);
  return createHash("sha256")
    .update(JSON.stringify([inputs, sample.torch]))
    .digest("hex")
    .slice(0, 8);
}

/**
 * Samples by family.
 *
 * @public read by test/reference/dump-cases.mjs
 */
export function dump(): Record<string, PlainSample[]> {
  return Object.fromEntries(
    families.map(({ name, ops }) => [name, ops.flatMap((op) => op.samples.map((s) => plain(op, s)))]),
  );
}
