import * as ops from "../ops/index.ts";
import {
  blendOfSquares,
  GraphOptimizer,
  type Moment,
  type SharedOptions,
  type Situation,
  type StepNumbers,
  shares,
  type Update,
  withDecay,
} from "./graph-optimizer.ts";
import type { ParamGroup, ParamsLike } from "./optimizer.ts";
import { checkOption } from "./option-checks.ts";

/** Options of {@link Adadelta}. */
export interface AdadeltaOptions extends SharedOptions {
  /** Share of both averages of squares that is kept; 0.9 by default. */
  rho: number;
  /** Added to the averages before their roots are taken; 1e-6 by default. It decides how long the first steps are. */
  eps: number;
}

/**
 * Adadelta (Zeiler, 2012): steps as long as the root mean square of the last ones, so that no learning rate has to be
 * chosen: d = g * sqrt(deltas + eps) / sqrt(square + eps), p = p - lr * d, with averages of the squares of g and of d.
 * Learning rate: 1 by default.
 *
 * @example
 * const p = new nn.Parameter(tensor([1, -2]));
 * const adadelta = new optim.Adadelta([p], { eps: 1e-2 });
 * p.square().sum().backward();
 * await adadelta.step();
 * p; // [0.6877, -1.6848]
 */
export class Adadelta extends GraphOptimizer<AdadeltaOptions> {
  /** @throws ArgumentError for an empty list of parameters or options out of range. */
  constructor(params: ParamsLike<AdadeltaOptions>, options: Partial<AdadeltaOptions> = {}) {
    super(params, { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false }, options);
  }

  protected override checkOptions(group: ParamGroup<AdadeltaOptions>): void {
    super.checkOptions(group);
    checkOption(this, "rho", group.rho, 0, 1);
    checkOption(this, "eps", group.eps, 0);
  }

  protected stateNames(): readonly string[] {
    return ["square_avg", "acc_delta"];
  }

  protected numbers({ group }: Moment<AdadeltaOptions>): StepNumbers {
    const { lr, rho, eps, weightDecay } = group;
    return { lr: -lr, eps, weightDecay, ...shares("rho", rho) };
  }

  protected next(now: Situation<AdadeltaOptions>): Update {
    const { parameter } = now;
    const g = withDecay(now);
    const eps = now.number("eps");
    const deltas = now.state("acc_delta");
    const square = blendOfSquares(now, now.state("square_avg"), g, "rho");
    const scale = ops.div(ops.sqrt(ops.add(deltas, eps)), ops.sqrt(ops.add(square, eps)));
    const delta = ops.mul(scale, g);
    return {
      parameter: ops.add(parameter, ops.mul(delta, now.number("lr"))),
      state: {
        square_avg: square,
        acc_delta: blendOfSquares(now, deltas, delta, "rho"),
      },
    };
  }
}
