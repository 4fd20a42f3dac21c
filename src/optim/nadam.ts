import * as ops from "../ops/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  blend,
  decayed,
  GraphOptimizer,
  type SharedOptions,
  type Situation,
  type Update,
  withDecay,
} from "./graph-optimizer.ts";
import { type ParamGroup, type ParamState, type ParamsLike, zeroState } from "./optimizer.ts";
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

  protected override initialState(parameter: Tensor): ParamState {
    return {
      step: 0,
      mu_product: 1,
      exp_avg: zeroState(parameter),
      exp_avg_sq: zeroState(parameter),
    };
  }

  protected next(now: Situation<NAdamOptions>): Update {
    const { group, step, numbers } = now;
    const { lr, decoupledWeightDecay } = group;
    const [beta1, beta2] = group.betas;
    const from = decoupledWeightDecay ? decayed(now) : now.parameter;
    const g = decoupledWeightDecay ? now.gradient : withDecay(now);
    const momentumAt = (t: number): number => beta1 * (1 - 0.5 * 0.96 ** (t * group.momentumDecay));
    const [mu, muNext] = [momentumAt(step), momentumAt(step + 1)];
    const product = Number(numbers.mu_product ?? 1) * mu;
    numbers.mu_product = product;
    const mean = blend(now, now.state("exp_avg"), g, "beta1", beta1);
    const square = blend(now, now.state("exp_avg_sq"), ops.mul(g, g), "beta2", beta2);
    const root = ops.sqrt(ops.div(square, now.number("correction", 1 - beta2 ** step)));
    const denominator = ops.add(root, now.number("eps", group.eps));
    const alongGradient = now.number("along gradient", (-lr * (1 - mu)) / (1 - product));
    const alongMean = now.number("along mean", (-lr * muNext) / (1 - product * muNext));
    const direction = ops.add(ops.mul(g, alongGradient), ops.mul(mean, alongMean));
    return {
      parameter: ops.add(from, ops.div(direction, denominator)),
      state: { exp_avg: mean, exp_avg_sq: square },
    };
  }
}
