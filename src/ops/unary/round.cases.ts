import { constant } from "../../graph/build.ts";
import { away, elementwise, fixed, type OpCases, values } from "../op-cases.test-helper.ts";
import { round } from "./round.ts";

export const cases: OpCases = {
  op: "round",
  samples: [
    ...elementwise(round, "torch.round(a)", (s) => away(s, -3, 3, 0.5)),
    {
      name: "special values",
      inputs: [fixed(values([5], [0.5, 1.5, 2.5, -0.5, -1.5]))],
      run: round,
      torch: "torch.round(a)",
    },
  ],
  bad: [
    {
      name: "bool",
      call: () => round(constant(1, [2], "bool")),
      error: "DTypeError",
      message: 'round: a bool tensor has no round; convert it with .to("float32") or .to("int32")',
    },
  ],
};
