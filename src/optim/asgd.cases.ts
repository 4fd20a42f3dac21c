import { Parameter } from "../nn/parameter.ts";
import { zeros } from "../tensor/create.ts";
import { ASGD } from "./asgd.ts";
import type { OptimizerCases } from "./optim-cases.test-helper.ts";

const parameter = new Parameter(zeros([1]));

export const cases: OptimizerCases = {
  optimizer: "ASGD",
  samples: [
    { name: "", make: (p) => new ASGD(p), torch: "o.ASGD(p)" },
    {
      name: "options",
      make: (p) => new ASGD(p, { lr: 0.1, lambd: 0.05, alpha: 0.6, t0: 4, weightDecay: 0.1 }),
      torch: "o.ASGD(p, lr=0.1, lambd=0.05, alpha=0.6, t0=4, weight_decay=0.1)",
    },
    {
      name: "maximize",
      make: (p) => new ASGD(p, { lr: 0.01, t0: 0, maximize: true }),
      torch: "o.ASGD(p, lr=0.01, t0=0, maximize=True)",
    },
    {
      name: "groups",
      make: ([a, b]) =>
        new ASGD([{ params: [a] }, { params: [b], lr: 0.02, t0: 10 }], { lr: 0.1, lambd: 0.1 }),
      torch: 'o.ASGD([{"params": p[:1]}, {"params": p[1:], "lr": 0.02, "t0": 10}], lr=0.1, lambd=0.1)',
    },
  ],
  bad: [
    {
      name: "ASGD: t0",
      call: () => new ASGD([parameter], { t0: -1 }),
      error: "ArgumentError",
      message: "ASGD: t0 must be a number of 0 or more; got -1",
    },
  ],
};
