/**
 * What the library's own optimizers share: an update is a graph over parameter, gradient and state, in PyTorch's order
 * of operations. It is the same graph at every step, so it is built once: all parameters whose numbers agree are updated
 * by one call of it. Numbers that options and the count of steps decide are inputs of the program.
 */
import { mapped } from "../base/mapped.ts";
import { constant, scalar } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { Composition } from "../graph/template.ts";
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

/** One step of one parameter, before anything is computed. */
export interface Moment<Options extends SharedOptions> {
  readonly group: ParamGroup<Options>;
  /** Number of this step of the parameter; counts from 1. */
  readonly step: number;
  /** State of the parameter, whose numbers may be read and written. */
  readonly state: ParamState;
}

/** Numbers of one step by name. */
export type StepNumbers = Readonly<Record<string, number>>;

/** One parameter in one step. */
export interface Situation<Options extends SharedOptions> {
  readonly parameter: Node;
  /** Where to go down: its sign is changed for `maximize`. */
  readonly gradient: Node;
  readonly group: ParamGroup<Options>;
  /** A tensor of the state. */
  state(name: string): Node;
  /** One of the step's numbers, as an input of the program. */
  number(name: string): Node;
}

/** New values of a parameter and of all tensors of its state. */
export interface Update {
  readonly parameter: Node;
  readonly state?: Readonly<Record<string, Node>> | undefined;
}

interface Member {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  readonly state: ParamState;
}

/** Parameters of a group that have the same numbers in this step. */
interface Batch {
  readonly numbers: StepNumbers;
  readonly members: Member[];
}

/** Knows whether its state was looked at. */
class WatchedMoment<Options extends SharedOptions> implements Moment<Options> {
  readonly group: ParamGroup<Options>;
  readonly step: number;
  looked = false;
  readonly #state: ParamState;

  constructor(group: ParamGroup<Options>, step: number, state: ParamState) {
    this.group = group;
    this.step = step;
    this.#state = state;
  }

  get state(): ParamState {
    this.looked = true;
    return this.#state;
  }
}

/** Updates of each class of optimizers. */
const compositions = new WeakMap<object, Composition>();

export abstract class GraphOptimizer<Options extends SharedOptions> extends Optimizer<Options> {
  protected override checkOptions(group: ParamGroup<Options>): void {
    super.checkOptions(group);
    checkOption(this, "weightDecay", group.weightDecay, 0);
    checkFlag(this, "maximize", group.maximize);
  }

  /** Names of the tensors that are remembered of a parameter. Options decide by whether they are 0, or by being set. */
  protected abstract stateNames(group: ParamGroup<Options>): readonly string[];

  /** Numbers that are remembered of a parameter, before its first step. */
  protected initialNumbers(_group: ParamGroup<Options>): ParamState {
    return { step: 0 };
  }

  /** The tensors are zeros before the first step. */
  protected override initialState(parameter: Tensor, group: ParamGroup<Options>): ParamState {
    const tensors = this.stateNames(group).map((name) => [name, zeroState(parameter)]);
    return { ...this.initialNumbers(group), ...Object.fromEntries(tensors) };
  }

  /** What this step's update is computed with; always the same names. */
  protected abstract numbers(moment: Moment<Options>): StepNumbers;

  /**
   * New values after one step, as a graph that holds for every step: its form depends on nothing but which options are 0,
   * or set.
   */
  protected abstract next(now: Situation<Options>): Update;

  protected update(parameter: Tensor, gradient: Tensor, state: ParamState, group: ParamGroup<Options>): void {
    this.#updateMembers([{ parameter, gradient, state }], group);
  }

  protected override updateAll(params: readonly Tensor[], group: ParamGroup<Options>): void {
    // Who derives a class from one of these and overrides `update` wants to see every parameter.
    if (this.update !== GraphOptimizer.prototype.update) {
      super.updateAll(params, group);
      return;
    }
    const members = mapped(params, (parameter): Member => {
      const state = this.state.get(parameter) as ParamState;
      return { parameter, gradient: parameter.grad as Tensor, state };
    });
    this.#updateMembers(members, group);
  }

  #updateMembers(members: readonly Member[], group: ParamGroup<Options>): void {
    const names = this.stateNames(group);
    for (const batch of this.#batches(members, group, names)) this.#updateBatch(batch, group, names);
  }

