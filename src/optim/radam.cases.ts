import type { OptimizerCases } from "./optim-cases.test-helper.ts";
import { RAdam } from "./radam.ts";

export const cases: OptimizerCases = {
  optimizer: "RAdam",
  samples: [
    { name: "", make: (p) => new RAdam(p), torch: "o.RAdam(p)" },
    {
      name: "options",
      make: (p) => new RAdam(p, { lr: 0.05, betas: [0.8, 0.95], eps: 1e-3, weightDecay: 0.1 }),
      torch: "o.RAdam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)",
    },
    {
      name: "plain",
      make: (p) => new RAdam(p, { lr: 0.05, betas: [0.8, 0.6] }),
      torch: "o.RAdam(p, lr=0.05, betas=(0.8, 0.6))",
    },
    {
      name: "maximize",
      make: (p) => new RAdam(p, { lr: 0.01, maximize: true }),
      torch: "o.RAdam(p, lr=0.01)",
      before: "upwards",
    },
    {
      name: "decoupled",
      make: (p) => new RAdam(p, { lr: 0.05, weightDecay: 0.2, decoupledWeightDecay: true }),
      torch: "o.RAdam(p, lr=0.05)",
      before: "decoupled(0.2)",
    },
    {
      name: "groups",
      make: ([a, b]) => new RAdam([{ params: [a] }, { params: [b], betas: [0.5, 0.9] }], { lr: 0.05 }),
      torch: 'o.RAdam([{"params": p[:1]}, {"params": p[1:], "betas": (0.5, 0.9)}], lr=0.05)',
    },
  ],
};
