/**
 * What the address of the page says, and back. Only what differs from the default is written, so that addresses stay
 * short; what cannot be read is the default. A link shows others the same view.
 */

import type { StripKind } from "../../../src/studio/protocol.ts";

export const tabs = ["curves", "layers", "point", "errors"] as const;
export type Tab = (typeof tabs)[number];
export type XAxis = "step" | "time";
export type Language = "en" | "ja";
export const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];
export const stripKinds: readonly StripKind[] = ["activations", "gradients", "updates"];
export const metricNames = ["loss", "validationLoss", "accuracy", "validationAccuracy", "lr"] as const;
export type MetricName = (typeof metricNames)[number];

export interface UrlState {
  /** The run that is open; none is the list of runs. */
  readonly run: string | null;
  /** Runs that are compared; two or more. */
  readonly compare: readonly string[];
  readonly tab: Tab;
  readonly x: XAxis;
  readonly xLog: boolean;
  readonly yLog: boolean;
  /** Smoothing of curves, 0 (none) to 0.99. */
  readonly smooth: number;
  readonly language: Language | null;
  readonly theme: Theme | null;
  /** What is shown of the layers; one kind or more. */
  readonly strips: readonly StripKind[];
  /** Column that the list of runs is sorted by, with "-" before it the other way round; null is the newest first. */
  readonly sort: string | null;
  /** What the list of runs is filtered by; empty is not at all. */
  readonly find: string;
  /** Runs of the list that are chosen to be compared. */
  readonly picked: readonly string[];
  /** What runs are compared by. */
  readonly metric: MetricName;
  /** Whether seeds of the same settings are one curve. */
  readonly grouped: boolean;
  /** The step that is looked at; null is the last. */
  readonly step: number | null;
  readonly layer: string | null;
  /** Position of the probe image. */
  readonly image: number | null;
  /** Part of the training that the strips show. */
  readonly from: number | null;
  readonly to: number | null;
}

export const defaults: UrlState = {
  run: null,
  compare: [],
  tab: "curves",
  x: "step",
  xLog: false,
  yLog: false,
  smooth: 0.6,
  language: null,
  theme: null,
  strips: stripKinds,
  sort: null,
  find: "",
  picked: [],
  metric: "loss",
  grouped: false,
  step: null,
  layer: null,
  image: null,
  from: null,
  to: null,
};

function oneOf<T extends string>(value: string | null, allowed: readonly T[]): T | null {
  return allowed.find((item) => item === value) ?? null;
}

function naturalNumber(value: string | null): number | null {
  return value !== null && /^\d{1,12}$/.test(value) ? Number(value) : null;
}

function smoothing(value: string | null): number {
  const number = value === null || value === "" ? Number.NaN : Number(value);
  return Number.isFinite(number) ? Math.min(Math.max(number, 0), 0.99) : defaults.smooth;
}

function shownStrips(value: string | null): readonly StripKind[] {
  const named = (value ?? "").split(",");
  const shown = stripKinds.filter((kind) => named.includes(kind));
  return shown.length === 0 || shown.length === stripKinds.length ? stripKinds : shown;
}

const idsOf = (value: string | null): readonly string[] => [
  ...new Set((value ?? "").split(",").filter((id) => id !== "")),
];

/** Reads the part of an address after "?". */
export function parseUrl(search: string): UrlState {
  const query = new URLSearchParams(search);
  const compare = idsOf(query.get("compare"));
  return {
    run: query.get("run") || null,
    compare: compare.length >= 2 ? compare : [],
    tab: oneOf(query.get("tab"), tabs) ?? defaults.tab,
    x: oneOf(query.get("x"), ["step", "time"]) ?? defaults.x,
    xLog: query.get("xlog") === "1",
    yLog: query.get("ylog") === "1",
    smooth: smoothing(query.get("smooth")),
    language: oneOf(query.get("lang"), ["en", "ja"]),
    theme: oneOf(query.get("theme"), themes),
    strips: shownStrips(query.get("strips")),
    sort: query.get("sort") || null,
    find: query.get("find") ?? defaults.find,
    picked: idsOf(query.get("picked")),
    metric: oneOf(query.get("metric"), metricNames) ?? defaults.metric,
    grouped: query.get("grouped") === "1",
    step: naturalNumber(query.get("step")),
    layer: query.get("layer") || null,
    image: naturalNumber(query.get("image")),
    from: naturalNumber(query.get("from")),
    to: naturalNumber(query.get("to")),
  };
}

/** Writes the part of an address from "?" on; empty where all is default. */
export function formatUrl(state: UrlState): string {
  const entries: [string, string | number | null | false][] = [
    ["run", state.run],
    ["compare", state.compare.length > 0 && state.compare.join(",")],
    ["tab", state.tab !== defaults.tab && state.tab],
    ["x", state.x !== defaults.x && state.x],
    ["xlog", state.xLog && "1"],
    ["ylog", state.yLog && "1"],
    ["smooth", state.smooth !== defaults.smooth && String(state.smooth)],
    ["layer", state.layer],
    ["step", state.step],
    ["image", state.image],
    ["from", state.from],
    ["to", state.to],
    ["strips", state.strips.length < stripKinds.length && state.strips.join(",")],
    ["sort", state.sort],
    ["find", state.find !== defaults.find && state.find],
    ["picked", state.picked.length > 0 && state.picked.join(",")],
    ["metric", state.metric !== defaults.metric && state.metric],
    ["grouped", state.grouped && "1"],
    ["lang", state.language],
    ["theme", state.theme],
  ];
  const query = new URLSearchParams();
  for (const [name, value] of entries) if (value !== null && value !== false) query.set(name, String(value));
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
