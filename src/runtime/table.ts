/**
 * The table through which a launch tells a program where its memory lies; every renderer reads it alike.
 */
import type { TypedArray } from "../base/dtype.ts";
import { EngineError } from "../base/errors.ts";
import type { Program } from "../kernel/program.ts";
import { countersOf, tableArenaBase, tableFirstSlot } from "../render/rendered.ts";

/** Bytes of a program's table for so many threads. */
export function tableBytes(program: Program, threads: number): number {
  const { first, stride } = countersOf(program);
  return 4 * (first + threads * stride);
}

/** Writes the table at an index of 32-bit `words`. @throws EngineError when the program has another number of slots */
export function writeTable(
  words: TypedArray,
  at: number,
  program: Program,
  threads: number,
  arena: number,
  slots: readonly number[],
): void {
  const expected = program.slots.length;
  if (slots.length !== expected) {
    throw new EngineError(`run: ${slots.length} slot addresses given, the program has ${expected} slots`, {
      slots: slots.length,
      expected,
    });
  }
  // The barrier of WebAssembly, which a failed launch leaves anyhow, and the counters.
  words.fill(0, at, at + tableArenaBase);
  words.fill(0, at + tableFirstSlot + expected, at + tableBytes(program, threads) / 4);
  words[at + tableArenaBase] = arena;
  for (let i = 0; i < expected; i++) words[at + tableFirstSlot + i] = slots[i] as number;
}
