import type { SchedulerCases } from "../optim-cases.test-helper.ts";
import { MultiStepLR } from "./multi-step-lr.ts";

export const cases: SchedulerCases = {
  scheduler: "MultiStepLR",
  samples: [
    {
      name: "",
      make: (o) => new MultiStepLR(o, [3, 8, 8, 15], { gamma: 0.3 }),
      torch: "l.MultiStepLR(opt, [3, 8, 8, 15], gamma=0.3)",
    },
    { name: "default", make: (o) => new MultiStepLR(o, [0, 5]), torch: "l.MultiStepLR(opt, [0, 5])" },
  ],
};
