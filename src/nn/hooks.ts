/**
 * Lists of hooks: called in the order of registration, taken off by the handle that registration gave.
 */
import { makeHandle, type RemovableHandle } from "../tensor/tensor.ts";

export class HookList<H> {
  // An entry for each registration, so that the same function can be registered twice.
  readonly #entries = new Set<{ readonly hook: H }>();

  add(hook: H): RemovableHandle {
    const entry = { hook };
    this.#entries.add(entry);
    return makeHandle(() => {
      this.#entries.delete(entry);
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The hooks as they are now: one that removes itself while it runs disturbs nobody. */
  list(): H[] {
    return [...this.#entries].map((e) => e.hook);
  }
}
