import { constant } from "../../graph/build.ts";
import { away, elementwise, fixed, type OpCases, values } from "../op-cases.test-helper.ts";
import { relu } from "./relu.ts";

export const cases: OpCases = {
  op: "relu",
  samples: [
    ...elementwise(relu, "torch.relu(a)", (s) => away(s, -2, 2)),
    {
      name: "special values",
      inputs: [fixed(values([5], [0, -0, NaN, -Infinity, Infinity]))],
      run: relu,
      torch: "torch.relu(a)",
    },
  ],
  bad: [
    {
      name: "bool",
      call: () => relu(constant(1, [2], "bool")),
      error: "DTypeError",
      message: 'relu: a bool tensor has no relu; convert it with .to("float32") or .to("int32")',
    },
  ],
};
