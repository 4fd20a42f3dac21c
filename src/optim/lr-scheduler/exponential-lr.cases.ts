import type { SchedulerCases } from "../optim-cases.test-helper.ts";
import { ExponentialLR } from "./exponential-lr.ts";

export const cases: SchedulerCases = {
  scheduler: "ExponentialLR",
  samples: [{ name: "", make: (o) => new ExponentialLR(o, 0.9), torch: "l.ExponentialLR(opt, 0.9)" }],
};
