/** The address of the page as reactive state: views read `url.state` and change it with `set` or `open`. */
import { defaults, formatUrl, parseUrl, type UrlState } from "./url-state.ts";

let current = $state.raw(parseUrl(location.search));

/**
 * Browsers refuse more than some hundred changes of the address in half a minute, and a slider that is dragged makes more: of
 * those that come after this many in so many milliseconds, only some are written.
 */
const [atOnce, withinMs, laterMs] = [20, 10_000, 500];
let writtenAt: readonly number[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

addEventListener("popstate", () => {
  clearTimeout(timer);
  timer = undefined;
  current = parseUrl(location.search);
});

const addressOf = (state: UrlState): string => location.pathname + formatUrl(state);

/** Writes the state into the address at once. */
function write(state: UrlState, method: "pushState" | "replaceState"): void {
  clearTimeout(timer);
  timer = undefined;
  current = state;
  if (addressOf(state) === location.pathname + location.search) return;
  history[method](null, "", addressOf(state));
  const now = performance.now();
  writtenAt = [...writtenAt.filter((at) => now - at < withinMs), now];
}

/** What "back" returns to is the state as it was left. */
function push(state: UrlState): void {
  if (timer !== undefined) write(current, "replaceState");
  write(state, "pushState");
}

/** Changes the state at once, and the address as soon as may be. */
function replace(state: UrlState): void {
  current = state;
  const now = performance.now();
  const isQuiet = writtenAt.filter((at) => now - at < withinMs).length < atOnce;
  if (isQuiet) write(state, "replaceState");
  else timer ??= setTimeout(() => write(current, "replaceState"), laterMs);
}

/** What stays when another run is opened: how runs, curves and layers are shown, language and theme. */
function kept(state: UrlState): Partial<UrlState> {
  const { x, xLog, yLog, smooth, strips, sort, language, theme } = state;
  return { x, xLog, yLog, smooth, strips, sort, language, theme };
}

export const url = {
  get state(): UrlState {
    return current;
  },
  /** Changes how the view looks; "back" does not lead through such changes. */
  set(change: Partial<UrlState>): void {
    replace({ ...current, ...change });
  },
  /** Goes to another view of the same run; "back" returns. */
  go(change: Partial<UrlState>): void {
    push({ ...current, ...change });
  },
  /** Goes to another page: a run, a comparison or the list. */
  open(change: Partial<UrlState>): void {
    push({ ...defaults, ...kept(current), ...change });
  },
  /** Address of another page, for links. */
  hrefOf(change: Partial<UrlState>): string {
    return formatUrl({ ...defaults, ...kept(current), ...change }) || "?";
  },
  /** Address of another view of the same run, for links. */
  hrefWith(change: Partial<UrlState>): string {
    return formatUrl({ ...current, ...change }) || "?";
  },
};

/** For links: follows the address without loading the page again, unless a new tab is asked for. */
export function followLink(event: MouseEvent): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const { search } = event.currentTarget as HTMLAnchorElement;
  push(parseUrl(search));
  scrollTo(0, 0);
}
