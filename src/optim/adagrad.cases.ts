import { Adagrad } from "./adagrad.ts";
import type { OptimizerCases } from "./optim-cases.test-helper.ts";

export const cases: OptimizerCases = {
  optimizer: "Adagrad",
  samples: [
    { name: "", make: (p) => new Adagrad(p), torch: "o.Adagrad(p)" },
    {
      name: "options",
      make: (p) =>
        new Adagrad(p, { lr: 0.2, lrDecay: 0.1, initialAccumulatorValue: 0.3, eps: 1e-2, weightDecay: 0.1 }),
      torch: "o.Adagrad(p, lr=0.2, lr_decay=0.1, initial_accumulator_value=0.3, eps=1e-2, weight_decay=0.1)",
    },
    {
      name: "maximize",
      make: (p) => new Adagrad(p, { lr: 0.05, maximize: true }),
      torch: "o.Adagrad(p, lr=0.05, maximize=True)",
    },
    {
      name: "groups",
      make: ([a, b]) => new Adagrad([{ params: [a] }, { params: [b], lr: 0.05, lrDecay: 0.2 }], { lr: 0.2 }),
      torch: 'o.Adagrad([{"params": p[:1]}, {"params": p[1:], "lr": 0.05, "lr_decay": 0.2}], lr=0.2)',
    },
  ],
};
