import * as ops from "../ops/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  blend,
  GraphOptimizer,
  type SharedOptions,
  type Situation,
  type Update,
  withDecay,
} from "./graph-optimizer.ts";
import { type ParamGroup, type ParamState, type ParamsLike, zeroState } from "./optimizer.ts";
import { checkBetas, checkOption } from "./option-checks.ts";

/** Options of {@link Adamax}. */
export interface AdamaxOptions extends SharedOptions {
  /** Shares of the average of gradients and of their largest magnitude that are kept; [0.9, 0.999] by default. */
  betas: readonly [number, number];
  /** Added to the magnitude of each gradient; 1e-8 by default. */
  eps: number;
}

/**
 * Adamax (Kingma and Ba, 2015): Adam with the infinity norm: u = max(betas[1] * u, |g| + eps),
 * p = p - lr * mean / u. Learning rate: 2e-3 by default.
 *
 * @example
 * const p = new nn.Parameter(tensor([1, -2]));
 * const adamax = new optim.Adamax([p], { lr: 0.1 });
 * p.square().sum().backward();
 * await adamax.step();
 * p; // [0.9, -1.9]
 */
export class Adamax extends GraphOptimizer<AdamaxOptions> {
  /** @throws ArgumentError for an empty list of parameters or options out of range. */
  constructor(params: ParamsLike<AdamaxOptions>, options: Partial<AdamaxOptions> = {}) {
    const defaults = { lr: 2e-3, betas: [0.9, 0.999] as const, eps: 1e-8 };
    super(params, { ...defaults, weightDecay: 0, maximize: false }, options);
  }

  protected override checkOptions(group: ParamGroup<AdamaxOptions>): void {
    super.checkOptions(group);
    checkOption(this, "eps", group.eps, 0);
    checkBetas(this, group.betas);
  }

  protected override initialState(parameter: Tensor): ParamState {
    return { step: 0, exp_avg: zeroState(parameter), exp_inf: zeroState(parameter) };
  }

  protected next(now: Situation<AdamaxOptions>): Update {
    const { group, parameter, step } = now;
    const [beta1, beta2] = group.betas;
    const g = withDecay(now);
    const mean = blend(now, now.state("exp_avg"), g, "beta1", beta1);
    const largest = ops.maximum(
      ops.mul(now.state("exp_inf"), now.number("beta2", beta2)),
      ops.add(ops.abs(g), now.number("eps", group.eps)),
    );
    const size = now.number("size", -group.lr / (1 - beta1 ** step));
    return {
      parameter: ops.add(parameter, ops.div(ops.mul(mean, size), largest)),
      state: { exp_avg: mean, exp_inf: largest },
    };
  }
}
