/**
 * The base of all layers and models. A module is called like a function, which runs its hooks and `forward`; its
 * fields that are modules or parameters are its children and parameters, in the order of assignment.
 */
import { ArgumentError } from "../base/errors.ts";
import { isGradEnabled } from "../graph/node.ts";
import { type RemovableHandle, Tensor } from "../tensor/tensor.ts";
import { passThrough, replaceTensors } from "./backward-hooks.ts";
import { Callable } from "./callable.ts";
import { HookList } from "./hooks.ts";
import { Parameter } from "./parameter.ts";
import { type LoadResult, loadInto, type StateDict } from "./state-dict.ts";

/** What a module's `forward` takes; nothing is known of it for `Module` itself. */
export type InputsOf<M extends Module> = [Parameters<M["forward"]>[number]] extends [never]
  ? readonly unknown[]
  : Parameters<M["forward"]>;

/** What a module's `forward` gives. */
export type OutputOf<M extends Module> = ReturnType<M["forward"]>;

// biome-ignore lint/suspicious/noConfusingVoidType: a hook written as a plain function returns void
type Nothing = null | undefined | void;

/** Sees a call's inputs before `forward`; what it returns (a list, or one value for one input) replaces them. */
export type ForwardPreHook<M extends Module> = (
  module: M,
  inputs: InputsOf<M>,
) => InputsOf<M> | Tensor | Nothing;

/** Sees a call's output; what it returns replaces it. */
export type ForwardHook<M extends Module> = (
  module: M,
  inputs: InputsOf<M>,
  output: OutputOf<M>,
) => OutputOf<M> | Nothing;

/** Sees gradients of a call's outputs before the module's backward pass; what it returns replaces them. */
export type FullBackwardPreHook<M extends Module> = (
  module: M,
  gradOutput: readonly Tensor[],
) => Tensor | readonly Tensor[] | Nothing;

/**
 * Sees gradients of a call's inputs (null for those that need none) and outputs after the module's backward pass;
 * what it returns replaces those of the inputs.
 */
export type FullBackwardHook<M extends Module> = (
  module: M,
  gradInput: readonly (Tensor | null)[],
  gradOutput: readonly Tensor[],
) => Tensor | readonly (Tensor | null)[] | Nothing;

/** Hooks with the module's own types taken off: the lists hold those of any module. */
type AnyHook = (module: Module, ...rest: readonly unknown[]) => unknown;

interface Hooks {
  readonly forwardPre: HookList<AnyHook>;
  readonly forward: HookList<AnyHook>;
  readonly backwardPre: HookList<AnyHook>;
  readonly backward: HookList<AnyHook>;
}

interface Buffer {
  readonly tensor: Tensor;
  readonly persistent: boolean;
}

const globalForwardPre = new HookList<AnyHook>();
const globalForward = new HookList<AnyHook>();

/** Registers a hook that sees every call of every module, after `forward` and before the module's own hooks. */
export function registerModuleForwardHook(
  hook: (module: Module, inputs: readonly unknown[], output: unknown) => unknown,
): RemovableHandle {
  return globalForward.add(hook as AnyHook);
}

/** Registers a hook that sees the inputs of every call of every module, before the module's own hooks. */
export function registerModuleForwardPreHook(
  hook: (module: Module, inputs: readonly unknown[]) => unknown,
): RemovableHandle {
  return globalForwardPre.add(hook as AnyHook);
}

/** A module from one tensor to one tensor, as containers take them. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

export interface Module {
  /** Runs hooks and `forward`. */
  // biome-ignore lint/style/useShorthandFunctionType: only an interface can give a class a call signature
  (...inputs: Parameters<this["forward"]>): ReturnType<this["forward"]>;
}

