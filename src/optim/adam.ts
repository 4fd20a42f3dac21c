import type { Node } from "../graph/node.ts";
import * as ops from "../ops/index.ts";
import {
  blend,
  blendOfSquares,
  GraphOptimizer,
  type Moment,
  type SharedOptions,
  type Situation,
  type StepNumbers,
  type Update,
  withDecay,
} from "./graph-optimizer.ts";
import type { ParamGroup, ParamsLike } from "./optimizer.ts";
import { checkBetas, checkFlag, checkOption } from "./option-checks.ts";

/** Options of {@link Adam}. */
export interface AdamOptions extends SharedOptions {
  /** Shares of the averages of gradients and of their squares that are kept; [0.9, 0.999] by default. */
  betas: readonly [number, number];
  /** Added to the denominator; 1e-8 by default. */
  eps: number;
  /** Divides by the largest average so far (Reddi et al., 2018); false by default. */
  amsgrad: boolean;
}

/** What Adam and AdamW share. Learning rate: 1e-3 by default. */
export abstract class AdamBase extends GraphOptimizer<AdamOptions> {
  constructor(params: ParamsLike<AdamOptions>, options: Partial<AdamOptions>, weightDecay: number) {
    const defaults = { lr: 1e-3, betas: [0.9, 0.999] as const, eps: 1e-8, amsgrad: false, maximize: false };
    super(params, { ...defaults, weightDecay }, options);
  }

  protected override checkOptions(group: ParamGroup<AdamOptions>): void {
    super.checkOptions(group);
    checkOption(this, "eps", group.eps, 0);
    checkBetas(this, group.betas);
    checkFlag(this, "amsgrad", group.amsgrad);
  }

  protected stateNames({ amsgrad }: ParamGroup<AdamOptions>): readonly string[] {
    return ["exp_avg", "exp_avg_sq", ...(amsgrad ? ["max_exp_avg_sq"] : [])];
  }

  protected numbers({ group, step }: Moment<AdamOptions>): StepNumbers {
    const { lr, betas, eps, weightDecay } = group;
    const [beta1, beta2] = betas;
    // The roots of the squares are corrected by correcting what they are divided into and added to.
    const correction = Math.sqrt(1 - beta2 ** step);
    // Written out: an object spread into another takes V8 a microsecond.
    return {
      beta1,
      "1 - beta1": 1 - beta1,
      beta2,
      "1 - beta2": 1 - beta2,
      eps: eps * correction,
      size: (-lr * correction) / (1 - beta1 ** step),
      weightDecay,
      kept: 1 - lr * weightDecay,
    };
  }

  /** The step from a parameter value and gradient that weight decay has already been applied to. */
  protected adaptive(now: Situation<AdamOptions>, from: Node, g: Node): Update {
    const mean = blend(now, now.state("exp_avg"), g, "beta1");
    const square = blendOfSquares(now, now.state("exp_avg_sq"), g, "beta2");
    const next: Record<string, Node> = { exp_avg: mean, exp_avg_sq: square };
    let spread = square;
    if (now.group.amsgrad) {
      spread = ops.maximum(now.state("max_exp_avg_sq"), square);
      next.max_exp_avg_sq = spread;
    }
    const denominator = ops.add(ops.sqrt(spread), now.number("eps"));
    const step = ops.div(ops.mul(mean, now.number("size")), denominator);
    return { parameter: ops.add(from, step), state: next };
  }
}

/**
 * Adam (Kingma and Ba, 2015): averages of gradients and of their squares, both corrected for starting at zero, and
 * p = p - lr * mean / (sqrt(square) + eps).
 *
 * @example
 * const p = new nn.Parameter(tensor([1, -2]));
 * const adam = new optim.Adam([p], { lr: 0.1 });
 * p.square().sum().backward();
 * await adam.step(); // the first step is lr long in every direction
 * p; // [0.9, -1.9]
 */
export class Adam extends AdamBase {
  /** @throws ArgumentError for an empty list of parameters or options out of range. */
  constructor(params: ParamsLike<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, options, 0);
  }

  protected next(now: Situation<AdamOptions>): Update {
    return this.adaptive(now, now.parameter, withDecay(now));
  }
}
