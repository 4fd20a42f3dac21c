import { NAdam } from "./nadam.ts";
import type { OptimizerCases } from "./optim-cases.test-helper.ts";

export const cases: OptimizerCases = {
  optimizer: "NAdam",
  samples: [
    { name: "", make: (p) => new NAdam(p), torch: "nadam(p)" },
    {
      name: "options",
      make: (p) =>
        new NAdam(p, { lr: 0.05, betas: [0.8, 0.95], eps: 1e-3, weightDecay: 0.1, momentumDecay: 0.1 }),
      torch: "nadam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1, momentum_decay=0.1)",
    },
    {
      name: "maximize",
      make: (p) => new NAdam(p, { lr: 0.01, maximize: true }),
      torch: "nadam(p, lr=0.01)",
      before: "upwards",
    },
    {
      name: "decoupled",
      make: (p) => new NAdam(p, { lr: 0.05, weightDecay: 0.2, decoupledWeightDecay: true }),
      torch: "nadam(p, lr=0.05)",
      before: "decoupled(0.2)",
    },
    {
      name: "groups",
      make: ([a, b]) => new NAdam([{ params: [a] }, { params: [b], momentumDecay: 0.1 }], { lr: 0.05 }),
      torch: 'nadam([{"params": p[:1]}, {"params": p[1:], "momentum_decay": 0.1}], lr=0.05)',
    },
  ],
};
