/** Colours of a strip's lines in the theme of the moment. */
import type { StripKind } from "../../../src/studio/protocol.ts";
import { colorNamed } from "../state/theme.svelte.ts";
import type { StripColors } from "./paint-strip.ts";

export const stripColors = (kind: StripKind): StripColors => ({
  // These lie on the histogram, which looks the same in both themes.
  line: "#ffffff",
  border: "rgba(10, 12, 20, 0.75)",
  dead: colorNamed(kind === "updates" ? "--series-1" : "--series-2"),
  guide: colorNamed("--line-strong"),
  lane: colorNamed("--raised"),
});
