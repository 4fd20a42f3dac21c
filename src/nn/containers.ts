/**
 * Modules that hold others in order or by name. Children are kept apart from fields, so that no name of a child can
 * collide with a method.
 */
import { ArgumentError } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Layer, Module } from "./module.ts";

/**
 * Layers one after the other. Names are "0", "1", ... unless an object gives them.
 *
 * @example
 * const net = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 10));
 * net(zeros([64, 1, 28, 28])).shape; // [64, 10]
 * net.get(1).parameters().length; // 2
 */
export class Sequential extends Module {
  static override readonly pure = true;
  private readonly held = new Map<string, Layer>();

  constructor(...layers: readonly Layer[] | readonly [Readonly<Record<string, Layer>>]) {
    super();
    const [named] = layers;
    if (layers.length === 1 && isRecord(named)) {
      for (const [name, layer] of Object.entries(named)) this.hold(name, layer);
    } else for (const layer of layers as readonly Layer[]) this.append(layer);
  }

  private hold(name: string, layer: Layer): void {
    this.held.set(name, checkModule(layer, "Sequential"));
  }

  /** Number of layers. */
  override get length(): number {
    return this.held.size;
  }

  /** Layer at a position; negative ones count from the end. @throws ArgumentError out of range. */
  get(index: number): Layer {
    return at([...this.held.values()], index, "Sequential");
  }

  /** Adds a layer at the end. */
  append(layer: Layer): this {
    this.hold(String(this.held.size), layer);
    return this;
  }

  [Symbol.iterator](): IterableIterator<Layer> {
    return this.held.values();
  }

  override namedChildren(): [string, Module][] {
    return once(super.namedChildren(), this.held);
  }

  /** @internal */
  override get __private__(): boolean {
    return super.__private__ && [...this.held.values()].every((layer) => layer.__private__);
  }

  forward(x: Tensor): Tensor {
    let y = x;
    let unseen = false;
    for (const layer of this.held.values()) {
      const next = layer(y);
      const hides = layer.__private__;
      const made = next !== y;
      if (made && unseen && hides) y.__unseen__();
      unseen = hides && (made || unseen);
      y = next;
    }
    return y;
  }
}

/**
 * A list whose modules are children of the module that holds it. It has no `forward`.
 *
 * @param modules any iterable of modules; none by default
 * @throws ArgumentError for something that is no module
 * @example
 * const layers = new nn.ModuleList([new nn.Linear(3, 5), new nn.Linear(5, 2)]);
 * let x = zeros([7, 3]);
 * for (const layer of layers) x = layer(x).relu();
 * x.shape; // [7, 2]
 */
export class ModuleList<M extends Module = Layer> extends Module {
  private readonly held: M[] = [];

  constructor(modules: Iterable<M> = []) {
    super();
    if (typeof modules !== "object" || modules === null || !(Symbol.iterator in modules)) {
      throw new ArgumentError(`ModuleList: expected a list of modules, got ${String(modules)}`, { modules });
    }
    this.extend(modules);
  }

  /** Number of modules. */
  override get length(): number {
    return this.held.length;
  }

  /** Module at a position; negative ones count from the end. @throws ArgumentError out of range. */
  get(index: number): M {
    return at(this.held, index, "ModuleList");
  }

  /** Adds a module at the end. */
  append(module: M): this {
    this.held.push(checkModule(module, "ModuleList"));
    return this;
  }

  /** Adds modules at the end. */
  extend(modules: Iterable<M>): this {
    for (const module of modules) this.append(module);
    return this;
  }

  [Symbol.iterator](): IterableIterator<M> {
    return this.held.values();
  }

  override namedChildren(): [string, Module][] {
    return once(
      super.namedChildren(),
      this.held.map((m, i): [string, Module] => [String(i), m]),
    );
  }

  forward(..._inputs: never[]): never {
    throw notCallable("ModuleList");
  }
}

/**
 * A map from name to module whose modules are children of the module that holds it. It has no `forward`.
 *
 * @param modules modules by name; none by default
 * @throws ArgumentError for something that is no module, or a name that is empty or has a dot
 * @example
 * const act = new nn.ModuleDict({ relu: new nn.ReLU(), tanh: new nn.Tanh() });
 * act.get("relu")(tensor([-1, 1])); // [0, 1]
 * act.keys(); // ["relu", "tanh"]
 */
export class ModuleDict<M extends Module = Layer> extends Module {
  private readonly held = new Map<string, M>();

  constructor(modules: Readonly<Record<string, M>> = {}) {
    super();
    if (!isRecord(modules)) {
      throw new ArgumentError(`ModuleDict: expected an object from name to module, got ${String(modules)}`, {
        modules,
      });
    }
    for (const [name, module] of Object.entries(modules)) this.set(name, module);
  }

  /** Number of modules. */
  override get length(): number {
    return this.held.size;
  }

  /** @throws ArgumentError for a name that is not there. */
  get(name: string): M {
    const found = this.held.get(name);
    if (found === undefined) {
      throw new ArgumentError(
        `ModuleDict: there is no "${name}"; there are ${this.keys().join(", ") || "none"}`,
        { name },
      );
    }
    return found;
  }

  has(name: string): boolean {
    return this.held.has(name);
  }

  /** Adds or replaces a module. */
  set(name: string, module: M): this {
    if (name === "" || name.includes(".")) {
      throw new ArgumentError(
        `ModuleDict: "${name}" cannot be a name: it must not be empty or contain a dot`,
        { name },
      );
    }
    this.held.set(name, checkModule(module, "ModuleDict"));
    return this;
  }

  /** Removes a module. @returns whether it was there. */
  delete(name: string): boolean {
    return this.held.delete(name);
  }

  keys(): string[] {
    return [...this.held.keys()];
  }

  values(): M[] {
    return [...this.held.values()];
  }

  [Symbol.iterator](): IterableIterator<[string, M]> {
    return this.held.entries();
  }

  override namedChildren(): [string, Module][] {
    return once(super.namedChildren(), this.held);
  }

  forward(..._inputs: never[]): never {
    throw notCallable("ModuleDict");
  }
}

function checkModule<M extends Module>(module: M, owner: string): M {
  if (module instanceof Module) return module;
  throw new ArgumentError(
    `${owner}: expected a module, got ${typeof module}; functions need a module around them`,
    {
      value: module,
    },
  );
}

/** Whether the value is made of names and values, and not an instance of some class. */
function isRecord<M>(value: M): value is Exclude<M, Module | undefined> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}

function at<M>(list: readonly M[], index: number, owner: string): M {
  const found = list.at(index);
  if (Number.isInteger(index) && found !== undefined) return found;
  throw new ArgumentError(`${owner}: ${index} is out of range for ${list.length} modules`, {
    index,
    length: list.length,
  });
}

/** Fields, then what the container holds; the first place of each module. */
function once(fields: readonly [string, Module][], held: Iterable<[string, Module]>): [string, Module][] {
  const seen = new Set<Module>();
  return [...fields, ...held].filter(([, m]) => !seen.has(m) && seen.add(m));
}

function notCallable(name: string): ArgumentError {
  return new ArgumentError(`${name}: a ${name} only holds modules; call the modules in it`);
}
