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

export interface AdamOptions extends CommonOptions {
  /** Learning rate; 1e-3 by default. */
  lr: number;
  /** Shares of the averages of gradients and of their squares that are kept; [0.9, 0.999] by default. */
  betas: readonly [number, number];
  /** Added to the denominator; 1e-8 by default. */
  eps: number;
  /** Factor of the squared weights in the loss, times 2; 0 by default. */
  weightDecay: number;
  /** Divides by the largest average so far (Reddi et al., 2018); false by default. */
  amsgrad: boolean;
  /** Goes up instead of down; false by default. */
  maximize: boolean;
}

/** What Adam and those built on it share. */
export abstract class AdamBase extends Optimizer<AdamOptions> {
  constructor(params: ParamsLike<AdamOptions>, options: Partial<AdamOptions>, weightDecay: number) {
    const defaults = { lr: 1e-3, betas: [0.9, 0.999] as const, eps: 1e-8, amsgrad: false, maximize: false };
    super(params, { ...defaults, weightDecay }, options);
  }

  protected override checkOptions(group: ParamGroup<AdamOptions>): void {
    super.checkOptions(group);
    checkOption(this, "eps", group.eps, 0);
    checkOption(this, "weightDecay", group.weightDecay, 0);
    checkOption(this, "betas[0]", group.betas[0], 0, 1);
    checkOption(this, "betas[1]", group.betas[1], 0, 1);
  }

  protected initialState(parameter: Tensor, group: ParamGroup<AdamOptions>): ParamState {
    return {
      step: 0,
      exp_avg: zeroState(parameter),
      exp_avg_sq: zeroState(parameter),
      ...(group.amsgrad ? { max_exp_avg_sq: zeroState(parameter) } : {}),
    };
  }

  /** The step from a parameter value and gradient that weight decay has already been applied to. */
  protected adaptive(
    from: Node,
    g: Node,
    state: ParamState,
    group: ParamGroup<AdamOptions>,
    scalars: Scalars,
  ): Update {
    const { dtype } = from;
    const step = (state.step as number) + 1;
    state.step = step;
    // Parameters that have made the same number of steps share the numbers that depend on it.
    const input = (name: string, value: () => number): Node =>
      scalars.get(`${name} ${step} ${dtype}`, () => scalar(value(), dtype));
    const [beta1, beta2] = group.betas;
    const blend = (average: Node, beta: number, name: string, value: (rest: Node) => Node): Node =>
      ops.add(
        ops.mul(
          average,
          input(name, () => beta),
        ),
        value(input(`1 - ${name}`, () => 1 - beta)),
      );
    const mean = blend((state.exp_avg as Tensor).node, beta1, "beta1", (rest) => ops.mul(g, rest));
    const square = blend((state.exp_avg_sq as Tensor).node, beta2, "beta2", (rest) =>
      ops.mul(ops.mul(g, rest), g),
    );
    const next: Record<string, Node> = { exp_avg: mean, exp_avg_sq: square };
    let spread = square;
    if (group.amsgrad) {
      spread = ops.maximum((state.max_exp_avg_sq as Tensor).node, square);
      next.max_exp_avg_sq = spread;
    }
    const correction = input("correction", () => Math.sqrt(1 - beta2 ** step));
    const denominator = ops.add(
      ops.div(ops.sqrt(spread), correction),
      input("eps", () => group.eps),
    );
    const size = input("size", () => -group.lr / (1 - beta1 ** step));
    return { parameter: ops.add(from, ops.div(ops.mul(mean, size), denominator)), state: next };
  }
}

/**
 * Adam (Kingma and Ba, 2015): averages of gradients and of their squares, both corrected for starting at zero, and
 * p = p - lr * mean / (sqrt(square) + eps).
 *
 * @example
 * const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3, weightDecay: 1e-4 });
 */
export class Adam extends AdamBase {
  /** @throws ArgumentError for an empty list of parameters or options out of range. */
  constructor(params: ParamsLike<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, options, 0);
  }

  protected update(
    p: Tensor,
    g: Node,
    state: ParamState,
    group: ParamGroup<AdamOptions>,
    scalars: Scalars,
  ): Update {
    const along = group.maximize ? ops.neg(g) : g;
    if (group.weightDecay === 0) return this.adaptive(p.node, along, state, group, scalars);
    const decay = scalars.get(`weightDecay ${p.dtype}`, () => scalar(group.weightDecay, p.dtype));
    return this.adaptive(p.node, ops.add(along, ops.mul(p.node, decay)), state, group, scalars);
  }
}
