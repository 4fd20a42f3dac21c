import { constant } from "../../graph/build.ts";
import { bools, elementwise, integers, type OpCases } from "../op-cases.test-helper.ts";
import { logicalNot } from "./logical-not.ts";

export const cases: OpCases = {
  op: "logicalNot",
  samples: [
    ...elementwise(logicalNot, "torch.logical_not(a)", bools),
    { name: "int32", inputs: [integers([3, 7], -5, 6)], run: logicalNot, torch: "torch.bitwise_not(a)" },
  ],
  bad: [
    {
      name: "float",
      call: () => logicalNot(constant(1, [2], "float32")),
      error: "DTypeError",
      message: 'logicalNot: needs integers or bool, got float32; convert with .to("int32")',
    },
  ],
};
