/** The first-level data cache, of which processors of today have this much or more. */

/** Bytes that it holds. */
export const cacheBytes = 32_768;
/** Elements of four bytes in a line. */
export const lineElements = 16;
/** Lines in each set. */
export const cacheWays = 8;
/** Bytes after which addresses share a set. */
const cachePeriod = 4096;

/** Into how many sets elements go that are so far apart; lines in the same one displace each other. */
export function cacheSets(apart: number): number {
  return cachePeriod / greatestDivisor(cachePeriod, 4 * apart);
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));
