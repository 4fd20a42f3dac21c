import type { SchedulerCases } from "../optim-cases.test-helper.ts";
import { ReduceLROnPlateau } from "./reduce-lr-on-plateau.ts";

export const cases: SchedulerCases = {
  scheduler: "ReduceLROnPlateau",
  samples: [
    {
      name: "",
      make: (o) => new ReduceLROnPlateau(o, { patience: 2 }),
      torch: "l.ReduceLROnPlateau(opt, patience=2)",
      steps: 40,
    },
    {
      name: "options",
      make: (o) =>
        new ReduceLROnPlateau(o, {
          mode: "max",
          factor: 0.5,
          patience: 1,
          threshold: 0.05,
          thresholdMode: "abs",
          cooldown: 2,
          minLr: [0.01, 0.002],
        }),
      torch:
        'l.ReduceLROnPlateau(opt, mode="max", factor=0.5, patience=1, threshold=0.05, threshold_mode="abs", cooldown=2, min_lr=[0.01, 0.002])',
      steps: 40,
    },
    {
      name: "max",
      make: (o) =>
        new ReduceLROnPlateau(o, { mode: "max", factor: 0.3, patience: 0, threshold: 0.1, eps: 1e-3 }),
      torch: 'l.ReduceLROnPlateau(opt, mode="max", factor=0.3, patience=0, threshold=0.1, eps=1e-3)',
      steps: 40,
    },
    {
      name: "abs",
      make: (o) =>
        new ReduceLROnPlateau(o, {
          factor: 0.5,
          patience: 0,
          threshold: 0.01,
          thresholdMode: "abs",
          minLr: 1e-3,
        }),
      torch:
        'l.ReduceLROnPlateau(opt, factor=0.5, patience=0, threshold=0.01, threshold_mode="abs", min_lr=1e-3)',
      steps: 40,
    },
  ],
};
