import { constant } from "../../graph/build.ts";
import { away, elementwise, integers, type OpCases } from "../op-cases.test-helper.ts";
import { abs } from "./abs.ts";

export const cases: OpCases = {
  op: "abs",
  samples: [
    ...elementwise(abs, "torch.abs(a)", (s) => away(s, -3, 3)),
    { name: "int32", inputs: [integers([3, 7], -5, 6)], run: abs, torch: "torch.abs(a)" },
  ],
  bad: [
    {
      name: "bool",
      call: () => abs(constant(1, [2], "bool")),
      error: "DTypeError",
      message: 'abs: a bool tensor has no abs; convert it with .to("float32") or .to("int32")',
    },
  ],
};
