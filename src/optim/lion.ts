import * as ops from "../ops/index.ts";
import {
  blend,
  decayed,
  GraphOptimizer,
  keptShare,
  type Moment,
  mixed,
  type SharedOptions,
  type Situation,
  type StepNumbers,
  shares,
  type Update,
} from "./graph-optimizer.ts";
import type { ParamGroup, ParamsLike } from "./optimizer.ts";
import { checkBetas } from "./option-checks.ts";

/** Options of {@link Lion}. */
export interface LionOptions extends SharedOptions {
  /** Shares of the average that are kept in the step, and in the average itself; [0.9, 0.99] by default. */
  betas: readonly [number, number];
}

/**
 * Lion (Chen et al., 2023): every step has the same length in every direction:
 * p = p * (1 - lr * weightDecay) - lr * sign(betas[0] * mean + (1 - betas[0]) * g), then
 * mean = betas[1] * mean + (1 - betas[1]) * g. Learning rate: 1e-4 by default; a third to a tenth of AdamW's suits it,
 * with a weight decay as many times larger.
 *
 * @example
 * const p = new nn.Parameter(tensor([1, -2]));
 * const lion = new optim.Lion([p], { lr: 0.1 });
 * p.square().sum().backward();
 * await lion.step();
 * p; // [0.9, -1.9]
 */
export class Lion extends GraphOptimizer<LionOptions> {
  /** @throws ArgumentError for an empty list of parameters or options out of range. */
  constructor(params: ParamsLike<LionOptions>, options: Partial<LionOptions> = {}) {
    const defaults = { lr: 1e-4, betas: [0.9, 0.99] as const, weightDecay: 0, maximize: false };
    super(params, defaults, options);
  }

  protected override checkOptions(group: ParamGroup<LionOptions>): void {
    super.checkOptions(group);
    checkBetas(this, group.betas);
  }

  protected stateNames(): readonly string[] {
    return ["exp_avg"];
  }

  protected numbers({ group }: Moment<LionOptions>): StepNumbers {
    const [beta1, beta2] = group.betas;
    return { lr: -group.lr, ...shares("beta1", beta1), ...shares("beta2", beta2), ...keptShare(group) };
  }

  protected next(now: Situation<LionOptions>): Update {
    const { gradient } = now;
    const mean = now.state("exp_avg");
    const direction = ops.sign(mixed(now, mean, gradient, "beta1"));
    return {
      parameter: ops.add(decayed(now), ops.mul(direction, now.number("lr"))),
      state: { exp_avg: blend(now, mean, gradient, "beta2") },
    };
  }
}
