import { away, elementwise, type OpCases } from "../op-cases.test-helper.ts";
import { reciprocal } from "./reciprocal.ts";

export const cases: OpCases = {
  op: "reciprocal",
  samples: elementwise(reciprocal, "torch.reciprocal(a)", (s) => away(s, -3, 3, 4, 0.2)),
};
