/**
 * The data of one strip on the page. It is fetched when the strip comes near the view, and again when more has been
 * recorded, the range changes or the strip is much wider; what is only newer is fetched when the strip is seen.
 */
import type { StripKind } from "../../../src/studio/protocol.ts";
import { ApiFailure, api, isAbort } from "../api/client.ts";
import { StripBatches } from "./strip-batches.ts";
import { readStrip, type StripData } from "./strip-data.ts";
import { Requests, type Turn } from "./turns.ts";

/**
 * At least so long between two requests of one strip of a running training, in milliseconds. Strips are drawn on the
 * processor that trains; curves, which take less, are told of about every second.
 */
const shortestPause = 4000;
/** Columns that a strip is asked for: its width in steps of this, so that a resized window asks seldom. */
const columnUnit = 64;

/** A server has one thread, and what is fetched has to be read between two frames. */
const requests = new Requests((rank) => (rank === 0 ? 24 : 3));
const batches = new StripBatches(({ run, ...view }, names, signal) =>
  api.strips(run, { ...view, names }, signal),
);

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
  #isSeen = false;
  #turn: Turn | undefined;

  /** Fetches what is wished for unless it is here or on its way. */
  want(wish: StripWish, isSeen: boolean): void {
    this.#isSeen = isSeen;
    const key = JSON.stringify({ ...wish, width: columnsFor(wish.width) });
    if (key === this.#loaded) return;
    const wait = this.#loadedAt + shortestPause - performance.now();
    const isOnlyNewer = this.data !== null && sameView(key, this.#loaded);
    if (isOnlyNewer && !isSeen) return;
    this.#callOff();
    if (isOnlyNewer && wait > 0) this.#timer = setTimeout(() => this.#ask(wish, key), wait);
    else this.#ask(wish, key);
  }

  /** Forgets a failure, so that the next wish is tried. */
  retry(wish: StripWish): void {
    this.failure = null;
    this.#loaded = "";
    this.want(wish, true);
  }

  #ask(wish: StripWish, key: string): void {
    const turn: Turn = { rank: () => (this.#isSeen ? 0 : 1), work: () => this.#fetch(wish, key) };
    this.#callOff();
    this.#turn = turn;
    requests.add(turn);
  }

  /** The page says once that nobody answers: each strip stays as it is, and is asked for again. */
  #askLater(wish: StripWish, key: string): void {
    this.#loaded = "";
    this.#timer = setTimeout(() => this.#ask(wish, key), shortestPause);
  }

  /** What has not begun yet. */
  #callOff(): void {
    clearTimeout(this.#timer);
    if (this.#turn !== undefined) requests.remove(this.#turn);
    this.#turn = undefined;
  }

  /** Calls off what is on its way. */
  stop(): void {
    this.#callOff();
    if (this.#abort === undefined) return;
    this.#abort.abort();
    this.#abort = undefined;
    this.#loaded = "";
  }

  async #fetch(wish: StripWish, key: string): Promise<void> {
    this.#turn = undefined;
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#loaded = key;
    try {
      const { run, layer, kind, from, to, width } = wish;
      const view = { run, columns: columnsFor(width), from, to };
      this.data = readStrip(await batches.fetch(view, { layer, kind }, abort.signal));
      this.failure = null;
    } catch (error) {
      if (isAbort(error)) return;
      const failure = ApiFailure.of(error);
      if (failure.code === "offline" && this.data !== null) this.#askLater(wish, key);
      else this.failure = failure;
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
