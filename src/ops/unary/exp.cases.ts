import { elementwise, integers, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { exp } from "./exp.ts";

export const cases: OpCases = {
  op: "exp",
  samples: [
    ...elementwise(exp, "torch.exp(a)", (s) => uniform(s, -3, 3)),
    { name: "int32 gives float32", inputs: [integers([3, 7], -5, 6)], run: exp, torch: "torch.exp(a)" },
  ],
};
