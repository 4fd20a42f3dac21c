/**
 * Every operation and layer on the native engine: results and gradients against PyTorch's, and derivatives in float64
 * against finite differences.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useEngine } from "../../src/engine/default.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { findCompiler } from "../setup/neighbours.ts";
import { families, keyOf } from "./collect.ts";
import { nativeEngine } from "./engines.ts";
import { type Reference, referencesOf } from "./references.ts";
import { compare, evaluate } from "./suite.ts";
import { together } from "./together.ts";

const { missing } = findCompiler();
let engine: Engine;
beforeAll(() => {
  if (missing !== undefined) return;
  engine = nativeEngine();
  useEngine(engine);
});
afterAll(() => engine?.close());

for (const { name, ops } of families) {
  describe(name, () => {
    const references = referencesOf(name);
    const samples = ops.flatMap((op) => op.samples.map((sample) => ({ op, sample })));
    const jobs = samples.map(
      ({ op, sample }) =>
        () =>
          evaluate(engine, op, sample, "float32"),
    );
    const outcomeOf = together(jobs, 50);
    for (const [i, { op, sample }] of samples.entries()) {
      it(`${op.op} ${sample.name}`, async (context) => {
        context.skip(missing !== undefined, missing);
        const reference = references[keyOf(op, sample)] as Reference;
        expect(compare(await outcomeOf(i), reference, sample.floor ?? 8)).toEqual([]);
      }, 120_000);
    }
  });
}
