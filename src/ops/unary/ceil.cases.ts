import { constant } from "../../graph/build.ts";
import { away, elementwise, type OpCases } from "../op-cases.test-helper.ts";
import { ceil } from "./ceil.ts";

export const cases: OpCases = {
  op: "ceil",
  samples: elementwise(ceil, "torch.ceil(a)", (s) => away(s, -3, 3)),
  bad: [
    {
      name: "bool",
      call: () => ceil(constant(1, [2], "bool")),
      error: "DTypeError",
      message: 'ceil: a bool tensor has no ceil; convert it with .to("float32") or .to("int32")',
    },
  ],
};
