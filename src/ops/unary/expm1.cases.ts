import { elementwise, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { expm1 } from "./expm1.ts";

export const cases: OpCases = {
  op: "expm1",
  samples: elementwise(expm1, "torch.expm1(a)", (s) => uniform(s, -1, 1)),
};
