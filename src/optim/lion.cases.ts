import { Lion } from "./lion.ts";
import type { OptimizerCases } from "./optim-cases.test-helper.ts";

export const cases: OptimizerCases = {
  optimizer: "Lion",
  samples: [
    { name: "", make: (p) => new Lion(p), torch: "Lion(p)" },
    {
      name: "options",
      make: (p) => new Lion(p, { lr: 0.02, betas: [0.8, 0.95], weightDecay: 0.5 }),
      torch: "Lion(p, lr=0.02, betas=(0.8, 0.95), weight_decay=0.5)",
    },
    {
      name: "maximize",
      make: (p) => new Lion(p, { lr: 0.01, maximize: true }),
      torch: "Lion(p, lr=0.01)",
      before: "upwards",
    },
    {
      name: "groups",
      make: ([a, b]) => new Lion([{ params: [a] }, { params: [b], lr: 0.05 }], { lr: 0.01 }),
      torch: 'Lion([{"params": p[:1]}, {"params": p[1:], "lr": 0.05}], lr=0.01)',
    },
  ],
};
