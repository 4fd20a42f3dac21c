import { constant } from "../graph/build.ts";
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
  settled,
  shares,
  type Update,
  withDecay,
} from "./graph-optimizer.ts";
import type { ParamGroup, ParamsLike } from "./optimizer.ts";
import { checkFlag, checkOption } from "./option-checks.ts";

/** Options of {@link RMSprop}. */
export interface RMSpropOptions extends SharedOptions {
  /** Share of the average of squared gradients that is kept; 0.99 by default. */
  alpha: number;
  /** Added to the denominator; 1e-8 by default. */
  eps: number;
  /** Share of the last direction that is kept; 0 by default. */
  momentum: number;
  /** Divides by the standard deviation of the gradients instead of their root mean square; false by default. */
  centered: boolean;
}

/**
 * RMSprop (Tieleman and Hinton, 2012; centered: Graves, 2013): square = alpha * square + (1 - alpha) * g ** 2, and
 * p = p - lr * g / (sqrt(square) + eps). Learning rate: 1e-2 by default.
 *
 * @example
 * const p = new nn.Parameter(tensor([1, -2]));
 * const rmsprop = new optim.RMSprop([p], { lr: 0.01 });
 * p.square().sum().backward();
 * await rmsprop.step();
 * p; // [0.9, -1.9]
 */
export class RMSprop extends GraphOptimizer<RMSpropOptions> {
  /** @throws ArgumentError for an empty list of parameters or options out of range. */
  constructor(params: ParamsLike<RMSpropOptions>, options: Partial<RMSpropOptions> = {}) {
    const defaults = { lr: 0.01, alpha: 0.99, eps: 1e-8, momentum: 0, centered: false };
    super(params, { ...defaults, weightDecay: 0, maximize: false }, options);
  }

  protected override checkOptions(group: ParamGroup<RMSpropOptions>): void {
    super.checkOptions(group);
    checkOption(this, "alpha", group.alpha, 0, 1);
    checkOption(this, "eps", group.eps, 0);
    checkOption(this, "momentum", group.momentum, 0);
    checkFlag(this, "centered", group.centered);
  }

  protected stateNames({ momentum, centered }: ParamGroup<RMSpropOptions>): readonly string[] {
    return ["square_avg", ...(momentum > 0 ? ["momentum_buffer"] : []), ...(centered ? ["grad_avg"] : [])];
  }

  protected numbers({ group }: Moment<RMSpropOptions>): StepNumbers {
    const { lr, alpha, eps, momentum, weightDecay } = group;
    return { lr: -lr, eps, momentum, weightDecay, ...shares("alpha", alpha) };
  }

  protected next(now: Situation<RMSpropOptions>): Update {
    const { group, parameter } = now;
    const g = withDecay(now);
    const square = blendOfSquares(now, now.state("square_avg"), g, "alpha");
    const next: Record<string, Node> = { square_avg: square };
    let spread = square;
    if (group.centered) {
      const mean = blend(now, now.state("grad_avg"), g, "alpha");
      next.grad_avg = mean;
      // Where the gradient hardly changes, rounding can take the variance below 0, whose root is NaN.
      spread = ops.maximum(ops.sub(square, ops.mul(mean, mean)), constant(0, [], square.dtype));
    }
    let direction = ops.div(g, ops.add(ops.sqrt(spread), now.number("eps")));
    if (group.momentum > 0) {
      const kept = ops.mul(now.state("momentum_buffer"), now.number("momentum"));
      direction = settled(ops.add(kept, direction));
      next.momentum_buffer = direction;
    }
    return { parameter: ops.add(parameter, ops.mul(direction, now.number("lr"))), state: next };
  }
}
