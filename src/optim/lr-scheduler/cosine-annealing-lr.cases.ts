import type { SchedulerCases } from "../optim-cases.test-helper.ts";
import { CosineAnnealingLR } from "./cosine-annealing-lr.ts";

export const cases: SchedulerCases = {
  scheduler: "CosineAnnealingLR",
  samples: [
    {
      name: "",
      make: (o) => new CosineAnnealingLR(o, 8, { etaMin: 0.01 }),
      torch: "l.CosineAnnealingLR(opt, 8, eta_min=0.01)",
    },
    { name: "default", make: (o) => new CosineAnnealingLR(o, 25), torch: "l.CosineAnnealingLR(opt, 25)" },
  ],
};
