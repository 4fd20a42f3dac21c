import { constant } from "../../graph/build.ts";
import { elementwise, integers, type OpCases, uniform } from "../op-cases.test-helper.ts";
import { square } from "./square.ts";

export const cases: OpCases = {
  op: "square",
  samples: [
    ...elementwise(square, "torch.square(a)", (s) => uniform(s)),
    { name: "int32", inputs: [integers([3, 7], -5, 6)], run: square, torch: "torch.square(a)" },
  ],
  bad: [
    {
      name: "bool",
      call: () => square(constant(1, [2], "bool")),
      error: "DTypeError",
      message: 'square: a bool tensor has no square; convert it with .to("float32") or .to("int32")',
    },
  ],
};
