import type { SchedulerCases } from "../optim-cases.test-helper.ts";
import { ConstantLR } from "./constant-lr.ts";

export const cases: SchedulerCases = {
  scheduler: "ConstantLR",
  samples: [
    { name: "", make: (o) => new ConstantLR(o), torch: "l.ConstantLR(opt)" },
    {
      name: "options",
      make: (o) => new ConstantLR(o, { factor: 0.25, totalIters: 9 }),
      torch: "l.ConstantLR(opt, factor=0.25, total_iters=9)",
    },
  ],
};
