/**
 * Lists of hooks: called in the order of registration, taken off by the handle that registration gave.
 */
import { ArgumentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import { makeHandle, type RemovableHandle } from "../tensor/tensor.ts";

/** Any hook: what lists know of it. */
type AnyHook = (...given: never[]) => unknown;

/**
 * A hook whose result may stand in for what it has seen. An async one would put a promise there, and would see values
 * of a later time; it is refused at its first call.
 */
export function withoutPromise<H extends AnyHook>(hook: H, operation: string): H {
  checkHook(hook, operation);
  const checked = (...given: never[]): unknown => {
    const returned = hook(...given);
    if (!(returned instanceof Promise)) return returned;
    // The error says what is wrong; what else the hook runs into nobody waits for.
    returned.catch(() => {});
    throw new ArgumentError(
      `${operation}: the hook returned a promise, which would take the place of a tensor; a hook must not be async: ` +
        "collect tensors in it, and read them when the call or the step is over",
      { operation },
    );
  };
  return checked as H;
}

function checkHook(hook: unknown, operation: string): void {
  if (typeof hook === "function") return;
  throw new ArgumentError(`${operation}: the hook must be a function; got ${show(hook)}`, { hook });
}

/** How often a hook was registered or taken off. */
let changes = 0;

export const hookChanges = (): number => changes;

export class HookList<H extends AnyHook> {
  // An entry for each registration, so that the same function can be registered twice.
  readonly #entries = new Set<{ readonly hook: H }>();
  /** They are asked for at every call of a module, and seldom change. */
  #list: readonly H[] | null = null;

  /** @throws ArgumentError, which names the operation, for what is no function. */
  add(hook: H, operation: string): RemovableHandle {
    checkHook(hook, operation);
    const entry = { hook };
    const changed = (): void => {
      this.#list = null;
      changes++;
    };
    this.#entries.add(entry);
    changed();
    return makeHandle(() => {
      this.#entries.delete(entry);
      changed();
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The hooks as they are now: one that removes itself while it runs disturbs nobody. */
  list(): readonly H[] {
    this.#list ??= Array.from(this.#entries, (e) => e.hook);
    return this.#list;
  }
}
