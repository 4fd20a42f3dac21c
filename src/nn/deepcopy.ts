/**
 * Copies of whole modules, as Python's `copy.deepcopy` makes them.
 *
 * A copy is made without running constructors: an object of the same class gets a copy of every field. Fields and
 * methods that JavaScript itself keeps private (`#name`) belong to objects that went through the constructor, and
 * nothing outside of the class can read them; classes with such members are refused. Layers of the library declare
 * theirs `private`, which only the compiler knows.
 */
import { ArgumentError } from "../base/errors.ts";
import { alias, detach } from "../graph/build.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/**
 * A copy of a module with parameters, buffers and modules of its own: training one leaves the other as it is.
 *
 * Lists, maps, sets and plain objects in fields are copied with what they hold, and what is shared within the module
 * (a tied weight) is shared within the copy. Functions and objects of other classes are taken over as they are; a
 * function that uses the original's `this` goes on to do so. Hooks and gradients stay with the original.
 *
 * @throws ArgumentError for a class with `#private` members: declare them `private` instead.
 * @example
 * const copy = nn.deepcopy(model);
 * copy.parameters()[0] === model.parameters()[0]; // false
 * copy(images).shape; // [16, 10]
 */
export function deepcopy<M extends Module>(module: M): M {
  if (!(module instanceof Module)) {
    throw new ArgumentError(`deepcopy: expected a module, got ${typeof module}`, { value: module });
  }
  return new Copier().copyOf(module) as M;
}

class Copier {
  /** Copies by original, for what is shared. */
  readonly #made = new Map<object, object>();

  copyOf(value: unknown): unknown {
    const copied = typeof value === "object" || typeof value === "function";
    if (!copied || value === null) return value;
    const known = this.#made.get(value);
    if (known !== undefined) return known;
    if (value instanceof Tensor) return this.#tensor(value);
    if (value instanceof Module) return this.#module(value);
    if (Array.isArray(value))
      return this.#filled(value, [] as unknown[], (copy) =>
        value.forEach((v) => void copy.push(this.copyOf(v))),
      );
    if (value instanceof Map) {
      return this.#filled(value, new Map<unknown, unknown>(), (copy) => {
        for (const [k, v] of value) copy.set(this.copyOf(k), this.copyOf(v));
      });
    }
    if (value instanceof Set) {
      return this.#filled(value, new Set<unknown>(), (copy) => {
        for (const v of value) copy.add(this.copyOf(v));
      });
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    return this.#filled(value, Object.create(prototype) as object, (copy) => this.#fields(value, copy));
  }

  /** Remembers the copy before it is filled: it may hold itself. */
  #filled<T extends object>(original: object, copy: T, fill: (copy: T) => void): T {
    this.#made.set(original, copy);
    fill(copy);
    return copy;
  }

  #tensor(original: Tensor): Tensor {
    const { requiresGrad } = original;
    const copy =
      original instanceof Parameter
        ? new Parameter(original, { requiresGrad })
        : new Tensor(alias(detach(original.node))).persist();
    if (requiresGrad) copy.requiresGrad = true;
    this.#made.set(original, copy);
    return copy;
  }

  #module(original: Module): Module {
    checkCopyable(original);
    // What `Module` keeps private comes from its own constructor, everything else from the fields.
    const copy = Reflect.construct(Module, [], original.constructor) as Module;
    return this.#filled(original, copy, () => {
      copy.training = original.training;
      const saved = original.stateDict();
      for (const [name, buffer] of original.namedBuffers("", { recurse: false })) {
        const persistent = Object.hasOwn(saved, name);
        copy.registerBuffer(name, this.copyOf(buffer) as Tensor, { persistent });
      }
      this.#fields(original, copy);
    });
  }

  #fields(original: object, copy: object): void {
    for (const key of Reflect.ownKeys(original)) {
      const field = Object.getOwnPropertyDescriptor(original, key);
      if (field === undefined) continue;
      if ("value" in field) field.value = this.copyOf(field.value);
      Object.defineProperty(copy, key, field);
    }
  }
}

/** Whether the source of a class uses private members; compilers for old targets write them as function calls. */
const usesPrivate = /\bthis\s*\.\s*#|__classPrivateField(Get|Set|In)\b/;

/** @throws ArgumentError for a module of a class with members that a copy would lack. */
function checkCopyable(module: Module): void {
  for (
    let at: unknown = module.constructor;
    typeof at === "function" && at !== Module;
    at = Object.getPrototypeOf(at)
  ) {
    if (!usesPrivate.test(Function.prototype.toString.call(at))) continue;
    throw new ArgumentError(
      `deepcopy: ${at.name} has #private members, which nothing outside of the class can copy; declare them ` +
        "`private` instead",
      { class: at.name },
    );
  }
}
