/**
 * What a renderer returns: code for one program and how to launch it. Renderers are pure functions; they read no
 * file, touch no device and know nothing of each other.
 */
import type { Program } from "../kernel/program.ts";

/** A WebAssembly module that runs a whole program with one call per thread. */
export interface RenderedWasm {
  readonly kind: "wasm";
  /**
   * The module. It imports memory "env"."memory" (shared when rendered so) and the functions "math"."exp" ... that
   * float64 kernels call, and for a program with a clock slot "host"."now", a clock in milliseconds. It exports `run(table, thread, threads)`.
   *
   * `table` is the byte address of an i32 array: [barrier counter, barrier generation, arena base, slot 0, slot 1,
   * ..., counters]; addresses are in bytes. All `threads` threads (numbers 0 to threads - 1) must call `run`; when one call
   * returns, the work of all of them is done. The counter is 0 before and after every launch. The generation is
   * whatever the last launch left there and only grows (wrapping around): nobody else may write it while a thread is
   * inside `run`, except to let threads through the barriers of a launch that has failed. The counters (see
   * {@link countersOf}) are 0 before every launch. A module rendered for memory that is not shared has no barrier, and `threads` must be 1.
   */
  readonly bytes: Uint8Array;
  /** Names of the Math functions that the module imports. */
  readonly mathImports: readonly string[];
}

/** A C file that runs a whole program with one call per thread. */
export interface RenderedC {
  readonly kind: "c";
  /**
   * The text. It exports `void tatami_run(char *memory, const uint32_t *table, int32_t thread, int32_t threads,
   * void (*barrier)(void *), void *pool)`. `table` is laid out as for WebAssembly, with byte offsets into `memory`; its
   * first two words are not used. All threads must call it; between stages each calls `barrier(pool)`, which returns
   * when all have.
   */
  readonly source: string;
}

/** Index in the table of the arena's base address, and of slot 0. */
export const tableArenaBase = 2;
export const tableFirstSlot = 3;

/** Words of a cache line: what one thread counts lies apart from what others do. */
const lineWords = 16;

const wholeLines = (words: number): number => Math.ceil(words / lineWords) * lineWords;

/**
 * Where the counters of a program lie in its table. Each thread has `stride` of them, one for each call: how many chunks of its
 * share have been taken, by itself or by a thread that was done with its own.
 */
export function countersOf({ slots, stages }: Program): { readonly first: number; readonly stride: number } {
  const calls = stages.reduce((count, stage) => count + stage.calls.length, 0);
  return { first: wholeLines(tableFirstSlot + slots.length), stride: wholeLines(calls) };
}

/** A share is taken in so many pieces. */
export const pieces = 8;

/** Whether threads take chunks of one another: where each has but one or two, there is nothing to be had. */
export const dealsOut = (chunks: number): boolean => chunks >= fewestDealt;
const fewestDealt = 8;
