import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { away, elementwise, type OpCases, uniform, values } from "../op-cases.test-helper.ts";
import { softplus } from "./softplus.ts";

const bent =
  (beta: number, threshold: number) =>
  (x: Node): Node =>
    softplus(x, constant(beta, [], x.dtype), constant(threshold, [], x.dtype));

export const cases: OpCases = {
  op: "softplus",
  samples: [
    ...elementwise(bent(1, 20), "F.softplus(a)", (s) => uniform(s, -6, 6)),
    {
      name: "beta and a threshold that is met",
      inputs: [away([5, 7], -4, 4)],
      run: bent(2.5, 5),
      torch: "F.softplus(a, 2.5, 5)",
    },
    {
      name: "around the threshold",
      inputs: [values([4], [19.5, 20.5, -19.5, -20.5])],
      run: bent(1, 20),
      torch: "F.softplus(a)",
    },
    {
      name: "far from zero",
      inputs: [values([4], [-800, -80, 80, 800])],
      run: bent(1, 20),
      torch: "F.softplus(a)",
    },
    {
      name: "a threshold beyond overflow",
      inputs: [values([3], [-800, 5, 800])],
      run: bent(1, 1000),
      torch: "F.softplus(a)",
    },
  ],
};