/**
 * Base class of layers and models. Derive from it, assign layers and parameters to fields, and define `forward`.
 *
 * @example
 * class Net extends nn.Module {
 *   hidden = new nn.Linear(784, 128);
 *   head = new nn.Linear(128, 10);
 *   forward(x: Tensor) {
 *     return this.head(this.hidden(x.flatten(1)).relu());
 *   }
 * }
 * const model = new Net();
 * const logits = model(zeros([64, 1, 28, 28])); // shape [64, 10]
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: gives the class its call signature
export abstract class Module extends Callable {
  /** Whether the module is in training mode, which dropout and batch norm depend on. Set by `train` and `eval`. */
  training = true;
  readonly #buffers = new Map<string, Buffer>();
  #hooks: Hooks | null = null;

  /** What the module computes. Defined by derived classes, called through the module itself. */
  abstract forward(...inputs: never[]): unknown;

  // Parts

  /** Direct children by name, each once. */
  namedChildren(): [string, Module][] {
    const seen = new Set<Module>();
    return Object.entries(this).flatMap(([name, value]): [string, Module][] => {
      if (!(value instanceof Module) || seen.has(value)) return [];
      seen.add(value);
      return [[name, value]];
    });
  }

  /** Direct children. */
  children(): Module[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** The module itself (under `prefix`, "" by default) and all below it by path, each once, parents first. */
  namedModules(prefix = ""): [string, Module][] {
    const found = new Map<Module, string>();
    const visit = (module: Module, path: string): void => {
      if (found.has(module)) return;
      found.set(module, path);
      for (const [name, child] of module.namedChildren()) visit(child, joined(path, name));
    };
    visit(this, prefix);
    return [...found].map(([module, path]) => [path, module]);
  }

  /** The module itself and all below it. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** The module at a path such as "features.0". @throws ArgumentError where there is none. */
  getSubmodule(path: string): Module {
    let at: Module = this;
    for (const name of path === "" ? [] : path.split(".")) {
      const child = at.namedChildren().find(([n]) => n === name);
      if (child === undefined) {
        const names = at.namedChildren().map(([n]) => n);
        throw new ArgumentError(
          `getSubmodule: there is no "${name}" of "${path}" in ${at.constructor.name}; it has ${names.join(", ") || "no children"}`,
          { path, names },
        );
      }
      at = child[1];
    }
    return at;
  }

  /**
   * Parameters by path, each once.
   * @param options.recurse whether parameters of modules below are included; true by default
   */
  namedParameters(prefix = "", options: { readonly recurse?: boolean } = {}): [string, Parameter][] {
    return unique(
      this.#places(prefix, options.recurse ?? true).flatMap(([path, m]) => m.#ownParameters(path)),
    );
  }

  /** All parameters, each once. */
  parameters(options: { readonly recurse?: boolean } = {}): Parameter[] {
    return this.namedParameters("", options).map(([, parameter]) => parameter);
  }

  /** Buffers (state that is not learned, such as running statistics) by path, each once. */
  namedBuffers(prefix = "", options: { readonly recurse?: boolean } = {}): [string, Tensor][] {
    return unique(this.#places(prefix, options.recurse ?? true).flatMap(([path, m]) => m.#ownBuffers(path)));
  }

  /** All buffers, each once. */
  buffers(options: { readonly recurse?: boolean } = {}): Tensor[] {
    return this.namedBuffers("", options).map(([, tensor]) => tensor);
  }

  #places(prefix: string, recurse: boolean): [string, Module][] {
    return recurse ? this.namedModules(prefix) : [[prefix, this]];
  }

  #ownParameters(path: string): [string, Parameter][] {
    return Object.entries(this).flatMap(([name, value]): [string, Parameter][] =>
      value instanceof Parameter ? [[joined(path, name), value]] : [],
    );
  }

  #ownBuffers(path: string, persistentOnly = false): [string, Tensor][] {
    return [...this.#buffers].flatMap(([name, b]): [string, Tensor][] =>
      persistentOnly && !b.persistent ? [] : [[joined(path, name), b.tensor]],
    );
  }

  /**
   * Adds state that is not learned. It belongs to the state dict unless `persistent` is false.
   *
   * @returns the tensor, to be kept in a field: `mask = this.registerBuffer("mask", ones([3]))`
   * @throws ArgumentError for a name that cannot be part of a key.
   */
  registerBuffer(name: string, tensor: Tensor, options: { readonly persistent?: boolean } = {}): Tensor {
    checkName(name, "registerBuffer");
    this.#buffers.set(name, { tensor: tensor.persist(), persistent: options.persistent ?? true });
    return tensor;
  }

  /** The module's own buffer of that name, or null. */
  getBuffer(name: string): Tensor | null {
    return this.#buffers.get(name)?.tensor ?? null;
  }

  /** Adds a parameter under a name that is computed; otherwise assign it to a field. Null stands for none. */
  registerParameter(name: string, parameter: Parameter | null): void {
    checkName(name, "registerParameter");
    if (name in this && !Object.hasOwn(this, name)) {
      throw new ArgumentError(
        `registerParameter: "${name}" is a method of ${this.constructor.name}; use another name`,
        {
          name,
        },
      );
    }
    Object.defineProperty(this, name, {
      value: parameter,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }

  // Mode

  /** Sets training mode here and below. */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Sets evaluation mode here and below. */
  eval(): this {
    return this.train(false);
  }

  /** Sets whether parameters are learned, here and below. */
  requiresGrad_(on = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = on;
    return this;
  }

  /** Removes gradients of all parameters, or with `setToNone: false` fills them with zeros. */
  zeroGrad(options: { readonly setToNone?: boolean } = {}): void {
    for (const parameter of this.parameters())
      parameter.grad = options.setToNone === false ? (parameter.grad?.zero_() ?? null) : null;
  }

  /** Calls a function with every module, children before their parents. */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  // State

  /** Parameters and persistent buffers by path. The tensors share memory with the module's. */
  stateDict(): StateDict {
    return Object.fromEntries([...this.#state("")].map(([key, tensor]) => [key, tensor.detach()]));
  }

  /**
   * Copies the values of a state dict into parameters and buffers.
   *
   * @param options.strict whether the keys must match exactly; true by default
   * @throws StateDictError naming all keys and shapes that do not fit; nothing is changed then.
   */
  loadStateDict(dict: StateDict, options: { readonly strict?: boolean } = {}): LoadResult {
    return loadInto(new Map(this.#state("")), dict, options.strict ?? true, this.constructor.name);
  }

  /** Unlike the named lists, every place of a shared tensor has its key. */
  #state(path: string): [string, Tensor][] {
    return [
      ...this.#ownParameters(path),
      ...this.#ownBuffers(path, true),
      ...this.namedChildren().flatMap(([name, child]) => child.#state(joined(path, name))),
    ];
  }

  // Hooks

  /** Registers a hook that is called with (module, inputs) before every `forward`. */
  registerForwardPreHook(hook: ForwardPreHook<this>): RemovableHandle {
    return this.#hookLists().forwardPre.add(hook as unknown as AnyHook);
  }

  /** Registers a hook that is called with (module, inputs, output) after every `forward`. */
  registerForwardHook(hook: ForwardHook<this>): RemovableHandle {
    return this.#hookLists().forward.add(hook as unknown as AnyHook);
  }

  /** Registers a hook that is called with (module, gradOutput) in backward passes. */
  registerFullBackwardPreHook(hook: FullBackwardPreHook<this>): RemovableHandle {
    return this.#hookLists().backwardPre.add(hook as unknown as AnyHook);
  }

  /** Registers a hook that is called with (module, gradInput, gradOutput) in backward passes. */
  registerFullBackwardHook(hook: FullBackwardHook<this>): RemovableHandle {
    return this.#hookLists().backward.add(hook as unknown as AnyHook);
  }

  #hookLists(): Hooks {
    this.#hooks ??= {
      forwardPre: new HookList(),
      forward: new HookList(),
      backwardPre: new HookList(),
      backward: new HookList(),
    };
    return this.#hooks;
  }

  /** @internal */
  override __call__(inputs: readonly unknown[]): unknown {
    const hooks = this.#hooks;
    if (hooks === null && globalForward.size === 0 && globalForwardPre.size === 0) {
      return this.forward(...(inputs as never[]));
    }
    const pre = [...globalForwardPre.list(), ...(hooks?.forwardPre.list() ?? [])];
    const given = pre.reduce((args, hook) => listOf(hook(this, args), args), inputs);
    const watched = hooks !== null && hooks.backward.size + hooks.backwardPre.size > 0 && isGradEnabled();
    const output = watched ? this.#watchedForward(given, hooks) : this.forward(...(given as never[]));
    const post = [...globalForward.list(), ...(hooks?.forward.list() ?? [])];
    return post.reduce<unknown>((y, hook) => hook(this, given, y) ?? y, output);
  }

  /** `forward` between two nodes at which the backward hooks see the gradients. */
  #watchedForward(inputs: readonly unknown[], hooks: Hooks): unknown {
    const [pre, post] = [hooks.backwardPre.list(), hooks.backward.list()];
    const watched = post.length === 0 ? [] : inputs.flatMap((v, i) => (needsGradient(v) ? [i] : []));
    let gradOutput: readonly Tensor[] = [];
    const seeInputs = (gradients: readonly Tensor[]): readonly Tensor[] => {
      const placed: (Tensor | null)[] = inputs.map((_, i) => gradients[watched.indexOf(i)] ?? null);
      const seen = post.reduce(
        (g, hook) => listOf(hook(this, g, gradOutput), g) as (Tensor | null)[],
        placed,
      );
      return gradients.map((g, k) => seen[watched[k] as number] ?? g);
    };
    const passed = [...inputs];
    if (watched.length > 0) {
      const standing = passThrough(
        watched.map((i) => inputs[i] as Tensor),
        seeInputs,
      );
      watched.forEach((i, k) => {
        passed[i] = standing[k];
      });
    }
    const output = this.forward(...(passed as never[]));
    return replaceTensors(output, needsGradient, (tensors) =>
      passThrough(tensors, (gradients) => {
        gradOutput = pre.reduce((g, hook) => listOf(hook(this, g), g) as readonly Tensor[], gradients);
        if (watched.length === 0)
          for (const hook of post)
            hook(
              this,
              inputs.map(() => null),
              gradOutput,
            );
        return gradOutput;
      }),
    );
  }

  /** Text inside the brackets of `toString`; derived classes give their arguments. */
  extraRepr(): string {
    return "";
  }

  /** The module and all below it, one line each. */
  override toString(): string {
    const lines = this.namedChildren().map(([name, child]) => `(${name}): ${child}`.replaceAll("\n", "\n  "));
    const extra = this.extraRepr();
    const name = this.constructor.name;
    if (lines.length === 0) return `${name}(${extra})`;
    return `${name}(${extra}\n${lines.map((line) => `  ${line}`).join("\n")}\n)`;
  }
}

const joined = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

const needsGradient = (v: unknown): v is Tensor => v instanceof Tensor && v.requiresGrad;

/** What a hook returned as a list, or `before` where it returned nothing. */
function listOf(returned: unknown, before: readonly unknown[]): readonly unknown[] {
  if (returned === undefined || returned === null) return before;
  return Array.isArray(returned) ? returned : [returned];
}

/** The first entry of each value. */
function unique<T>(entries: readonly [string, T][]): [string, T][] {
  const seen = new Set<T>();
  return entries.filter(([, value]) => !seen.has(value) && seen.add(value));
}

function checkName(name: string, operation: string): void {
  if (name === "" || name.includes(".")) {
    throw new ArgumentError(
      `${operation}: "${name}" cannot be a name: it must not be empty or contain a dot`,
      { name },
    );
  }
}

// What Node's console prints. Assigned here because the key is computed.
Object.defineProperty(Module.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Module): string {
    return this.toString();
  },
});
