import { elementwise, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { tanh } from "./tanh.ts";

export const cases: OpCases = {
  op: "tanh",
  samples: elementwise(tanh, "torch.tanh(a)", (s) => uniform(s, -4, 4), {
    // 1 - y * y cancels where y is near 1, in PyTorch too.
    floor: 64,
  }),
};
