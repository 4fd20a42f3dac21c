import * as ops from "../ops/index.ts";
import {
  GraphOptimizer,
  type Moment,
  mixed,
  type SharedOptions,
  type Situation,
  type StepNumbers,
  shares,
  type Update,
  withDecay,
} from "./graph-optimizer.ts";
import type { ParamGroup, ParamState, ParamsLike } from "./optimizer.ts";
import { checkOption } from "./option-checks.ts";

/** Options of {@link ASGD}. */
export interface ASGDOptions extends SharedOptions {
  /** How much of itself a parameter loses in a step of length 1, and how soon steps get shorter; 1e-4 by default. */
  lambd: number;
  /** Power with which steps get shorter; 0.75 by default. */
  alpha: number;
  /** Steps before averaging starts; 1e6 by default. */
  t0: number;
}

/**
 * Averaged stochastic gradient descent (Polyak and Juditsky, 1992): p = p * (1 - lambd * eta) - eta * g, where step t
 * leaves eta = lr / (1 + lambd * lr * t) ** alpha for the next one. The state `ax` is the parameter until step t0, and its
 * mean from then on. Learning rate: 1e-2 by default.
 *
 * @example
 * const p = new nn.Parameter(tensor([1, -2]));
 * const asgd = new optim.ASGD([p], { lr: 0.1, t0: 0 });
 * p.square().sum().backward();
 * await asgd.step();
 * p; // [0.79999, -1.59998]
 */
export class ASGD extends GraphOptimizer<ASGDOptions> {
  /** @throws ArgumentError for an empty list of parameters or options out of range. */
  constructor(params: ParamsLike<ASGDOptions>, options: Partial<ASGDOptions> = {}) {
    const defaults = { lr: 1e-2, lambd: 1e-4, alpha: 0.75, t0: 1e6 };
    super(params, { ...defaults, weightDecay: 0, maximize: false }, options);
  }

  protected override checkOptions(group: ParamGroup<ASGDOptions>): void {
    super.checkOptions(group);
    checkOption(this, "lambd", group.lambd, 0);
    checkOption(this, "alpha", group.alpha, 0);
    checkOption(this, "t0", group.t0, 0);
  }

  protected stateNames(): readonly string[] {
    return ["ax"];
  }

  protected override initialNumbers({ lr }: ParamGroup<ASGDOptions>): ParamState {
    return { step: 0, eta: lr, mu: 1 };
  }

  protected numbers({ group, step, state }: Moment<ASGDOptions>): StepNumbers {
    const { lr, lambd, alpha, t0, weightDecay } = group;
    // A scheduler may have changed the learning rate before the first step.
    const eta = step === 1 ? lr : Number(state.eta);
    const mu = Number(state.mu);
    state.eta = lr / (1 + lambd * lr * step) ** alpha;
    state.mu = 1 / Math.max(1, step - t0);
    return { kept: 1 - lambd * eta, size: -eta, weightDecay, ...shares("old", 1 - mu) };
  }

  protected next(now: Situation<ASGDOptions>): Update {
    const kept = ops.mul(now.parameter, now.number("kept"));
    const moved = ops.add(kept, ops.mul(withDecay(now), now.number("size")));
    return { parameter: moved, state: { ax: mixed(now, now.state("ax"), moved, "old") } };
  }
}
