import { Parameter } from "../../nn/parameter.ts";
import { zeros } from "../../tensor/create.ts";
import type { SchedulerCases } from "../optim-cases.test-helper.ts";
import { SGD } from "../sgd.ts";
import { PolynomialLR } from "./polynomial-lr.ts";

const optimizer = new SGD([new Parameter(zeros([1]))], { lr: 1 });

export const cases: SchedulerCases = {
  scheduler: "PolynomialLR",
  samples: [
    { name: "", make: (o) => new PolynomialLR(o), torch: "l.PolynomialLR(opt)" },
    {
      name: "options",
      make: (o) => new PolynomialLR(o, { totalIters: 20, power: 2.5 }),
      torch: "l.PolynomialLR(opt, total_iters=20, power=2.5)",
    },
  ],
  bad: [
    {
      name: "PolynomialLR: totalIters",
      call: () => new PolynomialLR(optimizer, { totalIters: 0 }),
      error: "ArgumentError",
      message: "PolynomialLR: totalIters must be an integer of 1 or more; got 0",
    },
    {
      name: "PolynomialLR: power",
      call: () => new PolynomialLR(optimizer, { power: -1 }),
      error: "ArgumentError",
      message: "PolynomialLR: power must be a number of 0 or more; got -1",
    },
  ],
};
