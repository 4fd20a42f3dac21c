/**
 * Operations by name. The graph knows primitives; whoever writes a program down for another system wants "a convolution
 * with this stride", not the dozen primitives that it is made of. A named operation tells an observer, while there is
 * one, what it was called with and what it gave. Nothing else depends on names.
 */

/** One call of a named operation. Arguments and results hold nodes, and lists and records with nodes in them. */
export interface NamedCall {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly result: unknown;
}

/** Sees every call, those inside of another one first. */
export type CallObserver = (call: NamedCall) => void;

let observer: CallObserver | null = null;

/** Sets who sees the calls of named operations, and returns who did before. */
export function observeCalls(next: CallObserver | null): CallObserver | null {
  const before = observer;
  observer = next;
  return before;
}

/** An operation whose calls are told to the observer under this name. */
export function named<A extends readonly unknown[], R>(
  name: string,
  operation: (...args: A) => R,
): (...args: A) => R {
  return (...args) => {
    const result = operation(...args);
    if (observer !== null) observer({ name, args, result });
    return result;
  };
}
