import type { SchedulerCases } from "../optim-cases.test-helper.ts";
import { LinearLR } from "./linear-lr.ts";

export const cases: SchedulerCases = {
  scheduler: "LinearLR",
  samples: [
    { name: "", make: (o) => new LinearLR(o), torch: "l.LinearLR(opt)" },
    {
      name: "options",
      make: (o) => new LinearLR(o, { startFactor: 1, endFactor: 0.1, totalIters: 11 }),
      torch: "l.LinearLR(opt, start_factor=1.0, end_factor=0.1, total_iters=11)",
    },
  ],
};
