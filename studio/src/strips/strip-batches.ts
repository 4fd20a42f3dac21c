/**
 * Strips that are asked for at about the same moment travel together: a request of its own for each costs the processor more
 * than the strip. Nothing here touches the document.
 */
import type { Strip, StripName } from "../../../src/studio/protocol.ts";
import { ApiFailure, nameOf } from "../api/client.ts";

/** What strips of one request have in common. */
export interface StripView {
  readonly run: string;
  readonly columns: number;
  readonly from: number | null;
  readonly to: number | null;
}

/** Asks the server for strips of one view, in their order. */
export type SendStrips = (
  view: StripView,
  names: readonly StripName[],
  signal: AbortSignal,
) => Promise<readonly (Strip | null)[]>;

interface Waiting {
  readonly name: StripName;
  readonly signal: AbortSignal;
  readonly resolve: (strip: Strip) => void;
  readonly reject: (error: unknown) => void;
}

/** Strips that begin to wait within so many milliseconds go together. */
const gatherMs = 20;
/** Strips of one request: what comes is read within a frame. */
const mostTogether = 12;
/** Characters of the names in one address; the server takes no endless ones. */
const longestNames = 1200;

export class StripBatches {
  readonly #send: SendStrips;
  readonly #waiting = new Map<string, { readonly view: StripView; readonly strips: Waiting[] }>();

  constructor(send: SendStrips) {
    this.#send = send;
  }

  /** @param signal Calls this strip off; the request goes on for the others. */
  fetch(view: StripView, name: StripName, signal: AbortSignal): Promise<Strip> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      const key = JSON.stringify(view);
      const found = this.#waiting.get(key);
      if (found === undefined) setTimeout(() => this.#go(key), gatherMs);
      const batch = found ?? { view, strips: [] };
      this.#waiting.set(key, batch);
      batch.strips.push({ name, signal, resolve, reject });
    });
  }

  #go(key: string): void {
    const batch = this.#waiting.get(key);
    this.#waiting.delete(key);
    if (batch === undefined) return;
    const wanted = batch.strips.filter(({ signal }) => !signal.aborted);
    for (const strips of inPieces(wanted)) void this.#ask(batch.view, strips);
  }

  async #ask(view: StripView, strips: readonly Waiting[]): Promise<void> {
    const abort = new AbortController();
    for (const { signal } of strips) {
      const callOff = (): void => {
        if (strips.every((one) => one.signal.aborted)) abort.abort();
      };
      signal.addEventListener("abort", callOff, { once: true });
    }
    try {
      const names = strips.map(({ name }) => name);
      const answers = await this.#send(view, names, abort.signal);
      strips.forEach(({ resolve, reject }, i) => {
        const answer = answers[i] ?? null;
        if (answer !== null) resolve(answer);
        else reject(new ApiFailure("no-such-layer", `Nothing was recorded of ${names[i]?.layer}.`));
      });
    } catch (error) {
      for (const { reject } of strips) reject(error);
    }
  }
}

/** As many as fit into an address. */
function inPieces(strips: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const pieces: Waiting[][] = [];
  let length = 0;
  for (const strip of strips) {
    const own = new URLSearchParams({ of: nameOf(strip.name) }).toString().length + 1;
    const last = pieces.at(-1);
    if (last === undefined || last.length === mostTogether || length + own > longestNames) {
      pieces.push([strip]);
      length = own;
    } else {
      last.push(strip);
      length += own;
    }
  }
  return pieces;
}
