import { ArgumentError } from "../base/errors.ts";
import { scalar } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import * as ops from "../ops/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  type CommonOptions,
  checkOption,
  Optimizer,
  type ParamGroup,
  type ParamState,
  type ParamsLike,
  type Scalars,
  type Update,
  zeroState,
} from "./optimizer.ts";

export interface SGDOptions extends CommonOptions {
  /** Share of the last direction that is kept; 0 by default. */
  momentum: number;
  /** Share of the gradient that is left out of the direction; 0 by default. */
  dampening: number;
  /** Factor of the squared weights in the loss, times 2; 0 by default. */
  weightDecay: number;
  /** Nesterov's momentum; false by default. */
  nesterov: boolean;
  /** Goes up instead of down; false by default. */
  maximize: boolean;
}

/**
 * Stochastic gradient descent with momentum (Sutskever et al., 2013):
 * v = momentum * v + (1 - dampening) * (g + weightDecay * p), p = p - lr * v. The first v is the gradient itself.
 *
 * @example
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 */
export class SGD extends Optimizer<SGDOptions> {
  /** @throws ArgumentError for options out of range, or `nesterov` without momentum or with dampening. */
  constructor(params: ParamsLike<SGDOptions>, options: Partial<SGDOptions> & CommonOptions) {
    const defaults = { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false };
    super(params, defaults, options);
  }

  protected override checkOptions(group: ParamGroup<SGDOptions>): void {
    super.checkOptions(group);
    checkOption(this, "momentum", group.momentum, 0);
    checkOption(this, "weightDecay", group.weightDecay, 0);
    if (group.nesterov && (group.momentum <= 0 || group.dampening !== 0)) {
      throw new ArgumentError(
        `SGD: nesterov needs a momentum above 0 and dampening 0; got ${group.momentum} and ${group.dampening}`,
        { momentum: group.momentum, dampening: group.dampening },
      );
    }
  }

  protected initialState(parameter: Tensor, group: ParamGroup<SGDOptions>): ParamState {
    return group.momentum === 0 ? {} : { momentum_buffer: zeroState(parameter), step: 0 };
  }

  protected update(
    p: Tensor,
    g: Node,
    state: ParamState,
    group: ParamGroup<SGDOptions>,
    scalars: Scalars,
  ): Update {
    const input = (name: string, value: number): Node =>
      scalars.get(`${name} ${p.dtype}`, () => scalar(value, p.dtype));
    let direction = group.maximize ? ops.neg(g) : g;
    if (group.weightDecay !== 0) {
      direction = ops.add(direction, ops.mul(p.node, input("weightDecay", group.weightDecay)));
    }
    const by = input("lr", -group.lr);
    const moved = (d: Node): Node => ops.add(p.node, ops.mul(d, by));
    if (group.momentum === 0) return { parameter: moved(direction) };
    // A momentum that was 0 when the parameter was added.
    state.momentum_buffer ??= zeroState(p);
    const step = (state.step as number | undefined) ?? 0;
    state.step = step + 1;
    const momentum = input("momentum", group.momentum);
    // Zeros plus the whole gradient: the first direction, without a program of its own.
    const share = input(step === 0 ? "first" : "share", step === 0 ? 1 : 1 - group.dampening);
    const before = ops.mul((state.momentum_buffer as Tensor).node, momentum);
    const buffer = ops.add(before, ops.mul(direction, share));
    const next = group.nesterov ? ops.add(direction, ops.mul(buffer, momentum)) : buffer;
    return { parameter: moved(next), state: { momentum_buffer: buffer } };
  }
}
