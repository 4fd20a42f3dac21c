/** What a curve does, in numbers that a sentence can be made of: the text alternative of a chart. */

export interface CurveFacts {
  readonly first: { readonly x: number; readonly y: number };
  readonly last: { readonly x: number; readonly y: number };
  readonly lowest: { readonly x: number; readonly y: number };
  readonly highest: { readonly x: number; readonly y: number };
  /** Where the first value stands that is NaN or infinite. */
  readonly brokenAt: number | null;
}

/** Facts of the finite points; null where there is none. Missing values (null) are no breaks. */
export function factsOf(x: ArrayLike<number>, y: ArrayLike<number | null | undefined>): CurveFacts | null {
  let facts: { first: Point; last: Point; lowest: Point; highest: Point } | null = null;
  let brokenAt: number | null = null;
  for (let i = 0; i < x.length; i++) {
    const value = y[i];
    if (value === null || value === undefined) continue;
    const point = { x: x[i] as number, y: value };
    if (!Number.isFinite(value)) {
      brokenAt ??= point.x;
      continue;
    }
    facts ??= { first: point, last: point, lowest: point, highest: point };
    facts.last = point;
    if (value < facts.lowest.y) facts.lowest = point;
    if (value > facts.highest.y) facts.highest = point;
  }
  return facts === null ? null : { ...facts, brokenAt };
}

interface Point {
  readonly x: number;
  readonly y: number;
}
