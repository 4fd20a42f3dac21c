import { elementwise, fixed, type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { log } from "./log.ts";

export const cases: OpCases = {
  op: "log",
  samples: [
    ...elementwise(log, "torch.log(a)", (s) => uniform(s, 0.1, 5)),
    {
      name: "special values",
      inputs: [fixed(values([4], [0, -1, Infinity, 1]))],
      run: log,
      torch: "torch.log(a)",
    },
  ],
};
