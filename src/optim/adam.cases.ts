import { Adam } from "./adam.ts";
import type { OptimizerCases } from "./optim-cases.test-helper.ts";

export const cases: OptimizerCases = {
  optimizer: "Adam",
  samples: [
    { name: "", make: (p) => new Adam(p, { lr: 0.05 }), torch: "o.Adam(p, lr=0.05)" },
    {
      name: "weightDecay",
      make: (p) => new Adam(p, { lr: 0.05, betas: [0.8, 0.95], eps: 1e-3, weightDecay: 0.1 }),
      torch: "o.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)",
    },
    {
      name: "amsgrad",
      make: (p) => new Adam(p, { lr: 0.05, amsgrad: true }),
      torch: "o.Adam(p, lr=0.05, amsgrad=True)",
    },
    {
      name: "maximize",
      make: (p) => new Adam(p, { lr: 0.01, maximize: true }),
      torch: "o.Adam(p, lr=0.01, maximize=True)",
    },
    {
      name: "groups",
      make: ([a, b]) =>
        new Adam(
          [
            { params: [a], betas: [0.5, 0.9] },
            { params: [b], lr: 0.02, weightDecay: 0.3 },
          ],
          { lr: 0.05 },
        ),
      torch:
        'o.Adam([{"params": p[:1], "betas": (0.5, 0.9)}, {"params": p[1:], "lr": 0.02, "weight_decay": 0.3}], lr=0.05)',
    },
  ],
};
