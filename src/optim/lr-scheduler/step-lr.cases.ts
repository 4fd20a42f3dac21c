import type { SchedulerCases } from "../optim-cases.test-helper.ts";
import { StepLR } from "./step-lr.ts";

export const cases: SchedulerCases = {
  scheduler: "StepLR",
  samples: [
    { name: "", make: (o) => new StepLR(o, 3, { gamma: 0.5 }), torch: "l.StepLR(opt, 3, gamma=0.5)" },
  ],
};
