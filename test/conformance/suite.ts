/**
 * The tests that are the same for all operations of a family: results and gradients on every engine against PyTorch,
 * threads that change no bit, and errors at the call. `family.test.ts` files name the family, so that they run side by
 * side.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autograd/backward.ts";
import type { TypedArray } from "../../src/base/dtype.ts";
import { sizeOf } from "../../src/base/shape.ts";
import { useEngine } from "../../src/engine/default.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { constant, hostSource } from "../../src/graph/build.ts";
import type { Node } from "../../src/graph/node.ts";
import type { OpCases, Sample } from "../../src/ops/op-cases.test-helper.ts";
import { apply, type Float, families, keyOf, tensorsOf, weightAt } from "./collect.ts";
import { hashOf } from "./dump.ts";
import { engines } from "./engines.ts";
import { mismatch, type Reference, referencesOf } from "./references.ts";

interface Outcome {
  readonly results: readonly { readonly shape: readonly number[]; readonly data: TypedArray }[];
  /** Null for inputs without a gradient; zeros where none arrived. */
  readonly gradients: readonly (TypedArray | null)[];
}

/** Where gradients start at a result. */
function seedFor(node: Node): Node {
  const data =
    node.dtype === "float64" ? new Float64Array(sizeOf(node.shape)) : new Float32Array(sizeOf(node.shape));
  data.forEach((_, i) => {
    data[i] = weightAt(i);
  });
  return hostSource(data, node.shape, node.dtype);
}

/** Computes a sample with all gradients in one program. */
export async function evaluate(engine: Engine, op: OpCases, sample: Sample, float: Float): Promise<Outcome> {
  const inputs = tensorsOf(op, sample, float);
  const results = apply(sample, inputs);
  const roots = results.filter((r) => r.requiresGrad).map((node) => ({ node, seed: seedFor(node) }));
  const found = backward(roots, (n) => n.leaf !== null, { retainGraph: false, createGraph: false });
  const gradients = inputs.map((t) =>
    t.requiresGrad ? (found.get(t.node) ?? constant(0, t.shape, t.dtype)) : null,
  );
  await engine.flush([...results, ...gradients.filter((g) => g !== null)]);
  return {
    results: await Promise.all(results.map(async (r) => ({ shape: r.shape, data: await engine.read(r) }))),
    gradients: await Promise.all(gradients.map((g) => (g === null ? null : engine.read(g)))),
  };
}

/** Where an outcome differs from PyTorch's. */
export function compare(outcome: Outcome, reference: Reference, floor: number): string[] {
  const found: string[] = [];
  const note = (what: string, said: string | null): void => {
    if (said !== null) found.push(`${what}: ${said}`);
  };
  outcome.results.forEach(({ data, shape }, i) => {
    const want = reference.results[i];
    note(`result ${i}`, want === undefined ? "PyTorch gives none" : mismatch(data, shape, want, floor));
  });
  outcome.gradients.forEach((data, i) => {
    const want = reference.gradients[i];
    if (data !== null && want) note(`gradient of input ${i}`, mismatch(data, want.shape, want, floor));
  });
  return found;
}

/** Registers the tests of one family. */
export function conformanceTests(name: string): void {
  const ops = families.find((f) => f.name === name)?.ops ?? [];
  const references = referencesOf(name);
  const used = new Map<string, Engine>();
  const engineOf = (label: string): Engine => used.get(label) as Engine;

  beforeAll(() => {
    for (const [label, make] of Object.entries(engines)) used.set(label, make());
  });
  afterAll(async () => {
    for (const engine of used.values()) await engine.close();
  });

  for (const op of ops) {
    describe(op.op, () => {
      for (const sample of op.samples) {
        it(`gives PyTorch's result and gradients: ${sample.name}`, async () => {
          const reference = references[keyOf(op, sample)];
          expect(reference?.hash, "run test/reference/make_op_references.py").toBe(hashOf(op, sample));
          const outcomes = new Map<string, Outcome>();
          for (const label of used.keys()) {
            useEngine(engineOf(label));
            const outcome = await evaluate(engineOf(label), op, sample, "float32");
            outcomes.set(label, outcome);
            expect(compare(outcome, reference as Reference, sample.floor ?? 8), label).toEqual([]);
          }
          expect(outcomes.get("wasm, 2 threads"), "bits of 1 and 2 threads").toEqual(
            outcomes.get("wasm, 1 thread"),
          );
        });
      }
      for (const bad of op.bad ?? []) {
        it(`refuses: ${bad.name}`, () => {
          let thrown: unknown = null;
          try {
            bad.call();
          } catch (error) {
            thrown = error;
          }
          expect(thrown).toMatchObject({ name: bad.error });
          const { message } = thrown as Error;
          if (typeof bad.message === "string") expect(message).toBe(bad.message);
          else expect(message).toMatch(bad.message);
        });
      }
    });
  }
}
