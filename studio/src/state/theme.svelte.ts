/**
 * Light or dark: what the address says, then what was chosen before, then the system's choice. Canvases cannot use custom properties, so they ask
 * here for the colours of the moment, and `theme.version` tells them to ask again.
 */
import { untrack } from "svelte";
import { url } from "./url.svelte.ts";
import { type Theme, themes } from "./url-state.ts";

const storageKey = "tatami-theme";

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const stored = themes.find((name) => name === localStorage.getItem(storageKey)) ?? "auto";

/** Asking for a style makes the browser work out the page's layout, so each colour is asked for once per theme. */
const colors = new Map<string, string>();

let version = $state(0);

function apply(): void {
  const { choice } = theme;
  if (choice === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  colors.clear();
  version++;
}

export const theme = {
  get choice(): Theme {
    return url.state.theme ?? stored;
  },
  get version(): number {
    return version;
  },
  choose(next: Theme): void {
    localStorage.setItem(storageKey, next);
    url.set({ theme: next });
  },
};

systemIsDark.addEventListener("change", apply);
// At once, so that nothing is seen in the other theme first; then whenever the address changes.
apply();
$effect.root(() => {
  $effect(() => {
    void theme.choice;
    untrack(apply);
  });
});

let probe: HTMLElement | undefined;

/** A custom property as a colour that a canvas understands. */
export function colorNamed(property: `--${string}`): string {
  const known = colors.get(property);
  if (known !== undefined) return known;
  if (probe === undefined) {
    probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(${property})`;
  const { color } = getComputedStyle(probe);
  colors.set(property, color);
  return color;
}

/** The same colour, seen through. */
export function faint(color: string, alpha: number): string {
  return color.replace(/^rgba?\(([^,)]+),([^,)]+),([^,)]+).*$/, `rgba($1,$2,$3,${alpha})`);
}
