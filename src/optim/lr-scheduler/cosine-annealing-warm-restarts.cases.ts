import type { SchedulerCases } from "../optim-cases.test-helper.ts";
import { CosineAnnealingWarmRestarts } from "./cosine-annealing-warm-restarts.ts";

export const cases: SchedulerCases = {
  scheduler: "CosineAnnealingWarmRestarts",
  samples: [
    {
      name: "",
      make: (o) => new CosineAnnealingWarmRestarts(o, 4),
      torch: "l.CosineAnnealingWarmRestarts(opt, 4)",
    },
    {
      name: "options",
      make: (o) => new CosineAnnealingWarmRestarts(o, 3, { tMult: 2, etaMin: 0.005 }),
      torch: "l.CosineAnnealingWarmRestarts(opt, 3, T_mult=2, eta_min=0.005)",
    },
  ],
};
