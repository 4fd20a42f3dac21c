import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type OpCases, uniform } from "../op-cases.test-helper.ts";
import { layerNorm } from "./layer-norm.ts";

const plans = [
  [[7], [7]],
  [[3, 5], [5]],
  [
    [3, 5],
    [3, 5],
  ],
  [
    [2, 3, 5, 7],
    [5, 7],
  ],
  [[4, 1, 17], [17]],
  [[3, 1], [1]],
  [[2, 1031], [1031]],
] as const;

const eps = 1e-5;
const zeros = (...shape: number[]): Node => constant(0, shape, "float32");

export const cases: OpCases = {
  op: "layerNorm",
  samples: [
    ...plans.map(([shape, own]) => ({
      name: `[${shape}] over [${own}]`,
      inputs: [uniform(shape), uniform(own), uniform(own)],
      run: (x: Node, w: Node, b: Node) => layerNorm(x, own, w, b, eps),
      torch: `F.layer_norm(a, [${own}], b, c, ${eps})`,
      floor: 16,
    })),
    {
      name: "neither weight nor bias",
      inputs: [uniform([4, 3, 5])],
      run: (x) => layerNorm(x, [3, 5], null, null, eps),
      torch: `F.layer_norm(a, [3, 5], None, None, ${eps})`,
      floor: 16,
    },
    {
      name: "weight alone",
      inputs: [uniform([4, 5]), uniform([5])],
      run: (x, w) => layerNorm(x, [5], w, null, eps),
      torch: `F.layer_norm(a, [5], b, None, ${eps})`,
      floor: 16,
    },
    {
      name: "bias alone",
      inputs: [uniform([4, 5]), uniform([5])],
      run: (x, b) => layerNorm(x, [5], null, b, eps),
      torch: `F.layer_norm(a, [5], None, b, ${eps})`,
      floor: 16,
    },
    {
      name: "far from zero",
      inputs: [uniform([5, 64], 100, 101), uniform([64]), uniform([64])],
      run: (x, w, b) => layerNorm(x, [64], w, b, eps),
      torch: `F.layer_norm(a, [64], b, c, ${eps})`,
      floor: 2000,
    },
  ],
  bad: [
    {
      name: "another shape at the end",
      call: () => layerNorm(zeros(2, 5, 3), [3, 5], null, null, eps),
      error: "ShapeError",
      message: "layerNorm: input has shape [2, 5, 3], which must end in the normalized shape [3, 5]",
    },
    {
      name: "fewer dimensions",
      call: () => layerNorm(zeros(5), [3, 5], null, null, eps),
      error: "ShapeError",
      message: "layerNorm: input has shape [5], which must end in the normalized shape [3, 5]",
    },
    {
      name: "weight",
      call: () => layerNorm(zeros(2, 5), [5], zeros(1), null, eps),
      error: "ShapeError",
      message: "layerNorm: weight has shape [1], expected the normalized shape [5]",
    },
  ],
};
