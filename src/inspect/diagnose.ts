/**
 * What is wrong with a training, in words.
 */
import { ArgumentError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import { type Language, type Observations, type Rule, rules, type Severity } from "./diagnosis-rules.ts";

/** One thing that is wrong. */
export interface Verdict {
  /** Name of the rule, such as "vanishing-gradients". */
  readonly rule: string;
  /** Where; absent when it concerns the whole training. */
  readonly layer?: string;
  readonly severity: Severity;
  /** The number that speaks, and the one that it is measured by, in the same unit. */
  readonly value: number;
  readonly threshold: number;
  /** A sentence with the number. */
  readonly message: string;
  /** What to do about it. */
  readonly cure: string;
  /** What to read and try: an experiment of `tatami lab`. */
  readonly topic: string;
}

/** How verdicts are given. */
export interface DiagnoseOptions {
  /** Language of the sentences. Default "en". */
  readonly lang?: Language;
}

/**
 * Looks for what commonly goes wrong: vanishing and exploding gradients, dead ReLUs, saturation, a learning rate that is
 * too high or too low, a loss at the level of guessing, overfitting, batch norm with tiny batches, values that are not
 * finite. A healthy training gives an empty list.
 *
 * @param data What was recorded; rules whose data is missing say nothing.
 * @returns Errors first.
 * @throws ArgumentError for an unknown language.
 * @example
 * const losses = Array.from({ length: 100 }, () => 2.3);
 * inspect.diagnose({ losses, classes: 10 }).map((v) => v.rule); // ["chance-level"]
 */
export function diagnose(data: Observations, options: DiagnoseOptions = {}): Verdict[] {
  checkOptions(options, ["lang"], "diagnose");
  const { lang = "en" } = options;
  if (lang !== "en" && lang !== "ja") {
    throw new ArgumentError(`diagnose: lang must be "en" or "ja"; got ${String(lang)}`, { lang });
  }
  return findAll(data).map((finding) => verdictOf(finding, lang));
}

/** What a rule has found, before it is put into words. */
export interface Problem {
  readonly name: string;
  readonly rule: Rule;
  readonly found: ReturnType<Rule["find"]>[number];
}

/**
 * What the rules find, errors first.
 *
 * @param only Name of a rule, where the others need not be asked.
 */
export function findAll(data: Observations, only?: string): readonly Problem[] {
  const findings = [...rules].flatMap(([name, rule]) =>
    only === undefined || only === name
      ? rule.find(data, rule.threshold).map((found): Problem => ({ name, rule, found }))
      : [],
  );
  const isError = ({ rule }: Problem): number => Number(rule.severity === "error");
  return findings.sort((a, b) => isError(b) - isError(a));
}

/** A finding in words. */
export function verdictOf({ name, rule, found }: Problem, lang: Language): Verdict {
  const { severity, topic } = rule;
  const named = { ...found, ...(found.layer === undefined ? {} : { layer: inWords(found.layer, lang) }) };
  return {
    rule: name,
    ...(found.layer === undefined ? {} : { layer: found.layer }),
    severity,
    value: found.value,
    threshold: found.limit ?? rule.threshold,
    message: rule.message[lang](named),
    cure: rule.cure[lang],
    topic,
  };
}

/** Layers of a `Sequential` have numbers for names, which in a sentence would be read as numbers. */
function inWords(layer: string, lang: Language): string {
  if (!/^\d+$/.test(layer)) return layer;
  return lang === "ja" ? `層 ${layer} ` : `layer ${layer}`;
}
