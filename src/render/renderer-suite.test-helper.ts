/**
 * The tests that every renderer passes: each function, cast, access and statement of the IR computes what the
 * interpreter does.
 */
import { beforeAll, expect, test } from "vitest";
import { verifyProgram } from "../kernel/verify.ts";
import { expressionCases } from "./expression-cases.test-helper.ts";
import { extremeCases } from "./extreme-cases.test-helper.ts";
import { functionCases } from "./function-cases.test-helper.ts";
import { type Outcome, type RendererUnderTest, runOracle, type Sample } from "./render.test-helper.ts";
import { statementCases } from "./statement-cases.test-helper.ts";

/** Registers the tests. */
export function rendererSuite(renderer: RendererUnderTest): void {
  const cases = [
    ...functionCases(renderer),
    ...expressionCases(renderer),
    ...extremeCases(renderer),
    ...statementCases(),
  ];
  let outcomes: (sample: Sample) => readonly Outcome[] = () => [];
  beforeAll(() => {
    if (renderer.missing === undefined) outcomes = renderer.prepare(cases.flatMap((c) => c.samples));
  }, 120_000);

  for (const { name, samples } of cases) {
    test(name, (context) => {
      context.skip(renderer.missing !== undefined, renderer.missing);
      for (const sample of samples) expectSame(sample, outcomes(sample));
    });
  }
}

function expectSame(
  { program, contents, tolerance = 0, expected }: Sample,
  outcomes: readonly Outcome[],
): void {
  verifyProgram(program);
  const wanted = expected === undefined ? runOracle(program, contents) : [expected];
  expect(outcomes.length).toBeGreaterThan(0);
  for (const { how, slots } of outcomes) {
    wanted.forEach((want, slot) => {
      const got = slots[slot];
      for (let i = 0; i < want.length; i++) {
        const [a, b] = [got?.[i] as number, want[i] as number];
        if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
        if (Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b))) continue;
        expect.fail(`${how}: slot ${slot}[${i}] is ${a} instead of ${b}`);
      }
    });
  }
}
