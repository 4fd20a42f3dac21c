/**
 * What a renderer returns: code for one program and how to launch it. Renderers are pure functions; they read no
 * file, touch no device and know nothing of each other.
 */
import { EngineError } from "../base/errors.ts";
import type { Call, Program, Stage } from "../kernel/program.ts";

/** A WebAssembly module that runs a whole program with one call per thread. */
export interface RenderedWasm {
  readonly kind: "wasm";
  /**
   * The module. It imports memory "env"."memory" (shared when rendered so) and the functions "math"."exp" ... that
   * float64 kernels call, and for a program with a clock slot "host"."now", a clock in milliseconds. It exports `run(table, thread, threads)`.
   *
   * `table` is the byte address of an i32 array: [chunks done of the stage, stages done, threads that have come, arena base,
   * slot 0, slot 1, ..., counters]; addresses are in bytes. Threads (numbers 0 to threads - 1) call `run`, as many of them as
   * there are and whenever they come: each takes chunks that nobody has taken, and waits at the end of a stage until all of
   * its chunks are done. When one call returns, the whole program is done. The first three words and the counters (see {@link countersOf}) are
   * 0 before every launch; nobody else may write them while a thread is inside `run`, except to let threads through the
   * barriers of a launch that has failed, by raising the second. A module rendered for memory that is not shared has no
   * barrier, and `threads` must be 1.
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
   * void (*barrier)(void *, uint32_t, uint32_t, uint32_t), void *pool)`. `table` is laid out as for WebAssembly, with byte
   * offsets into `memory`; its first two words are not used. Threads come as they do there; between stages each calls
   * `barrier(pool, stage, chunks, own)`, which returns when all the chunks of the stage are done, the thread's own included.
   */
  readonly source: string;
}

/** Index in the table of how many threads have come, of the arena's base address, and of slot 0. */
export const tablePresent = 2;
export const tableArenaBase = 3;
export const tableFirstSlot = 4;

/** Words of a cache line: what one thread counts lies apart from what others do. */
const lineWords = 16;

const wholeLines = (words: number): number => Math.ceil(words / lineWords) * lineWords;

/**
 * Where the counters of a program lie in its table. Each thread has `stride` of them, one for each call: how many chunks of its
 * share have been taken, by itself or by a thread that was done with its own; of a call of few chunks, whether the share has
 * been.
 */
export function countersOf({ slots, stages }: Program): { readonly first: number; readonly stride: number } {
  const calls = stages.reduce((count, stage) => count + stage.calls.length, 0);
  return { first: wholeLines(tableFirstSlot + slots.length), stride: wholeLines(calls) };
}

/** A share is taken in so many pieces. */
export const pieces = 8;

/** A call of a stage, with its place in it and the number of its chunks. */
export interface CallChunks {
  readonly call: Call;
  readonly index: number;
  readonly chunks: number;
}

/** How threads take the calls of a stage. */
export interface Dealing {
  /**
   * Calls of few chunks: each thread takes its share of each of them as a whole, and where not all threads have come yet,
   * those shares that nobody has taken. Those of one chunk are dealt out: `turn` says to whom.
   */
  readonly few: readonly (CallChunks & { readonly turn: number })[];
  /** Calls in which each thread has a share, and takes of the others' when it is done with its own. */
  readonly shared: readonly CallChunks[];
  /** Chunks of all of them. */
  readonly chunks: number;
}

/** @throws EngineError for a kernel that there is not */
export function dealingOf({ kernels }: Program, { calls }: Stage): Dealing {
  const all = calls.map((call, index) => {
    const kernel = kernels[call.kernel];
    if (kernel === undefined) throw new EngineError(`render: there is no kernel ${call.kernel}`);
    return { call, index, chunks: kernel.chunks };
  });
  const some = all.filter(({ chunks }) => chunks > 0);
  let turn = 0;
  return {
    few: some
      .filter(({ chunks }) => chunks < fewestShared)
      .map((it) => ({ ...it, turn: it.chunks === 1 ? turn++ : 0 })),
    shared: some.filter(({ chunks }) => chunks >= fewestShared),
    chunks: some.reduce((sum, { chunks }) => sum + chunks, 0),
  };
}

/** With fewer chunks, shares would be of one or two. */
const fewestShared = 8;
