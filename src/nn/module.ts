// long: the class carries PyTorch's whole module surface, each method with its documentation and example.
/**
 * The base of all layers and models. A module is called like a function, which runs its hooks and `forward`; its
 * fields that are modules or parameters are its children and parameters, in the order of assignment.
 */
import { ArgumentError } from "../base/errors.ts";
import { currentEngine } from "../engine/default.ts";
import { isGradEnabled, type Node } from "../graph/node.ts";
import { checkTensor, type RemovableHandle, type Tensor } from "../tensor/tensor.ts";
import { BackwardHooks, eachTensor, listOf } from "./backward-hooks.ts";
import { Callable } from "./callable.ts";
import { HookList, hookChanges, withoutPromise } from "./hooks.ts";
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
  readonly watchers: HookList<Watcher>;
}

/** Sees what a call gives, replaces nothing, and keeps none of its tensors. */
type Watcher = (module: Module, output: unknown) => void;

/** How often the mode of a module was set. */
let modeChanges = 0;

/** A number that stays the same as long as every module has the mode and the hooks that it had. */
export const moduleChanges = (): number => modeChanges + hookChanges();

/** How deep calls of modules are in each other, and what the outermost has shown to anyone outside: outputs, hooks. */
const calls = { depth: 0, shown: new Set<Node>() };

/** Notes tensors, in lists and records too. */
function show(value: unknown): void {
  eachTensor(value, (t) => void calls.shown.add(t.node));
}

interface Buffer {
  readonly tensor: Tensor;
  readonly persistent: boolean;
}

/** The types of a hook's own module are taken off here. */
const registered = (list: HookList<AnyHook>, hook: unknown, operation: string): RemovableHandle =>
  list.add(withoutPromise(hook as AnyHook, operation), operation);

const globalForwardPre = new HookList<AnyHook>();
const globalForward = new HookList<AnyHook>();

/**
 * Registers a hook that sees every call of every module, after `forward` and before the module's own hooks. What it
 * returns replaces the output.
 *
 * @returns a handle that takes the hook off
 * @example
 * const seen: string[] = [];
 * const handle = nn.registerModuleForwardHook((module) => {
 *   seen.push(module.constructor.name);
 * });
 * new nn.Sequential(new nn.ReLU(), new nn.Flatten())(zeros([2, 3]));
 * handle.remove();
 * seen; // ["ReLU", "Flatten", "Sequential"]
 */
export function registerModuleForwardHook(
  hook: (module: Module, inputs: readonly unknown[], output: unknown) => unknown,
): RemovableHandle {
  return registered(globalForward, hook, "registerModuleForwardHook");
}

/**
 * Registers a hook that sees the inputs of every call of every module, before the module's own hooks. What it returns
 * replaces them.
 *
 * @returns a handle that takes the hook off
 * @example
 * const seen: string[] = [];
 * const handle = nn.registerModuleForwardPreHook((module) => {
 *   seen.push(module.constructor.name);
 * });
 * new nn.Sequential(new nn.ReLU(), new nn.Flatten())(zeros([2, 3]));
 * handle.remove();
 * seen; // ["Sequential", "ReLU", "Flatten"]
 */
