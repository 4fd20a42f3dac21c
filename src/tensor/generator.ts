/**
 * The state that random operations draw from: a seed, and the number of draws so far. Both are inputs of programs,
 * so that neither a new seed nor the next draw compiles anything.
 */
import { ArgumentError } from "../base/errors.ts";
import { restartPrograms } from "../engine/default.ts";
import { scalar } from "../graph/build.ts";
import type { RandomState } from "../ops/create/random.ts";

/**
 * A source of random numbers: the same seed gives the same numbers on any number of threads. A draw is a function of
 * (seed, number of the draw, element).
 *
 * @example
 * const generator = new Generator(7);
 * const first = await rand([3], { generator }).data();
 * generator.manualSeed(7);
 * rand([3], { generator }).eq(tensor(first)).all(); // true
 */
export class Generator {
  #seed = 0;
  #draws = 0;

  /** @param seed an integer from 0 to 2 ** 53 - 1; 0 by default. */
  constructor(seed = 0) {
    this.manualSeed(seed);
  }

  /** Starts over from a seed. @throws ArgumentError when it is not an integer of 0 or more. */
  manualSeed(seed: number): this {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new ArgumentError(`manualSeed: ${seed} is not a seed; use an integer from 0 to 2 ** 53 - 1`, {
        seed,
      });
    }
    this.#seed = seed;
    this.#draws = 0;
    return this;
  }

  /** The seed in use. */
  get seed(): number {
    return this.#seed;
  }

  /** Seed and number of draws, to go on from later. */
  getState(): { seed: number; draws: number } {
    return { seed: this.#seed, draws: this.#draws };
  }

  /** Goes on from a state that `getState` gave. */
  setState(state: { readonly seed: number; readonly draws: number }): void {
    this.manualSeed(state.seed);
    this.#draws = state.draws;
  }

  /** The state of the next draw, as program inputs. */
  next(): RandomState {
    const draw = this.#draws++;
    const low = (v: number): number => v | 0;
    const high = (v: number): number => Math.floor(v / 2 ** 32) | 0;
    return [low(this.#seed), high(this.#seed), low(draw), high(draw)].map((v) => scalar(v, "int32"));
  }
}

/**
 * The generator that operations use when none is given. Its seed is 0 until `manualSeed` is called.
 *
 * @example
 * manualSeed(5);
 * defaultGenerator.seed; // 5
 */
export const defaultGenerator: Generator = new Generator();

/**
 * Seeds the default generator: initialisation, dropout and shuffling after this are the same in every run, and so are
 * all results, to the last bit. (Programs that had gone over to native code start over in WebAssembly.)
 *
 * @param seed an integer from 0 to 2 ** 53 - 1
 * @returns the default generator
 * @throws ArgumentError for anything else
 * @example
 * manualSeed(0);
 * const first = await randn([3]).data();
 * manualSeed(0);
 * randn([3]).eq(tensor(first)).all(); // true
 */
export function manualSeed(seed: number): Generator {
  restartPrograms();
  return defaultGenerator.manualSeed(seed);
}
