import { bools, elementwise, integers, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { square } from "./square.ts";

export const cases: OpCases = {
  op: "square",
  samples: [
    ...elementwise(square, "torch.square(a)", (s) => uniform(s)),
    { name: "int32", inputs: [integers([3, 7], -5, 6)], run: square, torch: "torch.square(a)" },
    { name: "bool", inputs: [bools([3, 7])], run: square, torch: "torch.square(a)" },
  ],
};
