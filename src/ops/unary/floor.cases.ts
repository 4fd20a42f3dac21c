import { constant } from "../../graph/build.ts";
import { away, elementwise, type OpCases } from "../op-cases.test-helper.ts";
import { floor } from "./floor.ts";

export const cases: OpCases = {
  op: "floor",
  samples: elementwise(floor, "torch.floor(a)", (s) => away(s, -3, 3)),
  bad: [
    {
      name: "bool",
      call: () => floor(constant(1, [2], "bool")),
      error: "DTypeError",
      message: 'floor: a bool tensor has no floor; convert it with .to("float32") or .to("int32")',
    },
  ],
};
