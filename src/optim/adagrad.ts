import { constant } from "../graph/build.ts";
import * as ops from "../ops/index.ts";
import { Tensor } from "../tensor/tensor.ts";
import {
  GraphOptimizer,
  type Moment,
  type SharedOptions,
  type Situation,
  type StepNumbers,
  type Update,
  withDecay,
} from "./graph-optimizer.ts";
import type { ParamGroup, ParamState, ParamsLike } from "./optimizer.ts";
import { checkOption } from "./option-checks.ts";

/** Options of {@link Adagrad}. */
export interface AdagradOptions extends SharedOptions {
  /** The learning rate of step t, counted from 0, is lr / (1 + t * lrDecay); 0 by default. */
  lrDecay: number;
  /** What the sums of squares start with; 0 by default. */
  initialAccumulatorValue: number;
  /** Added to the denominator; 1e-10 by default. */
  eps: number;
}

/**
 * Adagrad (Duchi et al., 2011): sum = sum + g ** 2, p = p - lr * g / (sqrt(sum) + eps). Steps only get shorter.
 * Learning rate: 1e-2 by default.
 *
 * @example
 * const p = new nn.Parameter(tensor([1, -2]));
 * const adagrad = new optim.Adagrad([p], { lr: 0.1 });
 * p.square().sum().backward();
 * await adagrad.step();
 * p; // [0.9, -1.9]
 */
export class Adagrad extends GraphOptimizer<AdagradOptions> {
  /** @throws ArgumentError for an empty list of parameters or options out of range. */
  constructor(params: ParamsLike<AdagradOptions>, options: Partial<AdagradOptions> = {}) {
    const defaults = { lr: 0.01, lrDecay: 0, initialAccumulatorValue: 0, eps: 1e-10 };
    super(params, { ...defaults, weightDecay: 0, maximize: false }, options);
  }

  protected override checkOptions(group: ParamGroup<AdagradOptions>): void {
    super.checkOptions(group);
    checkOption(this, "lrDecay", group.lrDecay, 0);
    checkOption(this, "initialAccumulatorValue", group.initialAccumulatorValue, 0);
    checkOption(this, "eps", group.eps, 0);
  }

  protected stateNames(): readonly string[] {
    return ["sum"];
  }

  protected override initialState(p: Tensor, group: ParamGroup<AdagradOptions>): ParamState {
    return { step: 0, sum: new Tensor(constant(group.initialAccumulatorValue, p.shape, p.dtype)) };
  }

  protected numbers({ group, step }: Moment<AdagradOptions>): StepNumbers {
    const { lr, lrDecay, eps, weightDecay } = group;
    return { size: -lr / (1 + (step - 1) * lrDecay), eps, weightDecay };
  }

  protected next(now: Situation<AdagradOptions>): Update {
    const { parameter } = now;
    const g = withDecay(now);
    const sum = ops.add(now.state("sum"), ops.mul(g, g));
    const denominator = ops.add(ops.sqrt(sum), now.number("eps"));
    const moved = ops.add(parameter, ops.div(ops.mul(g, now.number("size")), denominator));
    return { parameter: moved, state: { sum } };
  }
}
