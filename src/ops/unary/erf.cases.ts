import { elementwise, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { erf } from "./erf.ts";

export const cases: OpCases = {
  op: "erf",
  samples: elementwise(erf, "torch.erf(a)", (s) => uniform(s, -3, 3)),
};
