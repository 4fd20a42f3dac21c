import { scalar } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import * as ops from "../ops/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { AdamBase, type AdamOptions } from "./adam.ts";
import type { ParamGroup, ParamState, ParamsLike, Scalars, Update } from "./optimizer.ts";

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019): p = p * (1 - lr * weightDecay) first, then Adam's
 * step. `weightDecay` is 0.01 by default; the other options are those of `Adam`.
 */
export class AdamW extends AdamBase {
  /** @throws ArgumentError for an empty list of parameters or options out of range. */
  constructor(params: ParamsLike<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, options, 0.01);
  }

  protected update(
    p: Tensor,
    g: Node,
    state: ParamState,
    group: ParamGroup<AdamOptions>,
    scalars: Scalars,
  ): Update {
    const kept = scalars.get(`kept ${p.dtype}`, () => scalar(1 - group.lr * group.weightDecay, p.dtype));
    return this.adaptive(ops.mul(p.node, kept), group.maximize ? ops.neg(g) : g, state, group, scalars);
  }
}
