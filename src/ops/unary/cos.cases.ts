import { elementwise, integers, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { cos } from "./cos.ts";

export const cases: OpCases = {
  op: "cos",
  samples: [
    ...elementwise(cos, "torch.cos(a)", (s) => uniform(s, -7, 7)),
    { name: "int32 gives float32", inputs: [integers([3, 7], -5, 6)], run: cos, torch: "torch.cos(a)" },
  ],
};
