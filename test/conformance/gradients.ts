/**
 * First and second derivatives of differentiable samples in float64 against finite differences.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { sizeOf } from "../../src/base/shape.ts";
import { useEngine } from "../../src/engine/default.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { OpCases, Sample } from "../../src/ops/op-cases.test-helper.ts";
import { gradcheck, gradgradcheck } from "../../src/tensor/gradcheck.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { apply, families, tensorsOf } from "./collect.ts";
import { together } from "./together.ts";

/** Where the checks run. */
interface Place {
  readonly engine: () => Engine;
  /** What the machine lacks for it. */
  readonly missing?: string | undefined;
  /**
   * For an engine that compiles slowly and gathers what is asked for at a time: first derivatives alone, of the
   * largest sample of each operation, many at once.
   */
  readonly sparing?: boolean;
}

const elementsIn = ({ inputs }: Sample): number => inputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

async function check(op: OpCases, sample: Sample, sparing: boolean): Promise<void> {
  const inputs = tensorsOf(op, sample, "float64");
  const fn = (...point: Tensor[]): Tensor[] => apply(sample, point).map((node) => new Tensor(node));
  expect(await gradcheck(fn, inputs, { fastMode: true, rtol: 1e-5 })).toBe(true);
  if (sparing || sample.firstOrderOnly !== undefined) return;
  expect(await gradgradcheck(fn, inputs, { fastMode: true, rtol: 1e-5 })).toBe(true);
}

/** Registers the checks of all operations on one engine. */
export function gradientTests({ engine: make, missing, sparing = false }: Place): void {
  let engine: Engine | undefined;
  beforeAll(() => {
    if (missing !== undefined) return;
    engine = make();
    useEngine(engine);
  });
  afterAll(() => engine?.close());

  const checked = families.flatMap(({ name, ops }) =>
    ops.flatMap((op) => {
      const differentiable = op.samples.filter(
        (sample) => sample.kinks !== true && sample.inputs.some((i) => i.differentiable),
      );
      const largest = [...differentiable].sort((a, b) => elementsIn(b) - elementsIn(a)).slice(0, 1);
      const samples = sparing ? largest : differentiable;
      return samples.map((sample) => ({ name: `${name}: ${op.op} ${sample.name}`, op, sample }));
    }),
  );
  const outcomeOf = together(
    checked.map((c) => () => check(c.op, c.sample, sparing)),
    sparing ? 40 : 1,
  );
  for (const [i, { name }] of checked.entries()) {
    it(name, async (context) => {
      context.skip(missing !== undefined, missing);
      await outcomeOf(i);
    }, 120_000);
  }
}
