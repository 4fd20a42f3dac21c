import { elementwise, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { rsqrt } from "./rsqrt.ts";

export const cases: OpCases = {
  op: "rsqrt",
  samples: elementwise(rsqrt, "torch.rsqrt(a)", (s) => uniform(s, 0.2, 5)),
};
