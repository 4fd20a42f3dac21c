import { expect, it } from "vitest";
import { parseStep, type StepRow, stepLine } from "./step-log.ts";

const row: StepRow = { step: 3, epoch: 1, loss: 0.5, lr: 0.001, seconds: 0.25, samples: 64 };

it("writes a line that reads back, what is no number too", () => {
  expect(stepLine(row)).toBe('{"step":3,"epoch":1,"loss":0.5,"lr":0.001,"seconds":0.25,"samples":64}\n');
  for (const loss of [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
    -0.25,
    1e-30,
    1e30,
  ]) {
    expect(parseStep(stepLine({ ...row, loss }))).toEqual({ ...row, loss });
  }
});

it("gives the bits of any float32 back, in nine digits", () => {
  // A linear congruential generator over all exponents.
  const bits = new Uint32Array(1);
  const value = new Float32Array(bits.buffer);
  for (let i = 0, state = 1; i < 20_000; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bits[0] = state;
    const loss = value[0] as number;
    if (!Number.isFinite(loss)) continue;
    const line = stepLine({ ...row, loss });
    expect(Math.fround(parseStep(line)?.loss ?? Number.NaN)).toBe(loss);
    const digits = /"loss":-?([\d.]+)/.exec(line)?.[1]?.replace(".", "").replace(/^0+/, "") ?? "";
    expect(digits.replace(/0+$/, "").length).toBeLessThanOrEqual(9);
  }
});
