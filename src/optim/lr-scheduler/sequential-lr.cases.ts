import type { SchedulerCases } from "../optim-cases.test-helper.ts";
import { ConstantLR } from "./constant-lr.ts";
import { CosineAnnealingLR } from "./cosine-annealing-lr.ts";
import { CosineAnnealingWarmRestarts } from "./cosine-annealing-warm-restarts.ts";
import { ExponentialLR } from "./exponential-lr.ts";
import { LambdaLR } from "./lambda-lr.ts";
import { LinearLR } from "./linear-lr.ts";
import { MultiStepLR } from "./multi-step-lr.ts";
import { OneCycleLR } from "./one-cycle-lr.ts";
import { SequentialLR } from "./sequential-lr.ts";

export const cases: SchedulerCases = {
  scheduler: "SequentialLR",
  samples: [
    {
      name: "",
      make: (o) => {
        const warmUp = new LinearLR(o, { startFactor: 0.25, totalIters: 4 });
        const cosine = new CosineAnnealingLR(o, 6, { etaMin: 0.001 });
        const constant = new ConstantLR(o, { factor: 0.5, totalIters: 3 });
        return new SequentialLR(o, [warmUp, cosine, constant, new MultiStepLR(o, [2, 5])], [5, 11, 17]);
      },
      torch:
        "l.SequentialLR(opt, [l.LinearLR(opt, start_factor=0.25, total_iters=4), l.CosineAnnealingLR(opt, 6, eta_min=0.001), l.ConstantLR(opt, factor=0.5, total_iters=3), l.MultiStepLR(opt, [2, 5])], milestones=[5, 11, 17])",
    },
    {
      name: "restarts",
      make: (o) => {
        const first = new ExponentialLR(o, 0.8);
        const second = new CosineAnnealingWarmRestarts(o, 3);
        return new SequentialLR(o, [first, second, new LambdaLR(o, (epoch) => 1 / (1 + epoch))], [4, 15]);
      },
      torch:
        "l.SequentialLR(opt, [l.ExponentialLR(opt, 0.8), l.CosineAnnealingWarmRestarts(opt, 3), l.LambdaLR(opt, lambda epoch: 1 / (1 + epoch))], milestones=[4, 15])",
    },
    {
      name: "cycle",
      make: (o) => {
        const warmUp = new LinearLR(o, { totalIters: 3 });
        return new SequentialLR(o, [warmUp, new OneCycleLR(o, 0.3, { totalSteps: 20 })], [4]);
      },
      torch:
        "l.SequentialLR(opt, [l.LinearLR(opt, total_iters=3), l.OneCycleLR(opt, 0.3, total_steps=20)], [4])",
      steps: 23,
    },
  ],
};
