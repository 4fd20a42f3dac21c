import type { OptimizerCases } from "./optim-cases.test-helper.ts";
import { SGD } from "./sgd.ts";

export const cases: OptimizerCases = {
  optimizer: "SGD",
  samples: [
    { name: "", make: (p) => new SGD(p, { lr: 0.1 }), torch: "o.SGD(p, lr=0.1)" },
    {
      name: "momentum",
      make: (p) => new SGD(p, { lr: 0.1, momentum: 0.9 }),
      torch: "o.SGD(p, lr=0.1, momentum=0.9)",
    },
    {
      name: "dampening",
      make: (p) => new SGD(p, { lr: 0.1, momentum: 0.8, dampening: 0.3, weightDecay: 0.01 }),
      torch: "o.SGD(p, lr=0.1, momentum=0.8, dampening=0.3, weight_decay=0.01)",
    },
    {
      name: "nesterov",
      make: (p) => new SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
      torch: "o.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)",
    },
    {
      name: "maximize",
      make: (p) => new SGD(p, { lr: 0.01, momentum: 0.5, maximize: true }),
      torch: "o.SGD(p, lr=0.01, momentum=0.5, maximize=True)",
    },
    {
      name: "groups",
      make: ([a, b]) => new SGD([{ params: [a] }, { params: [b], lr: 0.02 }], { lr: 0.1 }),
      torch: 'o.SGD([{"params": p[:1]}, {"params": p[1:], "lr": 0.02}], lr=0.1)',
    },
  ],
};
