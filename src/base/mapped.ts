/**
 * `list.map(of)` for code that runs at every step. V8's own `map` gives an array of another kind once its caller is optimised
 * (one that may have holes), and then whatever is optimised for the first kind is thrown away and compiled anew.
 */
export function mapped<T, U>(list: readonly T[], of: (item: T, index: number) => U): U[] {
  const out: U[] = [];
  for (let i = 0; i < list.length; i++) out.push(of(list[i] as T, i));
  return out;
}
