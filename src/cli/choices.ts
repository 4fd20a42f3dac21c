/**
 * Readers of option values. Each refusal names the value and what would have been right.
 */
import { InvalidArgumentError } from "commander";

/** The choice that a mistyped word most likely meant, by the number of letters to change; undefined if none is near. */
export function nearest(word: string, choices: readonly string[]): string | undefined {
  const ranked = choices
    .map((choice) => ({ choice, distance: editDistance(word.toLowerCase(), choice.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, best.choice.length / 2) ? best.choice : undefined;
}

/** V. Levenshtein, "Binary codes capable of correcting deletions, insertions and reversals", 1966. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** `resnet is unknown; did you mean lenet5? There are cnn, lenet5, mlp.` */
export function unknownChoice(word: string, choices: readonly string[]): string {
  const near = nearest(word, choices);
  const hint = near === undefined ? "" : ` Did you mean ${near}?`;
  return `"${word}" is unknown.${hint} There ${choices.length === 1 ? "is" : "are"} ${choices.join(", ")}.`;
}

/** A reader of one of some words. */
export function oneOf<T extends string>(choices: readonly T[]): (word: string) => T {
  return (word) => {
    const found = choices.find((choice) => choice === word.toLowerCase());
    if (found === undefined) throw new InvalidArgumentError(unknownChoice(word, choices));
    return found;
  };
}

/** A reader of integers from `least` on, up to and with `most`. */
export function integer(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
    // Where there is no limit but that of numbers, only who exceeds it wants to hear of it.
    const isLimited = most < Number.MAX_SAFE_INTEGER || value > most;
    const range = isLimited ? `from ${least} to ${most}` : `of ${least} or more`;
    throw new InvalidArgumentError(`"${text}" is not an integer ${range}.`);
  };
}

/** A reader of numbers above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError(`"${text}" is not a number above 0.`);
  }
  return value;
}
