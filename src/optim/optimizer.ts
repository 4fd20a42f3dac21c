/**
 * The base of all optimizers: groups of parameters with options of their own, state for each parameter, and a step
 * that updates all of them in one program together with whatever is pending: forward, loss and backward.
 */
import { ArgumentError, StateDictError } from "../base/errors.ts";
import { formatShape, sameShape } from "../base/shape.ts";
import { currentEngine } from "../engine/default.ts";
import { constant } from "../graph/build.ts";
import { type Node, withGradMode } from "../graph/node.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Options that every optimizer has. */
export interface CommonOptions {
  /** Learning rate. */
  lr: number;
}

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

/** A new value of one parameter and of its state. */
export interface Update {
  readonly parameter: Node;
  readonly state?: Readonly<Record<string, Node>> | undefined;
}

/**
 * Base class. Derived ones define `initialState` (made when a parameter is added, so that the first step is like all
 * others) and `update`. Both may be called before fields of the derived class exist, so they use none.
 */
export abstract class Optimizer<Options extends CommonOptions = CommonOptions> {
  /** Groups of parameters; options such as `lr` are read and written here. */
  readonly paramGroups: ParamGroup<Options>[] = [];
  /** What is remembered of each parameter. */
  readonly state: Map<Tensor, ParamState> = new Map();
  readonly #defaults: Options;

  /** @throws ArgumentError for an empty list, something that is no tensor, or an option that is unknown or out of range. */
  constructor(params: ParamsLike<Options>, defaults: Partial<Options>, options: Partial<Options>) {
    const name = this.constructor.name;
    checkNames(name, ["lr", ...Object.keys(defaults)], options);
    this.#defaults = { ...defaults, ...options } as Options;
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
    const given = Object.fromEntries(Object.entries(group).filter(([, value]) => value !== undefined));
    const params = group.params instanceof Tensor ? [group.params] : [...group.params];
    const full = { ...this.#defaults, ...given, params } as ParamGroup<Options>;
    for (const p of params) this.#checkParameter(p);
    if (new Set(params).size !== params.length) {
      throw new ArgumentError(`${this.constructor.name}: a parameter is in the group more than once`);
    }
    this.checkOptions(full);
    this.paramGroups.push(full);
    for (const p of params) this.state.set(p, this.initialState(p, full));
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

  /** State of a parameter before its first step. */
  protected abstract initialState(parameter: Tensor, group: ParamGroup<Options>): ParamState;

  /** What one step does to a parameter. `scalars` holds program inputs that parameters share. */
  protected abstract update(
    parameter: Tensor,
    gradient: Node,
    state: ParamState,
    group: ParamGroup<Options>,
    scalars: Scalars,
  ): Update;

  /**
   * Updates all parameters that have a gradient, and computes everything pending: forward, loss, backward and update
   * run as one program. The promise settles when it has run.
   */
  step(): Promise<void> {
    withGradMode(false, () => {
      for (const group of this.paramGroups) {
        const scalars = new Scalars();
        for (const p of group.params) if (p.grad !== null) this.#apply(p, p.grad, group, scalars);
      }
    });
    return currentEngine().flush();
  }

  #apply(p: Tensor, grad: Tensor, group: ParamGroup<Options>, scalars: Scalars): void {
    const state = this.state.get(p) as ParamState;
    const { parameter, state: next } = this.update(p, grad.node, state, group, scalars);
    for (const [name, value] of Object.entries(next ?? {})) (state[name] as Tensor).assignNode(value);
    p.assignNode(parameter);
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
    dict.paramGroups.forEach((saved, i) => {
      const group = this.paramGroups[i] as ParamGroup<Options>;
      Object.assign(group, saved, { params: group.params });
    });
    withGradMode(false, () => {
      for (const [i, p] of params.entries()) this.#restore(p, states[i] as ParamState);
    });
    // Now, and not together with the next step: its program is to be the same as that of the steps after it.
    void currentEngine().flush();
  }

  #checkedState(p: Tensor, saved: ParamState): ParamState {
    for (const [key, value] of Object.entries(saved)) {
      if (!(value instanceof Tensor) || value.ndim === 0 || sameShape(value.shape, p.shape)) continue;
      throw new StateDictError(
        `loadStateDict: ${key} has shape ${formatShape(value.shape)}, its parameter ${formatShape(p.shape)}`,
        { key, shape: value.shape },
      );
    }
    return saved;
  }

  #restore(p: Tensor, saved: ParamState): void {
    const own = this.state.get(p) ?? {};
    for (const [key, value] of Object.entries(saved)) {
      const held = own[key];
      if (!(value instanceof Tensor)) own[key] = value;
      else if (held instanceof Tensor) held.assignNode(value.node);
      else own[key] = zeroState(p).assignNode(value.node);
    }
    this.state.set(p, own);
  }
}

/** Program inputs of one step, by what they mean and stand for: parameters in the same situation share them. */
export class Scalars {
  readonly #known = new Map<string, Node>();

  get(key: string, make: () => Node): Node {
    const known = this.#known.get(key) ?? make();
    this.#known.set(key, known);
    return known;
  }
}

/** State of zeros like a parameter, in device memory. */
export function zeroState(parameter: Tensor): Tensor {
  return new Tensor(constant(0, parameter.shape, parameter.dtype)).persist();
}

/** Refuses what is no object of options, and options that the optimizer does not have. */
function checkNames(name: string, known: readonly string[], options: unknown): void {
  const list = known.filter((k, i) => known.indexOf(k) === i).join(", ");
  if (typeof options !== "object" || options === null) {
    throw new ArgumentError(
      `${name}: options go into an object, as in { lr: 0.01 }; got ${String(options)}`,
      {
        options,
      },
    );
  }
  const unknown = Object.keys(options).find((k) => !known.includes(k));
  if (unknown !== undefined) {
    throw new ArgumentError(`${name}: there is no option "${unknown}"; the options are ${list}`, { unknown });
  }
}

/** @throws ArgumentError unless low <= value < below. */
export function checkOption(
  owner: object,
  option: string,
  value: unknown,
  low: number,
  below: number = Number.POSITIVE_INFINITY,
): void {
  if (typeof value === "number" && value >= low && value < below) return;
  const range =
    below === Number.POSITIVE_INFINITY ? `a number of ${low} or more` : `from ${low} to below ${below}`;
  throw new ArgumentError(`${owner.constructor.name}: ${option} must be ${range}; got ${String(value)}`, {
    option,
    value,
  });
}
