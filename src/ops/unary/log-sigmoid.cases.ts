import { elementwise, type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { logSigmoid } from "./log-sigmoid.ts";

export const cases: OpCases = {
  op: "logSigmoid",
  samples: [
    ...elementwise(logSigmoid, "F.logsigmoid(a)", (s) => uniform(s, -6, 6)),
    {
      name: "far from zero",
      inputs: [values([4], [-800, -80, 80, 800])],
      run: logSigmoid,
      torch: "F.logsigmoid(a)",
    },
  ],
};
