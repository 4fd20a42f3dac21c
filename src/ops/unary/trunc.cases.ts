import { constant } from "../../graph/build.ts";
import { away, elementwise, type OpCases } from "../op-cases.test-helper.ts";
import { trunc } from "./trunc.ts";

export const cases: OpCases = {
  op: "trunc",
  samples: elementwise(trunc, "torch.trunc(a)", (s) => away(s, -3, 3)),
  bad: [
    {
      name: "bool",
      call: () => trunc(constant(1, [2], "bool")),
      error: "DTypeError",
      message: 'trunc: a bool tensor has no trunc; convert it with .to("float32") or .to("int32")',
    },
  ],
};
