import { expect, it } from "vitest";
import { parseSteps, type StepRow, stepLines } from "./step-log.ts";

const row: StepRow = { step: 3, epoch: 1, loss: 0.5, lr: 0.001, seconds: 0.25, samples: 64 };

it("writes a line that reads back, what is no number too", () => {
  expect(stepLines([row])).toBe('{"step":3,"epoch":1,"loss":0.5,"lr":0.001,"seconds":0.25,"samples":64}\n');
  for (const loss of [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
    -0.25,
    1e-30,
    1e30,
  ]) {
    expect(parseSteps(stepLines([{ ...row, loss }]))).toEqual([{ ...row, loss }]);
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
    const line = stepLines([{ ...row, loss }]);
    expect(Math.fround(parseSteps(line)[0]?.loss ?? Number.NaN)).toBe(loss);
    const digits = /"loss":-?([\d.]+)/.exec(line)?.[1]?.replace(".", "").replace(/^0+/, "") ?? "";
    expect(digits.replace(/0+$/, "").length).toBeLessThanOrEqual(9);
  }
});

it("leaves out lines that are none, wherever they are", () => {
  const [first, third] = [row, { ...row, step: 5, loss: Number.NaN }];
  const damaged = ["", "{", "null", "7", '{"step":0,"epoch":1}', '{"step":4}', "}{", '{"step":4,"epo'];
  for (const line of damaged) {
    expect(parseSteps(`${stepLines([first])}${line}\n${stepLines([third])}`)).toEqual([first, third]);
  }
  expect(parseSteps("")).toEqual([]);
});