  #batches(all: readonly Member[], group: ParamGroup<Options>, names: readonly string[]): Batch[] {
    const batches: Batch[] = [];
    // Numbers that were made without a look at the state are those of every parameter at this step.
    const shared = new Map<number, StepNumbers>();
    for (const member of all) {
      const { parameter, state } = member;
      const step = Number(state.step ?? 0) + 1;
      if (state.step !== undefined) state.step = step;
      const moment = new WatchedMoment(group, step, state);
      const numbers = shared.get(step) ?? this.numbers(moment);
      if (!moment.looked) shared.set(step, numbers);
      for (const name of names) state[name] ??= zeroState(parameter);
      const { dtype } = parameter;
      const fits = (b: Batch): boolean =>
        b.members[0]?.parameter.dtype === dtype && sameNumbers(b.numbers, numbers);
      const batch = batches.find(fits) ?? { numbers, members: [] };
      if (batch.members.length === 0) batches.push(batch);
      batch.members.push(member);
    }
    return batches;
  }

  #updateBatch({ numbers, members }: Batch, group: ParamGroup<Options>, names: readonly string[]): void {
    const { dtype } = (members[0] as Member).parameter;
    const numberNames = Object.keys(numbers);
    const operands = mapped(numberNames, (name) => scalar(numbers[name] as number, dtype));
    for (const { parameter, gradient, state } of members) {
      operands.push(parameter.node, gradient.node);
      for (const name of names) operands.push((state[name] as Tensor).node);
    }
    const composition = compositions.get(this.constructor) ?? new Composition(this.constructor.name);
    compositions.set(this.constructor, composition);
    const form = [structureOf(group), numberNames, names];
    const results = composition.call(operands, form, (placeholders) =>
      this.#graph(placeholders, group, numberNames, names),
    );
    let at = 0;
    for (const { parameter, state } of members) {
      parameter.assignNode(results[at++] as Node);
      for (const name of names) (state[name] as Tensor).assignNode(results[at++] as Node);
    }
  }

  /** The update of parameters: for each its new value and that of its state, in the order of the operands. */
  #graph(
    operands: readonly Node[],
    group: ParamGroup<Options>,
    numberNames: readonly string[],
    names: readonly string[],
  ): Node[] {
    const results: Node[] = [];
    for (let at = numberNames.length; at < operands.length; at += 2 + names.length) {
      const [parameter, gradient] = operands.slice(at, at + 2) as [Node, Node];
      const named = (list: readonly string[], from: number, name: string): Node => {
        const i = list.indexOf(name);
        if (i < 0) throw new Error(`${this.constructor.name}: ${name} is not among ${list.join(", ")}`);
        return operands[from + i] as Node;
      };
      const next = this.next({
        parameter,
        gradient: group.maximize ? ops.neg(gradient) : gradient,
        group,
        state: (name) => named(names, at + 2, name),
        number: (name) => named(numberNames, 0, name),
      });
      results.push(next.parameter, ...names.map((name) => next.state?.[name] as Node));
    }
    return results;
  }
}

function sameNumbers(a: StepNumbers, b: StepNumbers): boolean {
  if (a === b) return true;
  for (const name in a) if (!Object.is(a[name], b[name])) return false;
  return true;
}

/** What of a group's options may decide the form of an update: numbers by their sign, so that other values share it. */
function structureOf(group: object): unknown[] {
  const form: unknown[] = [];
  const put = (item: unknown): void => {
    form.push(typeof item === "number" ? Math.sign(item) : item);
  };
  for (const name in group) {
    if (name === "params" || name === "initialLr") continue;
    const value: unknown = group[name as keyof typeof group];
    if (Array.isArray(value)) value.forEach(put);
    else put(value);
  }
  return form;
}

/** The gradient of the loss with weight decay in it: g + weightDecay * p. Uses the number `weightDecay`. */
export function withDecay<Options extends SharedOptions>(now: Situation<Options>): Node {
  if (now.group.weightDecay === 0) return now.gradient;
  return ops.add(now.gradient, ops.mul(now.parameter, now.number("weightDecay")));
}

/** The number that `decayed` uses. */
export function keptShare({ lr, weightDecay }: SharedOptions): StepNumbers {
  return { kept: 1 - lr * weightDecay };
}

/** The parameter after decoupled weight decay: p * (1 - lr * weightDecay) (Loshchilov and Hutter, 2019). */
export function decayed<Options extends SharedOptions>(now: Situation<Options>): Node {
  return now.group.weightDecay === 0 ? now.parameter : ops.mul(now.parameter, now.number("kept"));
}

/** What `shares` gave last under each name: it is asked for the same at every step. */
const sharesBefore = new Map<string, { readonly share: number; readonly numbers: StepNumbers }>();

/** The numbers that `blend` uses under this name. */
export function shares(name: string, share: number): StepNumbers {
  const before = sharesBefore.get(name);
  if (before?.share === share) return before.numbers;
  const numbers = { [name]: share, [`1 - ${name}`]: 1 - share };
  sharesBefore.set(name, { share, numbers });
  return numbers;
}

/** share * average + (1 - share) * value. `name` is that of the share; see `shares`. */
export function mixed<Options extends SharedOptions>(
  now: Situation<Options>,
  average: Node,
  value: Node,
  name: string,
): Node {
  return ops.add(ops.mul(average, now.number(name)), ops.mul(value, now.number(`1 - ${name}`)));
}

/** A moving average: as `mixed`, and then `settled`. */
export function blend<Options extends SharedOptions>(
  now: Situation<Options>,
  average: Node,
  value: Node,
  name: string,
): Node {
  return settled(mixed(now, average, value, name));
}

/** As `blend`, of squares. */
export function blendOfSquares<Options extends SharedOptions>(
  now: Situation<Options>,
  average: Node,
  value: Node,
  name: string,
): Node {
  return settled(mixed(now, average, ops.mul(value, value), name), 2 ** -120);
}

/**
 * A decaying value, or 0 once it is small for float32. Without, what is kept of the gradients of a dead ReLU stays at the smallest
 * denormal numbers for ever, as 0.9 of them is rounded back, and processors take many times as long with those: a step of
 * an MLP took twice its time. The smallest normal number is 2^-126; here its product with a learning rate is one, too.
 */
export function settled(value: Node, small: number = 2 ** -100): Node {
  if (value.dtype !== "float32") return value;
  const of = (x: number): Node => constant(x, value.shape, value.dtype);
  return ops.where(ops.lt(ops.abs(value), of(small)), of(0), value);
}
