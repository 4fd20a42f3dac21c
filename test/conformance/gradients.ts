/**
 * First and second derivatives of every differentiable sample in float64 against finite differences.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { useEngine } from "../../src/engine/default.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { gradcheck, gradgradcheck } from "../../src/tensor/gradcheck.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { apply, families, tensorsOf } from "./collect.ts";
import { engines } from "./engines.ts";

/** Registers the checks of all operations on one engine. */
export function gradientTests(label: string): void {
  const make = engines[label];
  if (make === undefined) throw new Error(`no engine "${label}"`);
  let engine: Engine;
  beforeAll(() => {
    engine = make();
    useEngine(engine);
  });
  afterAll(() => engine.close());

  for (const { name, ops } of families) {
    for (const op of ops) {
      for (const sample of op.samples) {
        if (sample.kinks === true || !sample.inputs.some((i) => i.differentiable)) continue;
        it(`${name}: ${op.op} ${sample.name}`, async () => {
          const inputs = tensorsOf(op, sample, "float64");
          const fn = (...point: Tensor[]): Tensor[] => apply(sample, point).map((node) => new Tensor(node));
          expect(await gradcheck(fn, inputs, { fastMode: true, rtol: 1e-5 })).toBe(true);
          if (sample.firstOrderOnly !== undefined) return;
          expect(await gradgradcheck(fn, inputs, { fastMode: true, rtol: 1e-5 })).toBe(true);
        });
      }
    }
  }
}
