/**
 * Random choices of the data pipeline: shuffling and augmentation. Every number is a pure function of
 * (seed, epoch, index, how many were drawn before), so a run that is stopped and resumed, or that prepares
 * its batches in another order, sees the same data on every machine.
 */
import { ArgumentError } from "../base/errors.ts";

/** High and low word of the 64-bit product of two unsigned 32-bit numbers. */
function multiply(a: number, b: number): [high: number, low: number] {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  // Both partial sums stay below 2^53, so ordinary numbers hold them exactly.
  const middle = aHigh * b + Math.floor((aLow * b) / 0x10000);
  return [Math.floor(middle / 0x10000) >>> 0, Math.imul(a, b) >>> 0];
}

/**
 * Philox-2x32 with 10 rounds: a block of 64 random bits for a 64-bit counter and a 32-bit key.
 * Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011.
 */
export function philox2x32(counter: readonly [number, number], key: number): [number, number] {
  let [x, y] = counter;
  let k = key;
  for (let round = 0; round < 10; round++) {
    const [high, low] = multiply(0xd256d193, x);
    x = (high ^ k ^ y) >>> 0;
    y = low;
    k = (k + 0x9e3779b9) >>> 0;
  }
  return [x, y];
}

/**
 * An endless sequence of random numbers.
 *
 * @example
 * const stream = new data.RandomStream(1, 0);
 * stream.below(1); // 0
 */
export class RandomStream {
  readonly #key: number;
  readonly #lane: number;
  #drawn = 0;
  #spare = 0;

  /** @param key Which generator. @param lane Which of its 2^32 independent sequences. */
  constructor(key: number, lane: number) {
    this.#key = key >>> 0;
    this.#lane = lane >>> 0;
  }

  /** The next integer of 0 to 2^32 - 1. */
  uint32(): number {
    // A block gives two numbers: the second waits for the next call.
    const second = this.#drawn % 2 === 1;
    if (second) {
      this.#drawn++;
      return this.#spare;
    }
    const [first, spare] = philox2x32([(this.#drawn / 2) >>> 0, this.#lane], this.#key);
    this.#spare = spare;
    this.#drawn++;
    return first;
  }

  /** The next number of [0, 1), with 32 random bits. */
  uniform(): number {
    return this.uint32() / 0x100000000;
  }

  /** The next integer of 0 to `limit` - 1, each equally likely. @param limit 1 to 2^32. */
  below(limit: number): number {
    // Numbers past the last whole multiple would favour small results, so they are drawn again.
    const whole = 0x100000000 - (0x100000000 % limit);
    let value = this.uint32();
    while (value >= whole) value = this.uint32();
    return value % limit;
  }
}

/** Lane of the shuffle; samples have the lanes of their indices, which stay below it. */
const shuffleLane = 0xffffffff;

/**
 * The source of all random choices of one epoch.
 *
 * @example
 * const order = [...new data.RandomKey(0, 1).permutation(3)].sort();
 * order; // [0, 1, 2]
 */
export class RandomKey {
  readonly seed: number;
  readonly epoch: number;
  readonly #key: number;
  readonly #salt: number;

  /**
   * @param seed 0 to 2^53 - 1.
   * @param epoch 0 to 2^32 - 1.
   * @throws ArgumentError for anything else.
   */
  constructor(seed: number, epoch = 0) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new ArgumentError(`seed ${seed} is not an integer from 0 to 2^53 - 1`, { seed });
    }
    if (!Number.isInteger(epoch) || epoch < 0 || epoch > 0xffffffff) {
      throw new ArgumentError(`epoch ${epoch} is not an integer from 0 to 2^32 - 1`, { epoch });
    }
    this.seed = seed;
    this.epoch = epoch;
    const high = Math.floor(seed / 0x100000000);
    [this.#key, this.#salt] = philox2x32([epoch, high], seed >>> 0);
  }

  /** Random numbers for the sample with this index. */
  stream(index: number): RandomStream {
    return new RandomStream(this.#key, index ^ this.#salt);
  }

  /** A random order of 0 to `count` - 1 (Fisher and Yates, in Durstenfeld's form of 1964). */
  permutation(count: number): Uint32Array<ArrayBuffer> {
    const stream = this.stream(shuffleLane);
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = stream.below(i + 1);
      const moved = order[i] as number;
      order[i] = order[j] as number;
      order[j] = moved;
    }
    return order;
  }
}
