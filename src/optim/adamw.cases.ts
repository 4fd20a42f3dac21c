import { AdamW } from "./adamw.ts";
import type { OptimizerCases } from "./optim-cases.test-helper.ts";

export const cases: OptimizerCases = {
  optimizer: "AdamW",
  samples: [
    {
      name: "",
      make: (p) => new AdamW(p, { lr: 0.05, weightDecay: 0.2 }),
      torch: "o.AdamW(p, lr=0.05, weight_decay=0.2)",
    },
    {
      name: "amsgrad",
      make: (p) => new AdamW(p, { lr: 0.05, amsgrad: true }),
      torch: "o.AdamW(p, lr=0.05, amsgrad=True)",
    },
    {
      name: "maximize",
      make: (p) => new AdamW(p, { lr: 0.01, maximize: true }),
      torch: "o.AdamW(p, lr=0.01, maximize=True)",
    },
  ],
};
