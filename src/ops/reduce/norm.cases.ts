import { away, type OpCases, values } from "../op-cases.test-helper.ts";
import { norm } from "./norm.ts";
import { reductions } from "./reductions.test-helper.ts";

export const cases: OpCases = {
  op: "norm",
  samples: [
    ...reductions(
      norm,
      (axes) => `torch.linalg.vector_norm(a, 2${axes})`,
      (s) => away(s, -2, 2),
    ),
    ...[0, 1, 3, 2.5].map((p) => ({
      name: `order ${p}`,
      inputs: [away([3, 7], -2, 2)],
      run: (x: Parameters<typeof norm>[0]) => norm(x, { p, dim: 1 }),
      torch: `torch.linalg.vector_norm(a, ${p}, 1)`,
    })),
    {
      name: "order infinity",
      inputs: [values([2, 3], [1, -3, 2, -0.5, 0.25, 0])],
      run: (x) => [
        norm(x, { p: Number.POSITIVE_INFINITY, dim: 1 }),
        norm(x, { p: Number.NEGATIVE_INFINITY, dim: 1 }),
      ],
      torch: "(torch.linalg.vector_norm(a, math.inf, 1), torch.linalg.vector_norm(a, -math.inf, 1))",
      kinks: true,
      firstOrderOnly: "the smallest is 0, an edge",
    },
    ...[1, 2, 3].map((p) => ({
      name: `order ${p} of zeros has gradient 0`,
      inputs: [values([2, 2], [0, 0, 3, -4])],
      run: (x: Parameters<typeof norm>[0]) => norm(x, { p, dim: 1 }),
      torch: `torch.linalg.vector_norm(a, ${p}, 1)`,
      kinks: true,
      firstOrderOnly: "0 is an edge",
    })),
  ],
};
