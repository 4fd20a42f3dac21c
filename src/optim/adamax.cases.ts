import { Adamax } from "./adamax.ts";
import type { OptimizerCases } from "./optim-cases.test-helper.ts";

export const cases: OptimizerCases = {
  optimizer: "Adamax",
  samples: [
    { name: "", make: (p) => new Adamax(p), torch: "o.Adamax(p)" },
    {
      name: "options",
      make: (p) => new Adamax(p, { lr: 0.05, betas: [0.8, 0.9], eps: 1e-2, weightDecay: 0.1 }),
      torch: "o.Adamax(p, lr=0.05, betas=(0.8, 0.9), eps=1e-2, weight_decay=0.1)",
    },
    {
      name: "maximize",
      make: (p) => new Adamax(p, { lr: 0.01, maximize: true }),
      torch: "o.Adamax(p, lr=0.01, maximize=True)",
    },
    {
      name: "groups",
      make: ([a, b]) => new Adamax([{ params: [a] }, { params: [b], betas: [0.5, 0.7] }], { lr: 0.05 }),
      torch: 'o.Adamax([{"params": p[:1]}, {"params": p[1:], "betas": (0.5, 0.7)}], lr=0.05)',
    },
  ],
};
