import { elementwise, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { sin } from "./sin.ts";

export const cases: OpCases = {
  op: "sin",
  samples: elementwise(sin, "torch.sin(a)", (s) => uniform(s, -7, 7)),
};
