/**
 * The base of all optimizers: groups of parameters with options of their own, state for each parameter, and a step
 * that updates all of them in one program together with whatever is pending: forward, loss and backward.
 */
import { ArgumentError, StateDictError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import { formatShape, sameShape } from "../base/shape.ts";
import { currentEngine } from "../engine/default.ts";
import { constant } from "../graph/build.ts";
import { withGradMode } from "../graph/node.ts";
import { HookList } from "../nn/hooks.ts";
import { type RemovableHandle, Tensor } from "../tensor/tensor.ts";
import { checkNames, checkOption } from "./option-checks.ts";

/** Options that every optimizer has. */
export interface CommonOptions {
  /** Learning rate. */
  lr: number;
}

/** Sees an optimizer before or after one of its steps. */
export type StepHook = (optimizer: object) => void;

/** Parameters with the options that hold for them. Options are read at every step and may be changed between. */
export type ParamGroup<Options extends CommonOptions> = Options & {
  params: Tensor[];
  /** The learning rate that schedulers start from; set by the first scheduler. */
  initialLr?: number;
};

/** Parameters, or groups of them with options that differ from the optimizer's. */
export type ParamsLike<Options extends CommonOptions> =
  | Iterable<Tensor>
  | readonly (Partial<Options> & { readonly params: Iterable<Tensor> })[];

/** What an optimizer remembers of one parameter: tensors and numbers under PyTorch's names. */
export type ParamState = Record<string, Tensor | number>;

/** A group in a state dict: its options, and the numbers of its parameters. */
export interface GroupState {
  readonly params: readonly number[];
  readonly [option: string]: unknown;
}

/** All an optimizer remembers, with parameters by their number in the order of groups. */
export interface OptimizerState {
  readonly state: Readonly<Record<number, ParamState>>;
  readonly paramGroups: readonly GroupState[];
}

/**
 * Base class of all optimizers, and of those that you write: define `update`, which changes one parameter in place, and
 * `initialState` if it needs to remember something. Each step runs as one program with the forward and backward pass.
 * Numbers from `group` are inputs of that program: a learning rate that changes compiles nothing.
 *
 * Options are checked by name. Tensors in `initialState` live in device memory and belong to the state dict. It is
 * called by the constructor, before fields of the derived class exist, so it uses none.
 *
 * @example
 * class SignMomentum extends optim.Optimizer<{ lr: number; momentum: number }> {
 *   constructor(params: Iterable<Tensor>, options: { lr: number; momentum?: number }) {
 *     super(params, { momentum: 0.9 }, options);
 *   }
 *   protected override initialState(p: Tensor) {
 *     return { average: zeros(p.shape) };
 *   }
 *   protected update(p: Tensor, g: Tensor, state: { average: Tensor }, group: { lr: number; momentum: number }) {
 *     state.average.lerp_(g, 1 - group.momentum);
 *     p.sub_(state.average.sign().mul(group.lr));
 *   }
 * }
 * const p = new nn.Parameter(tensor([1, -2]));
 * const signs = new SignMomentum([p], { lr: 0.1 });
 * p.square().sum().backward();
 * await signs.step();
 * p; // [0.9, -1.9]
 */
export abstract class Optimizer<Options extends CommonOptions = CommonOptions> {
  /** Groups of parameters; options such as `lr` are read and written here. */
  readonly paramGroups: ParamGroup<Options>[] = [];
  /** What is remembered of each parameter. */
  readonly state: Map<Tensor, ParamState> = new Map();
  readonly #defaults: Options;
  readonly #beforeStep = new HookList<StepHook>();
  readonly #afterStep = new HookList<StepHook>();
  readonly #known: readonly string[];

  /**
   * @param params tensors, or groups of them such as `{ params, lr }`
   * @param defaults what options are when they are not given; with `lr`, the only names that there are
   * @param options what the user chose
   * @throws ArgumentError for an empty list, something that is no tensor, or an option that is unknown or out of range.
   */
  constructor(params: ParamsLike<Options>, defaults: Partial<Options>, options: Partial<Options>) {
    const name = this.constructor.name;
    this.#known = ["lr", ...Object.keys(defaults)];
    checkNames(name, this.#known, options);
    this.#defaults = { ...defaults, ...given(options) } as Options;
    if (params === null || params === undefined || !(Symbol.iterator in Object(params))) {
      throw new ArgumentError(`${name}: expected a list of parameters; pass model.parameters()`, {
        value: params,
      });
    }
    const list: readonly unknown[] = [...params];
    if (list.length === 0) {
      throw new ArgumentError(`${name}: the list of parameters is empty; pass model.parameters()`);
    }
    const groups = list.every((p) => p instanceof Tensor) ? [{ params: list }] : list;
    for (const group of groups) {
      if (typeof group !== "object" || group === null || group instanceof Tensor || !("params" in group)) {
        throw new ArgumentError(
          `${name}: expected tensors, or groups such as { params, lr }; got ${typeof group}`,
          {
            value: group,
          },
        );
      }
      this.addParamGroup(group as Partial<Options> & { readonly params: Iterable<Tensor> });
    }
  }

  /** Adds parameters, with options that differ from the optimizer's. @throws ArgumentError. */
  addParamGroup(group: Partial<Options> & { readonly params: Iterable<Tensor> }): void {
    const params = group.params instanceof Tensor ? [group.params] : [...group.params];
    checkNames(this.constructor.name, [...this.#known, "params", "initialLr"], group);
    const full = { ...this.#defaults, ...given(group), params } as ParamGroup<Options>;
    for (const p of params) this.#checkParameter(p);
    if (new Set(params).size !== params.length) {
      throw new ArgumentError(`${this.constructor.name}: a parameter is in the group more than once`);
    }
    this.checkOptions(full);
    this.paramGroups.push(full);
    for (const p of params) this.state.set(p, this.#freshState(p, full));
  }

  #freshState(p: Tensor, group: ParamGroup<Options>): ParamState {
    const state = this.initialState(p, group);
    for (const value of Object.values(state)) if (value instanceof Tensor) value.persist();
    return state;
  }

  #checkParameter(p: Tensor): void {
    const name = this.constructor.name;
    if (!(p instanceof Tensor)) {
      throw new ArgumentError(`${name}: expected a tensor in params, got ${typeof p}`, { value: p });
    }
    if (!p.isLeaf) {
      throw new ArgumentError(
        `${name}: a tensor of shape ${formatShape(p.shape)} is the result of others; only leaves are learned`,
      );
    }
    if (this.state.has(p)) throw new ArgumentError(`${name}: a parameter is in more than one group`);
  }

  /** Checks the options of a group. @throws ArgumentError. */
  protected checkOptions(group: ParamGroup<Options>): void {
    checkOption(this, "lr", group.lr, 0);
  }

  /** What is remembered of a parameter before its first step; nothing by default. */
  protected initialState(_parameter: Tensor, _group: ParamGroup<Options>): ParamState {
    return {};
  }

  /**
   * What a step does to one parameter: operations in place on the parameter and on tensors of its state. Nothing is
   * recorded for gradients. Every step must do the same operations, so that its program is compiled once.
   */
  protected abstract update(
    parameter: Tensor,
    gradient: Tensor,
    state: ParamState,
    group: ParamGroup<Options>,
  ): void;

  /** Updates those parameters of a group that have a gradient, one by one unless overridden. */
  protected updateAll(params: readonly Tensor[], group: ParamGroup<Options>): void {
    for (const p of params) this.update(p, p.grad as Tensor, this.state.get(p) as ParamState, group);
  }

  /**
   * Updates all parameters that have a gradient, and computes everything pending: forward, loss, backward and update
   * run as one program. The promise resolves when the program is under way and the step before has ended, so that the next
   * graph is built while this one is computed; reading a value waits for it. A step that fails rejects the promise of the
   * next one, or whatever reads first. In a browser's main thread the promise resolves when the program has ended.
   */
  step(): Promise<void> {
    for (const hook of this.#beforeStep.list()) hook(this);
    withGradMode(false, () => {
      for (const group of this.paramGroups) {
        const moving = group.params.filter((p) => p.grad !== null);
        this.updateAll(moving, group);
      }
    });
    for (const hook of this.#afterStep.list()) hook(this);
    return currentEngine().advance();
  }

  /**
   * Calls a hook at the beginning of every step.
   *
   * @example
   * const handle = optimizer.registerStepPreHook(() => console.log("step"));
   * handle.remove();
   */
  registerStepPreHook(hook: StepHook): RemovableHandle {
    return this.#beforeStep.add(hook, "registerStepPreHook");
  }

  /**
   * Calls a hook at the end of every step, when parameters have their new values but before these are computed: what the
   * hook makes of them is part of the step's program.
   */
  registerStepPostHook(hook: StepHook): RemovableHandle {
    return this.#afterStep.add(hook, "registerStepPostHook");
  }

  /** Removes gradients of all parameters, or with `setToNone: false` fills them with zeros. */
  zeroGrad(options: { readonly setToNone?: boolean } = {}): void {
    for (const { params } of this.paramGroups) {
      for (const p of params) p.grad = options.setToNone === false ? (p.grad?.zero_() ?? null) : null;
    }
  }

  /** State and options. The tensors share memory with the optimizer's. */
  stateDict(): OptimizerState {
    const params = this.paramGroups.flatMap((g) => g.params);
    const numbers = new Map(params.map((p, i) => [p, i]));
    const shared = (value: Tensor | number): Tensor | number =>
      value instanceof Tensor ? value.detach() : value;
    return {
      state: Object.fromEntries(
        params.map((p, i) => [
          i,
          Object.fromEntries(Object.entries(this.state.get(p) ?? {}).map(([k, v]) => [k, shared(v)])),
        ]),
      ),
      paramGroups: this.paramGroups.map((g): GroupState => {
        const options: CommonOptions = g;
        return { ...options, params: g.params.map((p) => numbers.get(p) as number) };
      }),
    };
  }

  /** Takes over state and options. @throws StateDictError when they do not fit; nothing is changed then. */
  loadStateDict(dict: OptimizerState): void {
    checkDict(dict, this.constructor.name);
    const params = this.paramGroups.flatMap((g) => g.params);
    const sizes = (groups: readonly { readonly params: readonly unknown[] }[]): string =>
      groups.map((g) => g.params.length).join(", ");
    if (sizes(dict.paramGroups) !== sizes(this.paramGroups)) {
      throw new StateDictError(
        `loadStateDict: groups of ${sizes(dict.paramGroups)} parameters do not fit this ${this.constructor.name}, which has ` +
          `groups of ${sizes(this.paramGroups)}`,
        { groups: sizes(this.paramGroups) },
      );
    }
    const numbers = dict.paramGroups.flatMap((g) => g.params);
    const states = params.map((p, i) => this.#checkedState(p, dict.state[numbers[i] as number] ?? {}));
    const options = this.paramGroups.map((group, i) => this.#checkedGroup(group, dict.paramGroups[i]));
    this.paramGroups.forEach((group, i) => void Object.assign(group, options[i]));
    const groupOf = new Map(this.paramGroups.flatMap((g) => g.params.map((p) => [p, g] as const)));
    withGradMode(false, () => {
      for (const [i, p] of params.entries()) {
        this.#restore(p, states[i] as ParamState, groupOf.get(p) as ParamGroup<Options>);
      }
    });
    // Now, and not together with the next step: its program is to be the same as that of the steps after it.
    void currentEngine().flush();
  }

  #checkedState(p: Tensor, saved: ParamState): ParamState {
    for (const [key, value] of Object.entries(saved)) {
      const held = this.state.get(p)?.[key];
      const { shape } = held instanceof Tensor ? held : p;
      if (!(value instanceof Tensor) || value.ndim === 0 || sameShape(value.shape, shape)) continue;
      throw new StateDictError(
        `loadStateDict: ${key} has shape ${formatShape(value.shape)}, expected ${formatShape(shape)}`,
        { key, shape: value.shape },
      );
    }
    return saved;
  }

  /** A group with the options of a saved one. @throws ArgumentError for a name or a value that the optimizer refuses. */
  #checkedGroup(group: ParamGroup<Options>, saved: GroupState | undefined): ParamGroup<Options> {
    checkNames(`${this.constructor.name}.loadStateDict`, [...this.#known, "params", "initialLr"], saved);
    const merged = { ...group, ...saved, params: group.params };
    this.checkOptions(merged);
    return merged;
  }

  #restore(p: Tensor, saved: ParamState, group: ParamGroup<Options>): void {
    const held = this.state.get(p) ?? {};
    // A parameter that was never updated has no state in PyTorch's dicts.
    const wanted = Object.keys(saved).length === 0 ? this.initialState(p, group) : saved;
    const own = Object.entries(wanted).map(([key, value]): [string, Tensor | number] => {
      if (!(value instanceof Tensor)) return [key, value];
      const place = held[key];
      // The same place in memory as before keeps the program of a step the same.
      return [key, (place instanceof Tensor ? place : zeroState(p)).assignNode(value.node)];
    });
    this.state.set(p, Object.fromEntries(own));
  }
}

/** Options without those that are undefined. */
function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** State of zeros like a parameter, in device memory. */
export function zeroState(parameter: Tensor): Tensor {
  return new Tensor(constant(0, parameter.shape, parameter.dtype)).persist();
}

/** @throws StateDictError for what did not come from an optimizer. */
function checkDict(dict: unknown, name: string): void {
  const isDict =
    typeof dict === "object" &&
    dict !== null &&
    "paramGroups" in dict &&
    Array.isArray(dict.paramGroups) &&
    "state" in dict;
  if (isDict) return;
  const given =
    typeof dict === "object" && dict !== null
      ? `an object of ${Object.keys(dict).join(", ") || "nothing"}`
      : show(dict);
  throw new StateDictError(
    `loadStateDict: ${name} needs what stateDict() of an optimizer gave, { state, paramGroups }; got ${given}`,
    { dict },
  );
}
