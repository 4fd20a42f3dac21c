import { Adadelta } from "./adadelta.ts";
import type { OptimizerCases } from "./optim-cases.test-helper.ts";

export const cases: OptimizerCases = {
  optimizer: "Adadelta",
  samples: [
    { name: "", make: (p) => new Adadelta(p), torch: "o.Adadelta(p)" },
    {
      name: "options",
      make: (p) => new Adadelta(p, { lr: 0.5, rho: 0.7, eps: 1e-2, weightDecay: 0.1 }),
      torch: "o.Adadelta(p, lr=0.5, rho=0.7, eps=1e-2, weight_decay=0.1)",
    },
    {
      name: "maximize",
      make: (p) => new Adadelta(p, { lr: 0.2, eps: 1e-3, maximize: true }),
      torch: "o.Adadelta(p, lr=0.2, eps=1e-3, maximize=True)",
    },
    {
      name: "groups",
      make: ([a, b]) => new Adadelta([{ params: [a] }, { params: [b], lr: 0.3, rho: 0.5 }]),
      torch: 'o.Adadelta([{"params": p[:1]}, {"params": p[1:], "lr": 0.3, "rho": 0.5}])',
    },
  ],
};
