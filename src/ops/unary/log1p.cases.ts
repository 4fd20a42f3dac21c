import { elementwise, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { log1p } from "./log1p.ts";

export const cases: OpCases = {
  op: "log1p",
  samples: elementwise(log1p, "torch.log1p(a)", (s) => uniform(s, -0.9, 5)),
};
