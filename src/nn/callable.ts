/**
 * Objects that can be called: the constructor gives back a function whose prototype is the class, so that fields land
 * on the function and `instanceof` holds. Calling it runs `__call__`, which is what Python calls such a method.
 */
export abstract class Callable {
  constructor() {
    const self = (...inputs: unknown[]): unknown => (self as unknown as Callable).__call__(inputs);
    // A function's own `name` and `length` cannot be assigned, and would hide getters of the class.
    Reflect.deleteProperty(self, "name");
    Reflect.deleteProperty(self, "length");
    // biome-ignore lint/correctness/noConstructorReturn: this is what makes instances callable
    return Object.setPrototypeOf(self, new.target.prototype);
  }

  /** @internal What a call does. */
  abstract __call__(inputs: readonly unknown[]): unknown;
}
