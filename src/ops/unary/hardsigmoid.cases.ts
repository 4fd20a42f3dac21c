import { away, elementwise, fixed, type OpCases, values } from "../op-cases.test-helper.ts";
import { hardsigmoid } from "./hardsigmoid.ts";

export const cases: OpCases = {
  op: "hardsigmoid",
  samples: [
    ...elementwise(hardsigmoid, "F.hardsigmoid(a)", (s) => away(s, -6, 6, 3)),
    {
      name: "special values",
      inputs: [fixed(values([6], [0, -3, 3, NaN, -Infinity, Infinity]))],
      run: hardsigmoid,
      torch: "F.hardsigmoid(a)",
    },
    {
      name: "at its corners",
      inputs: [values([2], [-3, 3])],
      run: hardsigmoid,
      torch: "F.hardsigmoid(a)",
      kinks: true,
    },
  ],
};
