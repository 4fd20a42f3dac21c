import * as ops from "../ops/index.ts";
import {
  blend,
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

  protected stateNames(): readonly string[] {
    return ["exp_avg", "exp_inf"];
  }

  protected numbers({ group, step }: Moment<AdamaxOptions>): StepNumbers {
    const { lr, betas, eps, weightDecay } = group;
    const [beta1, beta2] = betas;
    return { ...shares("beta1", beta1), beta2, eps, size: -lr / (1 - beta1 ** step), weightDecay };
  }

  protected next(now: Situation<AdamaxOptions>): Update {
    const { parameter } = now;
    const g = withDecay(now);
    const mean = blend(now, now.state("exp_avg"), g, "beta1");
    const largest = ops.maximum(
      ops.mul(now.state("exp_inf"), now.number("beta2")),
      ops.add(ops.abs(g), now.number("eps")),
    );
    return {
      parameter: ops.add(parameter, ops.div(ops.mul(mean, now.number("size")), largest)),
      state: { exp_avg: mean, exp_inf: largest },
    };
  }
}
