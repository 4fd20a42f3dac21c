/**
 * The table through which a launch tells a program where its memory lies; every renderer reads it alike.
 */
import type { TypedArray } from "../base/dtype.ts";
import { EngineError } from "../base/errors.ts";
import type { Program } from "../kernel/program.ts";
import { countersOf, tableArenaBase, tableFirstSlot } from "../render/rendered.ts";
import type { Device } from "./device.ts";

/** Where a program's table lies: its address, how many words of 32 bits it has, and which addresses stand in it. */
export interface Table {
  readonly address: number;
  readonly words: number;
  slots: readonly number[] | null;
}

/** A table in a device's memory, for so many threads. */
export function allocateTable(device: Pick<Device, "allocate" | "threads">, program: Program): Table {
  const { first, stride } = countersOf(program);
  const words = first + device.threads * stride;
  return { address: device.allocate(4 * words), words, slots: null };
}

/**
 * Writes a table into memory, given as words of 32 bits from the index `at` on.
 *
 * @param slots must not change afterwards
 * @throws EngineError when the program has another number of slots
 */
export function writeTable(
  memory: TypedArray,
  at: number,
  table: Table,
  program: Program,
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
  memory.fill(0, at, at + tableArenaBase);
  memory.fill(0, at + tableFirstSlot + expected, at + table.words);
  memory[at + tableArenaBase] = arena;
  // A program that comes again with what it had is given the same list.
  if (table.slots === slots) return;
  table.slots = slots;
  for (let i = 0; i < expected; i++) memory[at + tableFirstSlot + i] = slots[i] as number;
}
