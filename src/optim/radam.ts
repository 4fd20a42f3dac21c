import * as ops from "../ops/index.ts";
import {
  blend,
  blendOfSquares,
  decayed,
  GraphOptimizer,
  keptShare,
  type Moment,
  type SharedOptions,
  type Situation,
  type StepNumbers,
  shares,
  type Update,
  withDecay,
} from "./graph-optimizer.ts";
import type { ParamGroup, ParamsLike } from "./optimizer.ts";
import { checkBetas, checkFlag, checkOption } from "./option-checks.ts";

/** Options of {@link RAdam}. */
export interface RAdamOptions extends SharedOptions {
  /** Shares of the averages of gradients and of their squares that are kept; [0.9, 0.999] by default. */
  betas: readonly [number, number];
  /** Added to the denominator; 1e-8 by default. */
  eps: number;
  /** Takes weight decay out of the gradient, as AdamW does; false by default. */
  decoupledWeightDecay: boolean;
}

/**
 * Rectified Adam (Liu et al., 2020): plain momentum for the first steps, while the average of squares says little, and
 * then Adam with steps that are shorter the less it can be trusted. Learning rate: 1e-3 by default.
 *
 * @example
 * const p = new nn.Parameter(tensor([1, -2]));
 * const radam = new optim.RAdam([p], { lr: 0.1 });
 * p.square().sum().backward();
 * await radam.step(); // a step along the gradient
 * p; // [0.8, -1.6]
 */
export class RAdam extends GraphOptimizer<RAdamOptions> {
  /** @throws ArgumentError for an empty list of parameters or options out of range. */
  constructor(params: ParamsLike<RAdamOptions>, options: Partial<RAdamOptions> = {}) {
    const defaults = { lr: 1e-3, betas: [0.9, 0.999] as const, eps: 1e-8 };
    super(params, { ...defaults, weightDecay: 0, decoupledWeightDecay: false, maximize: false }, options);
  }

  protected override checkOptions(group: ParamGroup<RAdamOptions>): void {
    super.checkOptions(group);
    checkOption(this, "eps", group.eps, 0);
    checkBetas(this, group.betas);
    checkFlag(this, "decoupledWeightDecay", group.decoupledWeightDecay);
  }

  protected stateNames(): readonly string[] {
    return ["exp_avg", "exp_avg_sq"];
  }

  protected numbers({ group, step }: Moment<RAdamOptions>): StepNumbers {
    const { lr, betas, eps, weightDecay } = group;
    const [beta1, beta2] = betas;
    const rectified = rectification(beta2, step);
    return {
      ...shares("beta1", beta1),
      ...shares("beta2", beta2),
      eps,
      // Both kinds of step as one: the denominator is 1 as long as there is no rectification.
      adapts: rectified === null ? 0 : 1,
      plain: rectified === null ? 1 : 0,
      size: (-lr / (1 - beta1 ** step)) * (rectified ?? 1),
      weightDecay,
      ...keptShare(group),
    };
  }

  protected next(now: Situation<RAdamOptions>): Update {
    const { group } = now;
    const from = group.decoupledWeightDecay ? decayed(now) : now.parameter;
    const g = group.decoupledWeightDecay ? now.gradient : withDecay(now);
    const mean = blend(now, now.state("exp_avg"), g, "beta1");
    const square = blendOfSquares(now, now.state("exp_avg_sq"), g, "beta2");
    const spread = ops.add(ops.sqrt(square), now.number("eps"));
    const denominator = ops.add(ops.mul(spread, now.number("adapts")), now.number("plain"));
    return {
      parameter: ops.add(from, ops.div(ops.mul(mean, now.number("size")), denominator)),
      state: { exp_avg: mean, exp_avg_sq: square },
    };
  }
}

/** Factor of Adam's step, correction of the squares included; null while their variance cannot be told. */
function rectification(beta2: number, step: number): number | null {
  const correction = 1 - beta2 ** step;
  const longest = 2 / (1 - beta2) - 1;
  const length = longest - (2 * step * beta2 ** step) / correction;
  if (length <= 5) return null;
  const variance = ((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length);
  return Math.sqrt(variance * correction);
}
