/**
 * A program: the kernels of one flush, the order they run in, and where their buffers lie. It is pure data; the
 * interpreter runs it as it is, a renderer turns it into code.
 */
import type { DType } from "../base/dtype.ts";
import type { Kernel } from "./ir.ts";

/**
 * Where a buffer of a call lies: at a fixed offset in the arena, at one in the scratch memory that each thread has of
 * its own, or wherever the launch binds a slot.
 */
export type Place =
  | { readonly kind: "arena"; readonly byteOffset: number }
  | { readonly kind: "scratch"; readonly byteOffset: number }
  | { readonly kind: "slot"; readonly slot: number };

/** One run of a kernel, with the place of each of its buffers in the order of `Kernel.buffers`. */
export interface Call {
  readonly kernel: number;
  readonly places: readonly Place[];
  /** Whether it writes only such elements of a buffer as another call of its stage, which writes that buffer too, leaves. */
  readonly fillsUp?: true;
}

/** Calls that do not depend on each other. All calls of a stage end before the next stage begins. */
export interface Stage {
  readonly calls: readonly Call[];
}

/** Memory that the launch binds: a parameter, an input, an output that outlives the arena. */
export interface SlotDecl {
  readonly dtype: DType;
  readonly size: number;
}

export interface Program {
  readonly kernels: readonly Kernel[];
  readonly stages: readonly Stage[];
  readonly slots: readonly SlotDecl[];
  /** Bytes of the arena that the program needs; offsets in it are multiples of 64. */
  readonly arenaBytes: number;
  /** Bytes of scratch memory that each thread needs, behind the arena; a multiple of 64. None by default. */
  readonly scratchBytes?: number;
  /**
   * A float64 slot for a profile: element 0 gets the time in milliseconds at which the program starts, element i + 1
   * that at which stage i has ended on all threads.
   */
  readonly clock?: number;
}

/** Bytes behind the arena's base that a launch with so many threads needs: the arena, then the scratch of each thread. */
export function launchBytes({ arenaBytes, scratchBytes = 0 }: Program, threads: number): number {
  return arenaBytes + threads * scratchBytes;
}

/** The program with every call a stage of its own, in their order, and a clock slot behind the other slots. */
export function timedProgram(program: Program): Program {
  const stages = program.stages.flatMap((stage) => stage.calls.map((call) => ({ calls: [call] })));
  const clock: SlotDecl = { dtype: "float64", size: stages.length + 1 };
  return { ...program, stages, slots: [...program.slots, clock], clock: program.slots.length };
}

/** What a program is rendered for. The schedule reads it to choose vector widths and tiles. */
export interface Target {
  /** f32 lanes of a vector register. */
  readonly lanes: number;
  /** Whether such a vector is computed half by half, so that vectors of half the lanes take half the time; false if absent. */
  readonly halves?: boolean;
  /** Vector registers. */
  readonly registers: number;
  /** Whether multiply-add is one instruction. */
  readonly fma: boolean;
  /** Whether it can be told to fetch memory ahead. */
  readonly prefetch: boolean;
}
