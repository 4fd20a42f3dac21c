/**
 * Functions that programs import as module "math": those of the host's `Math`, and the error function,
 * which it lacks. `erf` travels to worker threads as source text, so it refers to nothing outside itself
 * but `Math`.
 */

/**
 * The error function, erf(x) = 2 / sqrt(pi) * (integral of exp(-t^2) from 0 to x), to about 4 units in the
 * last place of a double. Abramowitz and Stegun (1964): near 0 the power series 7.1.5, then 7.1.6, whose
 * terms are all positive, then 1 minus the continued fraction 7.1.14.
 *
 * @example
 * ```ts
 * erf(1); // 0.8427007929497149
 * ```
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x); // 1 - erf(6) is below half a unit in the last place of 1
  const z = x * x;
  const scale = 1.1283791670955126; // 2 / sqrt(pi)
  if (a < 1) {
    let power = 1;
    let sum = 1;
    for (let n = 1; n < 24; n++) {
      power *= -z / n;
      sum += power / (2 * n + 1);
    }
    return scale * x * sum; // times x last keeps the sign of zero
  }
  if (a < 2.25) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 60; n++) {
      term *= (2 * z) / (2 * n + 1);
      sum += term;
    }
    return scale * Math.exp(-z) * sum;
  }
  let fraction = a;
  for (let k = 60; k > 0; k--) fraction = a + k / 2 / fraction;
  const tail = (scale / 2) * (Math.exp(-z) / fraction);
  return x < 0 ? tail - 1 : 1 - tail;
}

/** The import module "math", for an instance on the calling thread. */
export function mathImports(): Record<string, (...args: number[]) => number> {
  const functions: Record<string, (...args: number[]) => number> = { erf };
  for (const name of Object.getOwnPropertyNames(Math)) {
    const value = Math[name as keyof Math];
    if (typeof value === "function") functions[name] = value as (...args: number[]) => number;
  }
  return functions;
}
