/**
 * Keeps programs that run on the calling thread from starving the event loop: a loop that awaits one after the other never
 * gets to timers, input or painting, as microtasks come first.
 */

/** Milliseconds after which the event loop gets its turn, however quick the programs are. */
const longestTurn = 8;

/** Calls back in a later turn of the event loop, after what has been waiting. */
function later(call: () => void): void {
  if (typeof setImmediate === "function") {
    setImmediate(call);
    return;
  }
  // A browser makes nested timers wait for four milliseconds, but not messages.
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    call();
  };
  port2.postMessage(null);
}

/** How long the event loop has been kept from its other work. */
export class Turn {
  #began: number | null = null;

  /** Calls back at once, or in the next turn where this one has lasted long enough. */
  next(call: () => void): void {
    const now = performance.now();
    if (this.#began === null) {
      this.#began = now;
      later(() => {
        this.#began = null;
      });
    }
    if (now - this.#began > longestTurn) later(call);
    else call();
  }
}
