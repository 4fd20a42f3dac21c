import type { OptimizerCases } from "./optim-cases.test-helper.ts";
import { RMSprop } from "./rmsprop.ts";

export const cases: OptimizerCases = {
  optimizer: "RMSprop",
  samples: [
    { name: "", make: (p) => new RMSprop(p), torch: "o.RMSprop(p)" },
    {
      name: "centered",
      make: (p) => new RMSprop(p, { lr: 0.02, alpha: 0.9, eps: 1e-3, centered: true }),
      torch: "o.RMSprop(p, lr=0.02, alpha=0.9, eps=1e-3, centered=True)",
    },
    {
      name: "momentum",
      make: (p) => new RMSprop(p, { lr: 0.005, alpha: 0.9, momentum: 0.8, weightDecay: 0.1 }),
      torch: "o.RMSprop(p, lr=0.005, alpha=0.9, momentum=0.8, weight_decay=0.1)",
    },
    {
      name: "all",
      make: (p) => new RMSprop(p, { lr: 0.002, eps: 1e-2, momentum: 0.5, centered: true, maximize: true }),
      torch: "o.RMSprop(p, lr=0.002, eps=1e-2, momentum=0.5, centered=True, maximize=True)",
    },
    {
      name: "groups",
      make: ([a, b]) =>
        new RMSprop(
          [
            { params: [a], momentum: 0.5 },
            { params: [b], lr: 0.003, alpha: 0.8 },
          ],
          { lr: 0.01 },
        ),
      torch:
        'o.RMSprop([{"params": p[:1], "momentum": 0.5}, {"params": p[1:], "lr": 0.003, "alpha": 0.8}], lr=0.01)',
    },
  ],
};
