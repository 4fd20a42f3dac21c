/**
 * What the library's own optimizers share: an update is a graph over parameter, gradient and state, in PyTorch's order
 * of operations. Numbers that options and the count of steps decide are inputs of the program, and parameters that
 * have made the same number of steps share them.
 */
import { scalar } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import * as ops from "../ops/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CommonOptions, Optimizer, type ParamGroup, type ParamState, zeroState } from "./optimizer.ts";
import { checkFlag, checkOption } from "./option-checks.ts";

/** Options that all optimizers of the library have. */
export interface SharedOptions extends CommonOptions {
  /** Factor of the squared weights in the loss, times 2, unless the optimizer decouples it; 0 unless stated. */
  weightDecay: number;
  /** Goes up instead of down; false by default. */
  maximize: boolean;
}

/** One parameter in one step. */
export interface Situation<Options extends SharedOptions> {
  readonly parameter: Node;
  /** Where to go down: its sign is changed for `maximize`. */
  readonly gradient: Node;
  readonly group: ParamGroup<Options>;
  /** Number of this step of the parameter; counts from 1. */
  readonly step: number;
  /** Numbers of the state may be read and written. */
  readonly numbers: ParamState;
  /** A tensor of the state; zeros where there is none yet. */
  state(name: string): Node;
  /** A number as an input of the program. A name stands for one value in a step of a group. */
  number(name: string, value: number): Node;
}

/** New values of a parameter and of tensors of its state. */
export interface Update {
  readonly parameter: Node;
  readonly state?: Readonly<Record<string, Node>> | undefined;
}

export abstract class GraphOptimizer<Options extends SharedOptions> extends Optimizer<Options> {
  readonly #shared = new Map<ParamGroup<Options>, Map<string, Node>>();

  protected override checkOptions(group: ParamGroup<Options>): void {
    super.checkOptions(group);
    checkOption(this, "weightDecay", group.weightDecay, 0);
    checkFlag(this, "maximize", group.maximize);
  }

  /** New values after one step. */
  protected abstract next(now: Situation<Options>): Update;

  override step(): Promise<void> {
    this.#shared.clear();
    return super.step();
  }

  protected update(p: Tensor, gradient: Tensor, numbers: ParamState, group: ParamGroup<Options>): void {
    const step = Number(numbers.step ?? 0) + 1;
    if (numbers.step !== undefined) numbers.step = step;
    const shared = this.#shared.get(group) ?? new Map<string, Node>();
    this.#shared.set(group, shared);
    const state = (name: string): Tensor => {
      numbers[name] ??= zeroState(p);
      return numbers[name] as Tensor;
    };
    const { parameter, state: values } = this.next({
      parameter: p.node,
      gradient: group.maximize ? ops.neg(gradient.node) : gradient.node,
      group,
      step,
      numbers,
      state: (name) => state(name).node,
      number: (name, value) => {
        const key = `${name} ${step} ${p.dtype}`;
        const known = shared.get(key) ?? scalar(value, p.dtype);
        shared.set(key, known);
        return known;
      },
    });
    for (const [name, value] of Object.entries(values ?? {})) state(name).assignNode(value);
    p.assignNode(parameter);
  }
}

/** The gradient of the loss with weight decay in it: g + weightDecay * p. */
export function withDecay<Options extends SharedOptions>(now: Situation<Options>): Node {
  const { weightDecay } = now.group;
  if (weightDecay === 0) return now.gradient;
  return ops.add(now.gradient, ops.mul(now.parameter, now.number("weightDecay", weightDecay)));
}

/** The parameter after decoupled weight decay: p * (1 - lr * weightDecay) (Loshchilov and Hutter, 2019). */
export function decayed<Options extends SharedOptions>(now: Situation<Options>): Node {
  const { lr, weightDecay } = now.group;
  if (weightDecay === 0) return now.parameter;
  return ops.mul(now.parameter, now.number("kept", 1 - lr * weightDecay));
}

/** A moving average: share * average + (1 - share) * value. `name` is that of the share. */
export function blend<Options extends SharedOptions>(
  now: Situation<Options>,
  average: Node,
  value: Node,
  name: string,
  share: number,
): Node {
  const kept = ops.mul(average, now.number(name, share));
  return ops.add(kept, ops.mul(value, now.number(`1 - ${name}`, 1 - share)));
}
