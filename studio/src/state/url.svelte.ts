/** The address of the page as reactive state: views read `url.state` and change it with `set` or `open`. */
import { defaults, formatUrl, parseUrl, type UrlState } from "./url-state.ts";

let current = $state.raw(parseUrl(location.search));

addEventListener("popstate", () => {
  current = parseUrl(location.search);
});

function write(state: UrlState, method: "pushState" | "replaceState"): void {
  current = state;
  const address = location.pathname + formatUrl(state);
  if (address !== location.pathname + location.search) history[method](null, "", address);
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
    write({ ...current, ...change }, "replaceState");
  },
  /** Goes to another view of the same run; "back" returns. */
  go(change: Partial<UrlState>): void {
    write({ ...current, ...change }, "pushState");
  },
  /** Goes to another page: a run, a comparison or the list. */
  open(change: Partial<UrlState>): void {
    write({ ...defaults, ...kept(current), ...change }, "pushState");
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
  write(parseUrl(search), "pushState");
  scrollTo(0, 0);
}
