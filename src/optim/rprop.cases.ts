import { Parameter } from "../nn/parameter.ts";
import { zeros } from "../tensor/create.ts";
import type { OptimizerCases } from "./optim-cases.test-helper.ts";
import { Rprop } from "./rprop.ts";

const parameter = new Parameter(zeros([1]));

export const cases: OptimizerCases = {
  optimizer: "Rprop",
  samples: [
    { name: "", make: (p) => new Rprop(p), torch: "o.Rprop(p)" },
    {
      name: "options",
      make: (p) => new Rprop(p, { lr: 0.05, etas: [0.4, 1.5], stepSizes: [1e-3, 0.2] }),
      torch: "o.Rprop(p, lr=0.05, etas=(0.4, 1.5), step_sizes=(1e-3, 0.2))",
    },
    {
      name: "maximize",
      make: (p) => new Rprop(p, { lr: 1e-3, maximize: true }),
      torch: "o.Rprop(p, lr=1e-3, maximize=True)",
    },
    {
      name: "groups",
      make: ([a, b]) =>
        new Rprop([{ params: [a] }, { params: [b], lr: 0.1, etas: [0.3, 1.1] }], { lr: 0.02 }),
      torch: 'o.Rprop([{"params": p[:1]}, {"params": p[1:], "lr": 0.1, "etas": (0.3, 1.1)}], lr=0.02)',
    },
  ],
  bad: [
    {
      name: "Rprop: etas",
      call: () => new Rprop([parameter], { etas: [1.2, 0.5] }),
      error: "ArgumentError",
      message: "Rprop: etas must be a number between 0 and 1 and one above 1; got [1.2,0.5]",
    },
    {
      name: "Rprop: stepSizes",
      call: () => new Rprop([parameter], { stepSizes: [2, 1] }),
      error: "ArgumentError",
      message: "Rprop: stepSizes must be two numbers of 0 or more, the smaller one first; got [2,1]",
    },
    {
      name: "Rprop: no pair of step sizes",
      call: () => new Rprop([parameter], { stepSizes: 1 as never }),
      error: "ArgumentError",
      message: "Rprop: stepSizes must be two numbers of 0 or more, the smaller one first; got 1",
    },
  ],
};
