/**
 * Light or dark: the system's choice unless the reader made one. Canvases cannot use custom properties, so they ask
 * here for the colours of the moment, and `theme.version` tells them to ask again.
 */
const storageKey = "tatami-theme";
export const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const stored = themes.find((name) => name === localStorage.getItem(storageKey));

/** Asking for a style makes the browser work out the page's layout, so each colour is asked for once per theme. */
const colors = new Map<string, string>();

let choice = $state<Theme>(stored ?? "auto");
let version = $state(0);

function apply(): void {
  if (choice === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  colors.clear();
  version++;
}

systemIsDark.addEventListener("change", apply);
apply();

export const theme = {
  get choice(): Theme {
    return choice;
  },
  get version(): number {
    return version;
  },
  choose(next: Theme): void {
    choice = next;
    localStorage.setItem(storageKey, next);
    apply();
  },
};

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
