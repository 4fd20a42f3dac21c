import type { SchedulerCases } from "../optim-cases.test-helper.ts";
import { LambdaLR } from "./lambda-lr.ts";

export const cases: SchedulerCases = {
  scheduler: "LambdaLR",
  samples: [
    {
      name: "",
      make: (o) => new LambdaLR(o, (epoch) => 0.95 ** epoch),
      torch: "l.LambdaLR(opt, lambda epoch: 0.95**epoch)",
    },
    {
      name: "list",
      make: (o) => new LambdaLR(o, [(epoch) => 1 / (1 + epoch), (epoch) => 1 + epoch]),
      torch: "l.LambdaLR(opt, [lambda epoch: 1 / (1 + epoch), lambda epoch: 1 + epoch])",
    },
  ],
};
