import { constant } from "../graph/build.ts";
import * as ops from "../ops/index.ts";
import {
  GraphOptimizer,
  type Moment,
  type SharedOptions,
  type Situation,
  type StepNumbers,
  type Update,
  withDecay,
} from "./graph-optimizer.ts";
import type { ParamGroup, ParamsLike } from "./optimizer.ts";
import { checkPair } from "./option-checks.ts";

/** Options of {@link Rprop}. */
export interface RpropOptions extends SharedOptions {
  /** Factors of a step size after a change of sign, from 0 to 1, and without one, above 1; [0.5, 1.2] by default. */
  etas: readonly [number, number];
  /** The smallest and the largest step size; [1e-6, 50] by default. */
  stepSizes: readonly [number, number];
}

/**
 * Resilient backpropagation (Riedmiller and Braun, 1993): every element has a step size of its own, which grows by etas[1]
 * while the sign of its gradient stays and shrinks by etas[0] when it changes; that gradient then counts as 0. Only signs
 * count, so it is for whole data sets, not for batches. The learning rate, 1e-2 by default, is the first step size.
 * `weightDecay`, which PyTorch's has not, belongs to the gradient.
 *
 * @example
 * const p = new nn.Parameter(tensor([1, -2]));
 * const rprop = new optim.Rprop([p], { lr: 0.1 });
 * p.square().sum().backward();
 * await rprop.step();
 * p; // [0.9, -1.9]
 */
export class Rprop extends GraphOptimizer<RpropOptions> {
  /** @throws ArgumentError for an empty list of parameters or options out of range. */
  constructor(params: ParamsLike<RpropOptions>, options: Partial<RpropOptions> = {}) {
    const defaults = { lr: 1e-2, etas: [0.5, 1.2] as const, stepSizes: [1e-6, 50] as const };
    super(params, { ...defaults, weightDecay: 0, maximize: false }, options);
  }

  protected override checkOptions(group: ParamGroup<RpropOptions>): void {
    super.checkOptions(group);
    const shrinksAndGrows = (low: number, high: number): boolean => 0 < low && low < 1 && 1 < high;
    checkPair(this, "etas", group.etas, "a number between 0 and 1 and one above 1", shrinksAndGrows);
    const inOrder = (low: number, high: number): boolean => 0 <= low && low <= high;
    checkPair(this, "stepSizes", group.stepSizes, "two numbers of 0 or more, the smaller one first", inOrder);
  }

  protected stateNames(): readonly string[] {
    return ["prev", "step_size"];
  }

  protected numbers({ group, step }: Moment<RpropOptions>): StepNumbers {
    const [shrink, grow] = group.etas;
    const [least, most] = group.stepSizes;
    // Zeros plus the learning rate: the first step size, without a program of its own.
    const first = step === 1 ? group.lr : 0;
    return { shrink, grow, first, least, most, weightDecay: group.weightDecay };
  }

  protected next(now: Situation<RpropOptions>): Update {
    const { parameter } = now;
    const g = withDecay(now);
    const zero = constant(0, g.shape, g.dtype);
    const agreement = ops.mul(g, now.state("prev"));
    const turned = ops.lt(agreement, zero);
    const factor = ops.where(
      turned,
      now.number("shrink"),
      ops.where(ops.gt(agreement, zero), now.number("grow"), constant(1, [], g.dtype)),
    );
    const last = ops.add(now.state("step_size"), now.number("first"));
    const size = ops.clamp(ops.mul(last, factor), now.number("least"), now.number("most"));
    const direction = ops.where(turned, zero, g);
    return {
      parameter: ops.sub(parameter, ops.mul(ops.sign(direction), size)),
      state: { prev: direction, step_size: size },
    };
  }
}
