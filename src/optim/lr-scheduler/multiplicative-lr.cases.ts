import { Parameter } from "../../nn/parameter.ts";
import { zeros } from "../../tensor/create.ts";
import type { SchedulerCases } from "../optim-cases.test-helper.ts";
import { SGD } from "../sgd.ts";
import { LinearLR } from "./linear-lr.ts";
import { MultiplicativeLR } from "./multiplicative-lr.ts";
import { SequentialLR } from "./sequential-lr.ts";

const optimizer = new SGD([new Parameter(zeros([1]))], { lr: 1 });

export const cases: SchedulerCases = {
  scheduler: "MultiplicativeLR",
  samples: [
    {
      name: "",
      make: (o) => new MultiplicativeLR(o, (epoch) => 1 - 1 / (1 + epoch)),
      torch: "l.MultiplicativeLR(opt, lambda epoch: 1 - 1 / (1 + epoch))",
    },
    {
      name: "list",
      make: (o) => new MultiplicativeLR(o, [() => 0.9, (epoch) => 1 / epoch]),
      torch: "l.MultiplicativeLR(opt, [lambda epoch: 0.9, lambda epoch: 1 / epoch])",
    },
    {
      name: "in turn",
      make: (o) =>
        new SequentialLR(o, [new LinearLR(o, { totalIters: 9 }), new MultiplicativeLR(o, () => 0.9)], [4]),
      torch:
        "l.SequentialLR(opt, [l.LinearLR(opt, total_iters=9), l.MultiplicativeLR(opt, lambda epoch: 0.9)], [4])",
    },
  ],
  bad: [
    {
      name: "MultiplicativeLR: no function",
      call: () => new MultiplicativeLR(optimizer, 0.9 as never),
      error: "ArgumentError",
      message: "MultiplicativeLR: lrLambda must be a function of the epoch, or a list of them; got number",
    },
    {
      name: "MultiplicativeLR: no number",
      call: () => new MultiplicativeLR(optimizer, () => Number.NaN).step(),
      error: "ArgumentError",
      message: "MultiplicativeLR: lrLambda gave NaN for epoch 1",
    },
  ],
};
