import { ArgumentError } from "../base/errors.ts";
import type { Node } from "../graph/node.ts";
import * as ops from "../ops/index.ts";
import {
  GraphOptimizer,
  type Moment,
  type SharedOptions,
  type Situation,
  type StepNumbers,
  settled,
  type Update,
  withDecay,
} from "./graph-optimizer.ts";
import type { CommonOptions, ParamGroup, ParamState, ParamsLike } from "./optimizer.ts";
import { checkFlag, checkOption } from "./option-checks.ts";

/** Options of {@link SGD}. */
export interface SGDOptions extends SharedOptions {
  /** Share of the last direction that is kept; 0 by default. */
  momentum: number;
  /** Share of the gradient that is left out of the direction; 0 by default. */
  dampening: number;
  /** Nesterov's momentum; false by default. */
  nesterov: boolean;
}

/**
 * Stochastic gradient descent with momentum (Polyak, 1964; Nesterov's form as in Sutskever et al., 2013):
 * v = momentum * v + (1 - dampening) * (g + weightDecay * p), p = p - lr * v. The first v is the gradient itself; with
 * `nesterov` the step is g + momentum * v.
 *
 * @example
 * const p = new nn.Parameter(tensor([1, 2]));
 * const sgd = new optim.SGD([p], { lr: 0.1, momentum: 0.9 });
 * p.square().sum().backward();
 * await sgd.step();
 * p; // [0.8, 1.6]
 */
export class SGD extends GraphOptimizer<SGDOptions> {
  /**
   * @param options `lr` is required
   * @throws ArgumentError for options out of range, or `nesterov` without momentum or with dampening.
   */
  constructor(params: ParamsLike<SGDOptions>, options: Partial<SGDOptions> & CommonOptions) {
    const defaults = { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false };
    super(params, defaults, options);
  }

  protected override checkOptions(group: ParamGroup<SGDOptions>): void {
    super.checkOptions(group);
    checkOption(this, "momentum", group.momentum, 0);
    checkOption(this, "dampening", group.dampening, 0);
    checkFlag(this, "nesterov", group.nesterov);
    if (group.nesterov && (group.momentum <= 0 || group.dampening !== 0)) {
      throw new ArgumentError(
        `SGD: nesterov needs a momentum above 0 and dampening 0; got ${group.momentum} and ${group.dampening}`,
        { momentum: group.momentum, dampening: group.dampening },
      );
    }
  }

  protected stateNames({ momentum }: ParamGroup<SGDOptions>): readonly string[] {
    return momentum === 0 ? [] : ["momentum_buffer"];
  }

  protected override initialNumbers({ momentum }: ParamGroup<SGDOptions>): ParamState {
    return momentum === 0 ? {} : { step: 0 };
  }

  protected numbers({ group, state }: Moment<SGDOptions>): StepNumbers {
    const { lr, momentum, dampening, weightDecay } = group;
    if (momentum === 0) return { lr: -lr, weightDecay };
    // No buffer: the momentum was 0 until now. A buffer without a count comes from PyTorch, after its first step.
    const first = state.momentum_buffer === undefined || state.step === 1;
    state.step ??= first ? 1 : 2;
    // Zeros plus the whole gradient: the first direction, without a program of its own.
    return { lr: -lr, weightDecay, momentum, share: first ? 1 : 1 - dampening };
  }

  protected next(now: Situation<SGDOptions>): Update {
    const { group, parameter } = now;
    const direction = withDecay(now);
    const moved = (d: Node): Node => ops.add(parameter, ops.mul(d, now.number("lr")));
    if (group.momentum === 0) return { parameter: moved(direction) };
    const [momentum, share] = [now.number("momentum"), now.number("share")];
    const sum = ops.add(ops.mul(now.state("momentum_buffer"), momentum), ops.mul(direction, share));
    const buffer = settled(sum);
    const next = group.nesterov ? ops.add(direction, ops.mul(buffer, momentum)) : buffer;
    return { parameter: moved(next), state: { momentum_buffer: buffer } };
  }
}
