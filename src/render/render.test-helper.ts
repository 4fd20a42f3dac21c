/** Shared by the tests of renderers: programs of one kernel, their memory, and what the interpreter makes of them. */
import { byteSize, type TypedArray, viewOf } from "../base/dtype.ts";
import { interpret } from "../kernel/interpreter.ts";
import type { BufferDecl, Kernel, Local, Stmt } from "../kernel/ir.ts";
import { launchBytes, type Program } from "../kernel/program.ts";
import { countersOf, tableFirstSlot } from "./rendered.ts";

export const buffer = (
  dtype: BufferDecl["dtype"],
  size: number,
  access: BufferDecl["access"] = "read",
): BufferDecl => ({ dtype, size, access });

/** A program of one call of one kernel, with a slot for each buffer. */
export function programOf(
  buffers: readonly BufferDecl[],
  chunk: Local,
  body: readonly Stmt[],
  chunks = 1,
): Program {
  const kernel: Kernel = { name: "test", buffers, chunks, chunk, body, flops: 0 };
  return {
    kernels: [kernel],
    stages: [{ calls: [{ kernel: 0, places: buffers.map((_, slot) => ({ kind: "slot", slot })) }] }],
    slots: buffers.map(({ dtype, size }) => ({ dtype, size })),
    arenaBytes: 0,
  };
}

/** Where a program's memory lies: the table first, then the arena with the threads' scratch memory, then the slots. */
export interface Layout {
  readonly arena: number;
  readonly slots: readonly number[];
  readonly bytes: number;
}

const aligned = (address: number): number => Math.ceil(address / 64) * 64;

export function layOut(program: Program, threads = 1): Layout {
  const { first, stride } = countersOf(program);
  const arena = aligned(4 * (first + threads * stride));
  let end = arena + launchBytes(program, threads);
  const slots = program.slots.map(({ dtype, size }) => {
    const at = aligned(end);
    end = at + size * byteSize(dtype);
    return at;
  });
  return { arena, slots, bytes: end };
}

/** Contents of slots; what is missing is zero. */
export type Contents = readonly (ArrayLike<number> | undefined)[];

/** Writes table and contents; gives the slots as views of the memory. */
export function fill(
  program: Program,
  contents: Contents,
  memory: ArrayBufferLike,
  threads = 1,
): TypedArray[] {
  const { arena, slots } = layOut(program, threads);
  new Int32Array(memory, 0, tableFirstSlot + slots.length).set([0, 0, 0, arena, ...slots]);
  return program.slots.map(({ dtype, size }, i) => {
    const view = viewOf(dtype, memory, slots[i] ?? 0, size);
    view.set(contents[i] ?? []);
    return view;
  });
}

/** Runs a program on the interpreter and returns the contents of all slots. */
export function runOracle(program: Program, contents: Contents): TypedArray[] {
  const { arena, slots, bytes } = layOut(program);
  const memory = new ArrayBuffer(bytes);
  const views = fill(program, contents, memory);
  interpret(program, memory, arena, slots);
  return views;
}

/** One program with one kernel, and what its slots hold before it runs. */
export interface Sample {
  readonly program: Program;
  readonly contents: Contents;
  /** Largest error of a float, relative to its size or absolute below 1; 0 by default. */
  readonly tolerance?: number;
  /** What slot 0 holds afterwards, where the interpreter refuses to say. */
  readonly expected?: readonly number[];
}

/** A test by name. */
export interface Case {
  readonly name: string;
  readonly samples: readonly Sample[];
}

/** The slots of a sample after it ran, and how it was rendered. */
export interface Outcome {
  readonly how: string;
  readonly slots: readonly TypedArray[];
}

/** A renderer, and how its code is run. */
export interface RendererUnderTest {
  /** Lanes of the vectors of 32-bit elements that it has, 1 among them. */
  readonly lanes: readonly number[];
  /** What the machine lacks for it. */
  readonly missing?: string | undefined;
  /** Error allowed for functions of float64 that come from a library. */
  readonly libraryTolerance: number;
  /** Takes all samples before the first test. Gives what became of one of them. */
  prepare(samples: readonly Sample[]): (sample: Sample) => readonly Outcome[];
}
