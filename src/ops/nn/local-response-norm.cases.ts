import { constant } from "../../graph/build.ts";
import type { Node } from "../../graph/node.ts";
import { type OpCases, uniform } from "../op-cases.test-helper.ts";
import { localResponseNorm } from "./local-response-norm.ts";

const plans = [
  { shape: [2, 7, 3, 5], size: 5, alpha: 0.5, beta: 0.75, k: 1 },
  { shape: [2, 7, 3, 5], size: 4, alpha: 1, beta: 0.5, k: 2 },
  { shape: [2, 17, 3], size: 2, alpha: 0.25, beta: 1.5, k: 1 },
  { shape: [1, 3, 2, 2], size: 9, alpha: 1, beta: 0.75, k: 2 },
  { shape: [2, 1, 3, 2], size: 1, alpha: 1, beta: 1, k: 1 },
  { shape: [2, 5, 3, 3], size: 5, alpha: 1e-4, beta: 0.75, k: 1 },
  { shape: [2, 3, 2, 2, 3], size: 3, alpha: 0.5, beta: 0.75, k: 1 },
] as const;

export const cases: OpCases = {
  op: "localResponseNorm",
  samples: plans.map(({ shape, size, alpha, beta, k }) => ({
    name: `[${shape}] over ${size}, alpha ${alpha}, beta ${beta}, k ${k}`,
    inputs: [uniform(shape)],
    run: (x: Node) => localResponseNorm(x, size, { alpha, beta, k }),
    torch: `F.local_response_norm(a, ${size}, ${alpha}, ${beta}, ${k})`,
    floor: 16,
  })),
  bad: [
    {
      name: "dimensions",
      call: () => localResponseNorm(constant(0, [2, 3], "float32"), 3, { alpha: 1, beta: 1, k: 1 }),
      error: "ShapeError",
      message: "localResponseNorm: input has shape [2, 3], expected at least 3 dimensions N, C, ...",
    },
  ],
};
