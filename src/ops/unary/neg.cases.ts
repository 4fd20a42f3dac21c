import { constant } from "../../graph/build.ts";
import { elementwise, integers, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { neg } from "./neg.ts";

export const cases: OpCases = {
  op: "neg",
  samples: [
    ...elementwise(neg, "torch.neg(a)", (s) => uniform(s)),
    { name: "int32", inputs: [integers([3, 7], -5, 6)], run: neg, torch: "torch.neg(a)" },
  ],
  bad: [
    {
      name: "bool",
      call: () => neg(constant(1, [2], "bool")),
      error: "DTypeError",
      message: 'neg: a bool tensor has no neg; convert it with .to("float32") or .to("int32")',
    },
  ],
};
