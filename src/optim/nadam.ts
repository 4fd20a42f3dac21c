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
import type { ParamGroup, ParamState, ParamsLike } from "./optimizer.ts";
import { checkBetas, checkFlag, checkOption } from "./option-checks.ts";

/** Options of {@link NAdam}. */
export interface NAdamOptions extends SharedOptions {
  /** Shares of the averages of gradients and of their squares that are kept; [0.9, 0.999] by default. */
  betas: readonly [number, number];
  /** Added to the denominator; 1e-8 by default. */
  eps: number;
  /** How soon the momentum reaches betas[0] from half of it; 4e-3 by default. */
  momentumDecay: number;
  /** Takes weight decay out of the gradient, as AdamW does; false by default. */
  decoupledWeightDecay: boolean;
}

/**
 * NAdam (Dozat, 2016): Adam with Nesterov's momentum, which grows as mu_t = betas[0] * (1 - 0.96 ** (t * momentumDecay) / 2).
 * Learning rate: 2e-3 by default.
 *
 * @example
 * const p = new nn.Parameter(tensor([1, -2]));
 * const nadam = new optim.NAdam([p], { lr: 0.1 });
 * p.square().sum().backward();
 * await nadam.step();
 * p; // [0.8944, -1.8944]
 */
export class NAdam extends GraphOptimizer<NAdamOptions> {
  /** @throws ArgumentError for an empty list of parameters or options out of range. */
  constructor(params: ParamsLike<NAdamOptions>, options: Partial<NAdamOptions> = {}) {
    const defaults = { lr: 2e-3, betas: [0.9, 0.999] as const, eps: 1e-8, momentumDecay: 4e-3 };
    super(params, { ...defaults, weightDecay: 0, decoupledWeightDecay: false, maximize: false }, options);
  }

  protected override checkOptions(group: ParamGroup<NAdamOptions>): void {
    super.checkOptions(group);
    checkOption(this, "eps", group.eps, 0);
    checkBetas(this, group.betas);
    checkOption(this, "momentumDecay", group.momentumDecay, 0);
    checkFlag(this, "decoupledWeightDecay", group.decoupledWeightDecay);
  }

  protected stateNames(): readonly string[] {
    return ["exp_avg", "exp_avg_sq"];
  }

  protected override initialNumbers(): ParamState {
    return { step: 0, mu_product: 1 };
  }

  protected numbers({ group, step, state }: Moment<NAdamOptions>): StepNumbers {
    const { lr, betas, eps, momentumDecay, weightDecay } = group;
    const [beta1, beta2] = betas;
    const momentumAt = (t: number): number => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
    const [mu, muNext] = [momentumAt(step), momentumAt(step + 1)];
    const product = Number(state.mu_product ?? 1) * mu;
    state.mu_product = product;
    // The roots of the squares are corrected by correcting what they are divided into and added to.
    const correction = Math.sqrt(1 - beta2 ** step);
    return {
      ...shares("beta1", beta1),
      ...shares("beta2", beta2),
      eps: eps * correction,
      "along gradient": (-lr * correction * (1 - mu)) / (1 - product),
      "along mean": (-lr * correction * muNext) / (1 - product * muNext),
      weightDecay,
      ...keptShare(group),
    };
  }

  protected next(now: Situation<NAdamOptions>): Update {
    const { decoupledWeightDecay } = now.group;
    const from = decoupledWeightDecay ? decayed(now) : now.parameter;
    const g = decoupledWeightDecay ? now.gradient : withDecay(now);
    const mean = blend(now, now.state("exp_avg"), g, "beta1");
    const square = blendOfSquares(now, now.state("exp_avg_sq"), g, "beta2");
    const denominator = ops.add(ops.sqrt(square), now.number("eps"));
    const alongMean = ops.mul(mean, now.number("along mean"));
    const direction = ops.add(ops.mul(g, now.number("along gradient")), alongMean);
    return {
      parameter: ops.add(from, ops.div(direction, denominator)),
      state: { exp_avg: mean, exp_avg_sq: square },
    };
  }
}
