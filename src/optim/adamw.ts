import { AdamBase, type AdamOptions } from "./adam.ts";
import { decayed, type Situation, type Update } from "./graph-optimizer.ts";
import type { ParamsLike } from "./optimizer.ts";

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019): p = p * (1 - lr * weightDecay) first, then Adam's
 * step. `weightDecay` is 0.01 by default; the other options are those of `Adam`.
 *
 * @example
 * const p = new nn.Parameter(tensor([1, -2]));
 * const adamW = new optim.AdamW([p], { lr: 0.1, weightDecay: 0.5 });
 * p.square().sum().backward();
 * await adamW.step();
 * p; // [0.85, -1.8]
 */
export class AdamW extends AdamBase {
  /** @throws ArgumentError for an empty list of parameters or options out of range. */
  constructor(params: ParamsLike<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, options, 0.01);
  }

  protected next(now: Situation<AdamOptions>): Update {
    return this.adaptive(now, decayed(now), now.gradient);
  }
}
