import { constant } from "../../graph/build.ts";
import { away, elementwise, fixed, integers, type OpCases, values } from "../op-cases.test-helper.ts";
import { sign } from "./sign.ts";

export const cases: OpCases = {
  op: "sign",
  samples: [
    ...elementwise(sign, "torch.sign(a)", (s) => away(s, -3, 3)),
    { name: "int32", inputs: [integers([3, 7], -5, 6)], run: sign, torch: "torch.sign(a)" },
    { name: "special values", inputs: [fixed(values([3], [0, -2, 3]))], run: sign, torch: "torch.sign(a)" },
  ],
  bad: [
    {
      name: "bool",
      call: () => sign(constant(1, [2], "bool")),
      error: "DTypeError",
      message: 'sign: a bool tensor has no sign; convert it with .to("float32") or .to("int32")',
    },
  ],
};
