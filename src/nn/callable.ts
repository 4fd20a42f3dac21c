/**
 * Objects that can be called: the constructor gives back a function whose prototype is the class, so that fields land
 * on the function and `instanceof` holds. Calling it runs the method under `invoke`.
 */

/** The method that a call runs. A symbol, so that no field or method of a user's class can stand in its way. */
export const invoke: unique symbol = Symbol("invoke");

export abstract class Callable {
  constructor() {
    const self = (...inputs: unknown[]): unknown => (self as unknown as Callable)[invoke](inputs);
    // A function's own `name` and `length` cannot be assigned, and would hide getters of the class.
    Reflect.deleteProperty(self, "name");
    Reflect.deleteProperty(self, "length");
    // biome-ignore lint/correctness/noConstructorReturn: this is what makes instances callable
    return Object.setPrototypeOf(self, new.target.prototype);
  }

  abstract [invoke](inputs: readonly unknown[]): unknown;
}
