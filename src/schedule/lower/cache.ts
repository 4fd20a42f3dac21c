/** The first-level data cache: 32 KiB in eight ways of 64 sets, as nearly all processors of today have it or more of it. */

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
