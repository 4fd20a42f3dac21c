/**
 * Random numbers on the host, for what is computed there: the same that the engine draws from the same state.
 */
import type { RandomState } from "../ops/create/random.ts";

/** High and low word of the product of two unsigned 32-bit numbers. */
function product(a: number, b: number): [high: number, low: number] {
  // Both partial products stay below 2 ** 53.
  const low = (a & 0xffff) * b;
  const middle = (a >>> 16) * b + Math.floor(low / 0x10000);
  return [Math.floor(middle / 0x10000) >>> 0, Math.imul(a, b) >>> 0];
}

/** The first two words of Philox 4x32-10 (Salmon et al., 2011) at counter (element, 0, c2, c3). */
function philox(element: number, c2: number, c3: number, keyLow: number, keyHigh: number): [number, number] {
  let [a, b, c, d] = [element >>> 0, 0, c2 >>> 0, c3 >>> 0];
  let [k0, k1] = [keyLow >>> 0, keyHigh >>> 0];
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = product(0xd2511f53, a);
    const [high1, low1] = product(0xcd9e8d57, c);
    [a, b, c, d] = [(high1 ^ b ^ k0) >>> 0, low1, (high0 ^ d ^ k1) >>> 0, low0];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [a, b];
}

/** `count` standard normal numbers, as `normal01` draws them in float64 (Box and Muller, 1958). */
export function hostNormal(state: RandomState, count: number): Float64Array {
  const [keyLow, keyHigh, low, high] = state.map(({ op }) => (op.kind === "scalar" ? op.value : 0)) as [
    number,
    number,
    number,
    number,
  ];
  return Float64Array.from({ length: count }, (_, i) => {
    const [u, v] = philox(i, low, high, keyLow, keyHigh);
    return Math.sqrt(-2 * Math.log(1 - u / 2 ** 32)) * Math.cos((2 * Math.PI * v) / 2 ** 32);
  });
}
