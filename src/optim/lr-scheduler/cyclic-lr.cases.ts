import { Parameter } from "../../nn/parameter.ts";
import { zeros } from "../../tensor/create.ts";
import { Adagrad } from "../adagrad.ts";
import type { SchedulerCases } from "../optim-cases.test-helper.ts";
import { SGD } from "../sgd.ts";
import { CyclicLR } from "./cyclic-lr.ts";
import { LinearLR } from "./linear-lr.ts";
import { SequentialLR } from "./sequential-lr.ts";
import { StepLR } from "./step-lr.ts";

const parameters = [new Parameter(zeros([1]))];
const cyclic = (options: object): CyclicLR =>
  new CyclicLR(new SGD(parameters, { lr: 1, momentum: 0.5 }), 0.1, 1, options);

export const cases: SchedulerCases = {
  scheduler: "CyclicLR",
  samples: [
    { name: "", make: (o) => new CyclicLR(o, 0.01, 0.1), torch: "l.CyclicLR(opt, 0.01, 0.1)" },
    {
      name: "triangular",
      make: (o) => new CyclicLR(o, [0.01, 0.02], [0.1, 0.3], { stepSizeUp: 4 }),
      torch: "l.CyclicLR(opt, [0.01, 0.02], [0.1, 0.3], step_size_up=4)",
    },
    {
      name: "triangular2",
      make: (o) => new CyclicLR(o, 0.01, 0.1, { stepSizeUp: 3, stepSizeDown: 5, mode: "triangular2" }),
      torch: 'l.CyclicLR(opt, 0.01, 0.1, step_size_up=3, step_size_down=5, mode="triangular2")',
    },
    {
      name: "exp_range",
      make: (o) =>
        new CyclicLR(o, 0.01, 0.1, {
          stepSizeUp: 5,
          mode: "exp_range",
          gamma: 0.9,
          baseMomentum: [0.7, 0.6],
          maxMomentum: 0.95,
        }),
      torch:
        'l.CyclicLR(opt, 0.01, 0.1, step_size_up=5, mode="exp_range", gamma=0.9, base_momentum=[0.7, 0.6], max_momentum=0.95)',
    },
    {
      name: "no momentum",
      make: (o) => new CyclicLR(o, 0.01, 0.1, { stepSizeUp: 3, cycleMomentum: false }),
      torch: "l.CyclicLR(opt, 0.01, 0.1, step_size_up=3, cycle_momentum=False)",
    },
    {
      name: "scaled by cycle",
      make: (o) => new CyclicLR(o, 0.01, 0.1, { stepSizeUp: 3, scaleFn: (cycle) => 1 / cycle }),
      torch: "l.CyclicLR(opt, 0.01, 0.1, step_size_up=3, scale_fn=lambda cycle: 1 / cycle)",
    },
    {
      name: "scaled by step",
      make: (o) =>
        new CyclicLR(o, 0.01, 0.1, {
          stepSizeUp: 3,
          scaleFn: (step) => 1 / (1 + step),
          scaleMode: "iterations",
        }),
      torch:
        'l.CyclicLR(opt, 0.01, 0.1, step_size_up=3, scale_fn=lambda step: 1 / (1 + step), scale_mode="iterations")',
    },
    {
      name: "second in turn",
      make: (o) =>
        new SequentialLR(
          o,
          [new LinearLR(o, { totalIters: 3 }), new CyclicLR(o, 0.01, 0.1, { stepSizeUp: 3 })],
          [4],
        ),
      torch:
        "l.SequentialLR(opt, [l.LinearLR(opt, total_iters=3), l.CyclicLR(opt, 0.01, 0.1, step_size_up=3)], [4])",
    },
    {
      name: "first in turn",
      make: (o) =>
        new SequentialLR(o, [new CyclicLR(o, 0.01, 0.1, { stepSizeUp: 3 }), new StepLR(o, 5)], [8]),
      torch: "l.SequentialLR(opt, [l.CyclicLR(opt, 0.01, 0.1, step_size_up=3), l.StepLR(opt, 5)], [8])",
    },
  ],
  bad: [
    {
      name: "CyclicLR: stepSizeUp",
      call: () => cyclic({ stepSizeUp: 0 }),
      error: "ArgumentError",
      message: "CyclicLR: stepSizeUp must be an integer of 1 or more; got 0",
    },
    {
      name: "CyclicLR: mode",
      call: () => cyclic({ mode: "square" }),
      error: "ArgumentError",
      message: 'CyclicLR: mode must be "triangular" or "triangular2" or "exp_range"; got "square"',
    },
    {
      name: "CyclicLR: scaleFn",
      call: () => cyclic({ scaleFn: 0.5 }),
      error: "ArgumentError",
      message: "CyclicLR: scaleFn must be a function of the cycle or the step; got 0.5",
    },
    {
      name: "CyclicLR: no momentum",
      call: () => new CyclicLR(new Adagrad(parameters), 0.1, 1),
      error: "ArgumentError",
      message: "CyclicLR: the optimizer has neither momentum nor betas; use { cycleMomentum: false }",
    },
  ],
};
