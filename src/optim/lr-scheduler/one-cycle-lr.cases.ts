import type { SchedulerCases } from "../optim-cases.test-helper.ts";
import { OneCycleLR } from "./one-cycle-lr.ts";

export const cases: SchedulerCases = {
  scheduler: "OneCycleLR",
  samples: [
    {
      name: "",
      make: (o) => new OneCycleLR(o, 0.3, { totalSteps: 25 }),
      torch: "l.OneCycleLR(opt, 0.3, total_steps=25)",
    },
    {
      name: "epochs",
      make: (o) => new OneCycleLR(o, [0.3, 0.5], { epochs: 5, stepsPerEpoch: 4, pctStart: 0.4 }),
      torch: "l.OneCycleLR(opt, [0.3, 0.5], epochs=5, steps_per_epoch=4, pct_start=0.4)",
      steps: 20,
    },
    {
      name: "linear",
      make: (o) =>
        new OneCycleLR(o, 0.2, {
          totalSteps: 23,
          annealStrategy: "linear",
          baseMomentum: [0.7, 0.6],
          maxMomentum: 0.99,
          divFactor: 10,
          finalDivFactor: 100,
        }),
      torch:
        'l.OneCycleLR(opt, 0.2, total_steps=23, anneal_strategy="linear", base_momentum=[0.7, 0.6], max_momentum=0.99, div_factor=10.0, final_div_factor=100.0)',
      steps: 23,
    },
    {
      name: "three phases",
      make: (o) => new OneCycleLR(o, 0.3, { totalSteps: 21, threePhase: true, pctStart: 0.35 }),
      torch: "l.OneCycleLR(opt, 0.3, total_steps=21, three_phase=True, pct_start=0.35)",
      steps: 21,
    },
    {
      name: "betas",
      make: (o) => new OneCycleLR(o, 0.3, { totalSteps: 12 }),
      torch: "l.OneCycleLR(opt, 0.3, total_steps=12)",
      steps: 12,
      optimizer: "adam",
    },
    {
      name: "no momentum",
      make: (o) => new OneCycleLR(o, 0.3, { totalSteps: 12, cycleMomentum: false }),
      torch: "l.OneCycleLR(opt, 0.3, total_steps=12, cycle_momentum=False)",
      steps: 12,
    },
  ],
};
