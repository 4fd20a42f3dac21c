/**
 * The data of one strip on the page. It is fetched when the strip comes into view, and again when more has been
 * recorded, the range changes or the strip is much wider; one that has left the view waits until it is seen again.
 */
import type { StripKind } from "../../../src/studio/protocol.ts";
import { ApiFailure, api, isAbort } from "../api/client.ts";
import { readStrip, type StripData } from "./strip-data.ts";

/** At least so long between two requests of one strip of a running training, in milliseconds. */
const shortestPause = 1000;
/** Columns that a strip is asked for: its width in steps of this, so that a resized window asks seldom. */
const columnUnit = 64;

export interface StripWish {
  readonly run: string;
  readonly layer: string;
  readonly kind: StripKind;
  readonly from: number | null;
  readonly to: number | null;
  /** Width in CSS pixels. */
  readonly width: number;
  /** Rises when there is more to fetch. */
  readonly version: number;
}

export class StripSource {
  data = $state.raw<StripData | null>(null);
  failure = $state.raw<ApiFailure | null>(null);
  #loaded = "";
  #loadedAt = Number.NEGATIVE_INFINITY;
  #abort: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Fetches what is wished for unless it is here or on its way. */
  want(wish: StripWish): void {
    const key = JSON.stringify({ ...wish, width: columnsFor(wish.width) });
    if (key === this.#loaded) return;
    clearTimeout(this.#timer);
    const wait = this.#loadedAt + shortestPause - performance.now();
    const isOnlyNewer = this.data !== null && sameView(key, this.#loaded);
    if (isOnlyNewer && wait > 0) this.#timer = setTimeout(() => void this.#fetch(wish, key), wait);
    else void this.#fetch(wish, key);
  }

  /** Forgets a failure, so that the next wish is tried. */
  retry(wish: StripWish): void {
    this.failure = null;
    this.#loaded = "";
    this.want(wish);
  }

  /** Calls off what is on its way. */
  stop(): void {
    clearTimeout(this.#timer);
    if (this.#abort === undefined) return;
    this.#abort.abort();
    this.#abort = undefined;
    this.#loaded = "";
  }

  async #fetch(wish: StripWish, key: string): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#loaded = key;
    try {
      const { run, layer, kind, from, to, width } = wish;
      const query = { layer, kind, columns: columnsFor(width), from: from ?? undefined, to: to ?? undefined };
      this.data = readStrip(await api.strip(run, query, abort.signal));
      this.failure = null;
    } catch (error) {
      if (isAbort(error)) return;
      this.failure =
        error instanceof ApiFailure
          ? error
          : new ApiFailure(-1, { error: "unexpected", message: String(error) });
    } finally {
      if (this.#abort === abort) {
        this.#abort = undefined;
        this.#loadedAt = performance.now();
      }
    }
  }
}

const columnsFor = (width: number): number =>
  Math.min(512, Math.max(columnUnit, Math.ceil(width / columnUnit) * columnUnit));

const withoutVersion = (key: string): string => key.replace(/"version":\d+/, "");
const sameView = (a: string, b: string): boolean => withoutVersion(a) === withoutVersion(b);
