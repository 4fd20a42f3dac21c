import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { away, elementwise, fixed, type OpCases, values } from "../op-cases.test-helper.ts";
import { leakyRelu } from "./leaky-relu.ts";

const leaky =
  (slope: number) =>
  (x: Node): Node =>
    leakyRelu(x, constant(slope, [], x.dtype));

export const cases: OpCases = {
  op: "leakyRelu",
  samples: [
    ...elementwise(leaky(0.25), "F.leaky_relu(a, 0.25)", (s) => away(s, -2, 2)),
    {
      name: "a negative slope below zero",
      inputs: [away([3, 5], -2, 2)],
      run: leaky(-1.5),
      torch: "F.leaky_relu(a, -1.5)",
    },
    {
      name: "special values",
      inputs: [fixed(values([5], [0, -0, NaN, -Infinity, Infinity]))],
      run: leaky(0.25),
      torch: "F.leaky_relu(a, 0.25)",
    },
  ],
};