export function registerModuleForwardPreHook(
  hook: (module: Module, inputs: readonly unknown[]) => unknown,
): RemovableHandle {
  return registered(globalForwardPre, hook, "registerModuleForwardPreHook");
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
 * const net = new Net();
 * net(zeros([64, 1, 28, 28])).shape; // [64, 10]
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: gives the class its call signature
export abstract class Module extends Callable {
  /**
   * Whether `forward` only computes: it keeps no input and shows none to anybody else. What a Sequential hands from one
   * such layer to the next nobody can read, so it is not computed for a reader. Counts for the class itself only, since a
   * derived one may do otherwise.
   *
   * @internal
   */
  static readonly pure: boolean = false;

  #training = true;
  readonly #buffers = new Map<string, Buffer>();
  #hooks: Hooks | null = null;

  /**
   * Whether the module is in training mode, which dropout and batch norm depend on; true at first. `train` and `eval` set it here
   * and below.
   *
   * @example
   * new nn.Dropout(0.5).eval().training; // false
   */
  get training(): boolean {
    return this.#training;
  }

  set training(mode: boolean) {
    this.#training = mode;
    modeChanges++;
  }

  /**
   * What the module computes. Defined by derived classes, called through the module itself, which runs the hooks too.
   *
   * @example
   * class Residual extends nn.Module {
   *   inner = new nn.Linear(4, 4);
   *   forward(x: Tensor) {
   *     return x.add(this.inner(x));
   *   }
   * }
   * new Residual()(zeros([2, 4])).shape; // [2, 4]
   */
  abstract forward(...inputs: never[]): unknown;

  // Parts

  /**
   * Direct children by name, each once, in the order of assignment.
   *
   * @example
   * const net = new nn.Sequential({ hidden: new nn.Linear(4, 8), act: new nn.ReLU() });
   * net.namedChildren().map(([name]) => name); // ["hidden", "act"]
   */
  namedChildren(): [string, Module][] {
    const found: [string, Module][] = [];
    for (const name of Object.keys(this)) {
      const value: unknown = this[name as keyof this];
      if (value instanceof Module && !found.some(([, known]) => known === value)) found.push([name, value]);
    }
    return found;
  }

  /**
   * Direct children, each once.
   *
   * @example
   * new nn.Sequential(new nn.Sequential(new nn.ReLU()), new nn.Flatten()).children().length; // 2
   */
  children(): Module[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /**
   * The module itself and all below it by path, each once, parents first.
   *
   * @param prefix path of the module itself; "" by default
   * @example
   * const net = new nn.Sequential(new nn.Sequential(new nn.ReLU()), new nn.Flatten());
   * net.namedModules().map(([path]) => path); // ["", "0", "0.0", "1"]
   */
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

  /**
   * The module itself and all below it, each once, parents first.
   *
   * @example
   * model.modules().filter((m) => m instanceof nn.Conv2d).length; // 1
   */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  /**
   * The module at a path such as "features.0"; "" is the module itself.
   *
   * @throws ArgumentError where there is none
   * @example
   * const net = new nn.Sequential({ features: new nn.Sequential(new nn.Conv2d(1, 8, 3), new nn.ReLU()) });
   * net.getSubmodule("features.1") instanceof nn.ReLU; // true
   */
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
   *
   * @param prefix of all paths; "" by default
   * @param options.recurse whether parameters of modules below are included; true by default
   * @example
   * new nn.Sequential(new nn.Linear(4, 2)).namedParameters().map(([path]) => path); // ["0.weight", "0.bias"]
   */
  namedParameters(prefix = "", options: { readonly recurse?: boolean } = {}): [string, Parameter][] {
    return unique(
      this.#places(prefix, options.recurse ?? true).flatMap(([path, m]) => m.#ownParameters(path)),
    );
  }

  /**
   * All parameters, each once: what an optimizer takes.
   *
   * @param options.recurse whether parameters of modules below are included; true by default
   * @example
   * new nn.Linear(4, 2).parameters().reduce((n, p) => n + p.numel(), 0); // 10
   */
  parameters(options: { readonly recurse?: boolean } = {}): Parameter[] {
    return this.namedParameters("", options).map(([, parameter]) => parameter);
  }

  /**
   * Buffers (state that is not learned, such as running statistics) by path, each once.
   *
   * @param prefix of all paths; "" by default
   * @param options.recurse whether buffers of modules below are included; true by default
   * @example
   * const names = new nn.BatchNorm2d(8).namedBuffers().map(([name]) => name);
   * names; // ["running_mean", "running_var", "num_batches_tracked"]
   */
  namedBuffers(prefix = "", options: { readonly recurse?: boolean } = {}): [string, Tensor][] {
    return unique(this.#places(prefix, options.recurse ?? true).flatMap(([path, m]) => m.#ownBuffers(path)));
  }

  /**
   * All buffers, each once.
   *
   * @param options.recurse whether buffers of modules below are included; true by default
   * @example
   * model.buffers().length; // 3
   */
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
   * @param options.persistent true by default
   * @returns the tensor, to be kept in a field
   * @throws ArgumentError for a name that cannot be part of a key
   * @example
   * class Scale extends nn.Module {
   *   factor = this.registerBuffer("factor", tensor([2]));
   *   forward(x: Tensor) {
   *     return x.mul(this.factor);
   *   }
   * }
   * new Scale()(tensor([3])); // [6]
   * Object.keys(new Scale().stateDict()); // ["factor"]
   */
  registerBuffer(name: string, tensor: Tensor, options: { readonly persistent?: boolean } = {}): Tensor {
    checkName(name, "registerBuffer");
    checkTensor(tensor, `"${name}"`, "registerBuffer");
    this.#buffers.set(name, { tensor: tensor.persist(), persistent: options.persistent ?? true });
    return tensor;
  }

  /**
   * The module's own buffer of that name, or null.
   *
   * @example
   * new nn.BatchNorm2d(3).getBuffer("running_var"); // [1, 1, 1]
   */
  getBuffer(name: string): Tensor | null {
    return this.#buffers.get(name)?.tensor ?? null;
  }

  /**
   * Adds a parameter under a name that is computed; otherwise assign it to a field. Null stands for none.
   *
   * @throws ArgumentError for a name that cannot be part of a key, or is a method, and for what is no parameter
   * @example
   * const layer = new nn.Identity();
   * layer.registerParameter("gain", new nn.Parameter(ones([1])));
   * layer.namedParameters().map(([name]) => name); // ["gain"]
   */
  registerParameter(name: string, parameter: Parameter | null): void {
    checkName(name, "registerParameter");
    if (parameter !== null && !(parameter instanceof Parameter)) {
      throw new ArgumentError(
        `registerParameter: "${name}" must be a Parameter or null; make it one with new nn.Parameter(...), or register a ` +
          "tensor that is not learned with registerBuffer",
        { name, parameter },
      );
    }
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

  /**
   * Sets training mode here and below: dropout drops, batch norm uses the batch.
   *
   * @param mode false for evaluation mode; true by default
   * @returns the module
   * @example
   * model.eval();
   * model.train().get(1).training; // true
   */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /**
   * Sets evaluation mode here and below: dropout passes on, batch norm uses its running statistics.
   *
   * @returns the module
   * @example
   * new nn.Dropout(0.5).eval()(tensor([1, 2])); // [1, 2]
   */
  eval(): this {
    return this.train(false);
  }

  /**
   * Sets whether parameters are learned, here and below: false freezes a part of a model.
   *
   * @param on true by default
   * @returns the module
   * @example
   * model.get(0).requiresGrad_(false);
   * model.parameters().filter((p) => p.requiresGrad).length; // 4
   */
  requiresGrad_(on = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = on;
    return this;
  }

  /**
   * Removes gradients of all parameters.
   *
   * @param options.setToNone false fills them with zeros instead; true by default
   * @example
   * loss.backward();
   * model.zeroGrad();
   * model.parameters().every((p) => p.grad === null); // true
   */
  zeroGrad(options: { readonly setToNone?: boolean } = {}): void {
    for (const parameter of this.parameters())
      parameter.grad = options.setToNone === false ? (parameter.grad?.zero_() ?? null) : null;
  }

  /**
   * Calls a function with every module, children before their parents.
   *
   * @returns the module
   * @example
   * const net = new nn.Sequential(new nn.Linear(2, 2), new nn.ReLU());
   * net.apply((m) => {
   *   if (m instanceof nn.Linear) nn.init.ones_(m.weight);
   * });
   * net.parameters()[0]; // [[1, 1], [1, 1]]
   */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  // State

  /**
   * Parameters and persistent buffers by path, with PyTorch's keys. The tensors share memory with the module's.
   *
   * @example
   * Object.keys(new nn.Sequential(new nn.Conv2d(1, 8, 3)).stateDict()); // ["0.weight", "0.bias"]
   */
  stateDict(): StateDict {
    return Object.fromEntries([...this.#state("")].map(([key, tensor]) => [key, tensor.detach()]));
  }

  /**
   * Copies the values of a state dict into parameters and buffers.
   *
   * @param options.strict whether the keys must match exactly; true by default
   * @returns keys that were missing and keys that nothing took; empty lists with `strict`
   * @throws StateDictError naming all keys and shapes that do not fit; nothing is changed then
   * @example
   * const layer = new nn.Linear(2, 1);
   * layer.loadStateDict({ weight: tensor([[3, 4]]) }, { strict: false }).missingKeys; // ["bias"]
   * layer.weight; // [[3, 4]]
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

  /**
   * Registers a hook that is called with (module, inputs) before every `forward`; what it returns replaces the inputs.
   *
   * @returns a handle that takes the hook off
   * @example
   * const layer = new nn.Identity();
   * layer.registerForwardPreHook((_module, [x]) => x.mul(10));
   * layer(tensor([1, 2])); // [10, 20]
   */
  registerForwardPreHook(hook: ForwardPreHook<this>): RemovableHandle {
    return registered(this.#hookLists().forwardPre, hook, "registerForwardPreHook");
  }

  /**
   * Registers a hook that is called with (module, inputs, output) after every `forward`; what it returns replaces the
   * output.
   *
   * @returns a handle that takes the hook off
   * @example
   * const means: Tensor[] = [];
   * const handle = model.get(2).registerForwardHook((_module, _inputs, output) => {
   *   means.push(output.mean());
   * });
   * model(images);
   * handle.remove();
   * means.length; // 1
   */
  registerForwardHook(hook: ForwardHook<this>): RemovableHandle {
    return registered(this.#hookLists().forward, hook, "registerForwardHook");
  }

  /**
   * Registers a hook that is called with (module, gradOutput) before the module's part of a backward pass; what it
   * returns replaces the gradients.
   *
   * @returns a handle that takes the hook off
   * @example
   * const x = tensor([1, 2], { requiresGrad: true });
   * const layer = new nn.Identity();
   * layer.registerFullBackwardPreHook((_module, [g]) => g.mul(10));
   * layer(x).sum().backward();
   * await x.grad?.array(); // [10, 10]
   */
  registerFullBackwardPreHook(hook: FullBackwardPreHook<this>): RemovableHandle {
    return registered(this.#hookLists().backwardPre, hook, "registerFullBackwardPreHook");
  }

  /**
   * Registers a hook that is called with (module, gradInput, gradOutput) after the module's part of a backward pass;
   * what it returns replaces the gradients of the inputs.
   *
   * @returns a handle that takes the hook off
   * @example
   * const x = tensor([1, -2], { requiresGrad: true });
   * const layer = new nn.ReLU();
   * layer.registerFullBackwardHook((_module, [g]) => g?.add(5));
   * layer(x).sum().backward();
   * await x.grad?.array(); // [6, 5]
   */
  registerFullBackwardHook(hook: FullBackwardHook<this>): RemovableHandle {
    return registered(this.#hookLists().backward, hook, "registerFullBackwardHook");
  }

  #hookLists(): Hooks {
    this.#hooks ??= {
      forwardPre: new HookList(),
      forward: new HookList(),
      backwardPre: new HookList(),
      backward: new HookList(),
      watchers: new HookList(),
    };
    return this.#hooks;
  }

  /**
   * @internal Registers what sees the output of every `forward`, after all hooks. Unlike a hook it may not keep a tensor, or
   * show one to anybody, and so makes nothing be computed for a reader.
   */
  __watch__(watcher: Watcher): RemovableHandle {
    return this.#hookLists().watchers.add(watcher, "__watch__");
  }

  /** @internal */
  override __call__(inputs: readonly unknown[]): unknown {
    if (calls.depth > 0) return this.#run(inputs);
    const engine = currentEngine();
    const from = engine.madeCount;
    calls.depth++;
    try {
      const output = this.#run(inputs);
      show(output);
      engine.madeInside(from, calls.shown);
      return output;
    } finally {
      calls.depth--;
      calls.shown = new Set();
    }
  }

  #run(inputs: readonly unknown[]): unknown {
    if (typeof this.forward !== "function") {
      throw new ArgumentError(
        `${this.constructor.name}: there is no method forward; define forward(x) { ... }, which calls of the module run`,
        { module: this.constructor.name },
      );
    }
    if (!this.__hooked__) return this.forward(...(inputs as never[]));
    const hooks = this.#hooks;
    const watched = hooks !== null && hooks.backward.size + hooks.backwardPre.size > 0 && isGradEnabled();
    // As they are now: a backward hook that is registered in this call sees the next one.
    const back = watched ? { pre: hooks.backwardPre.list(), post: hooks.backward.list() } : null;
    const pre = [...globalForwardPre.list(), ...(hooks?.forwardPre.list() ?? [])];
    const given = pre.reduce((args, hook) => listOf(hook(this, args), args), inputs);
    if (back === null) return this.#hookedForward(given);
    const gradients = new BackwardHooks(this, given, back);
    // Outside the forward hooks: what they put in the output's place is the output whose gradient is seen.
    return gradients.watchOutput(this.#hookedForward(gradients.inputs));
  }

  /** @internal Whether nobody can see what goes through this module: it and all below are pure and without hooks. */
  get __private__(): boolean {
    const own = this.constructor as typeof Module;
    const pure = Object.hasOwn(own, "pure") && own.pure;
    return pure && !Object.hasOwn(this, "forward") && !this.#isShown;
  }

  /** Whether hooks of somebody's see what goes in and out. */
  get #isShown(): boolean {
    return (
      (this.#hooks !== null && shows(this.#hooks)) || globalForward.size > 0 || globalForwardPre.size > 0
    );
  }

  /** @internal Whether somebody watches calls of this module. */
  get __hooked__(): boolean {
    return this.#isShown || (this.#hooks !== null && this.#hooks.watchers.size > 0);
  }

  #hookedForward(inputs: readonly unknown[]): unknown {
    const output = this.forward(...(inputs as never[]));
    if (this.#isShown) {
      show(inputs);
      show(output);
    }
    const post = [...globalForward.list(), ...(this.#hooks?.forward.list() ?? [])];
    const given = post.reduce<unknown>((y, hook) => hook(this, inputs, y) ?? y, output);
    for (const watch of this.#hooks?.watchers.list() ?? []) watch(this, given);
    return given;
  }

  /**
   * Text inside the brackets of `toString`; derived classes give their arguments.
   *
   * @example
   * new nn.Linear(3, 5).extraRepr(); // "3, 5, bias=true"
   */
  extraRepr(): string {
    return "";
  }

  /**
   * The module and all below it, one line each.
   *
   * @example
   * new nn.Sequential(new nn.Linear(3, 5)).toString(); // "Sequential(\n  (0): Linear(3, 5, bias=true)\n)"
   */
  override toString(): string {
    const lines = this.namedChildren().map(([name, child]) => `(${name}): ${child}`.replaceAll("\n", "\n  "));
    const extra = this.extraRepr();
    const name = this.constructor.name;
    if (lines.length === 0) return `${name}(${extra})`;
    return `${name}(${extra}\n${lines.map((line) => `  ${line}`).join("\n")}\n)`;
  }
}

const joined = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

/** Asked at every call of a module that ever had a hook, so without a list of the lists. */
const shows = ({ forwardPre, forward, backwardPre, backward }: Hooks): boolean =>
  forwardPre.size + forward.size + backwardPre.size + backward.size > 0;

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
