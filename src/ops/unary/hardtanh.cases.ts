import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { away, elementwise, fixed, integers, type OpCases, values } from "../op-cases.test-helper.ts";
import { hardtanh } from "./hardtanh.ts";

const within =
  (low: number, high: number) =>
  (x: Node): Node =>
    hardtanh(x, constant(low, [], x.dtype), constant(high, [], x.dtype));

export const cases: OpCases = {
  op: "hardtanh",
  samples: [
    ...elementwise(within(-1, 1), "F.hardtanh(a)", (s) => away(s, -3, 3)),
    { name: "bounds", inputs: [away([3, 5], -4, 10)], run: within(-2, 6), torch: "F.hardtanh(a, -2, 6)" },
    {
      name: "integers stay",
      inputs: [integers([7], -5, 6)],
      run: within(-2, 3),
      torch: "F.hardtanh(a, -2, 3)",
    },
    {
      name: "special values",
      inputs: [fixed(values([4], [-0, NaN, -Infinity, Infinity]))],
      run: within(-1, 1),
      torch: "F.hardtanh(a)",
    },
    {
      name: "at its corners",
      inputs: [values([4], [-1, 1, 0, 2])],
      run: within(-1, 1),
      torch: "F.hardtanh(a)",
      kinks: true,
      firstOrderOnly: "kinks have none",
    },
  ],
  bad: [
    {
      name: "bool",
      call: () => within(0, 1)(constant(1, [2], "bool")),
      error: "DTypeError",
      message: 'hardtanh: a bool tensor has no hardtanh; convert it with .to("float32") or .to("int32")',
    },
  ],
};
