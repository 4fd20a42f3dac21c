/**
 * Hand-encoded modules with the interface that renderers promise, for tests of the pool and the device. The
 * names of instructions are those of the WebAssembly text format.
 */
import type { Program } from "../../kernel/program.ts";
import { type RenderedWasm, tableFirstSlot } from "../../render/rendered.ts";

const i32 = 0x7f;
const f64 = 0x7c;

/** Instructions as bytes; numbers below 64 are encoded as they are. */
export const op = {
  unreachable: [0x00],
  loopForever: [0x03, 0x40, 0x0c, 0, 0x0b],
  if: [0x04, 0x40],
  else: [0x05],
  end: [0x0b],
  table: [0x20, 0],
  thread: [0x20, 1],
  threads: [0x20, 2],
  call: (index: number): number[] => [0x10, index],
  const: (value: number): number[] => [0x41, value],
  eq: [0x46],
  sub: [0x6b],
  load: (offset: number): number[] => [0x28, 2, offset],
  store: (offset: number): number[] => [0x36, 2, offset],
  loadF64: [0x2b, 3, 0],
  storeF64: [0x39, 3, 0],
  atomicAdd: [0xfe, 0x1e, 2, 0],
  atomicLoad: [0xfe, 0x10, 2, 0],
  loop: [0x03, 0x40],
  branchIf: [0x0d, 0],
  notEqual: [0x47],
  drop: [0x1a],
} as const;

/** Pushes the address of a slot of the launch. */
export const slot = (index: number): number[] => [...op.table, ...op.load(4 * (tableFirstSlot + index))];

/** Adds 1 to the word in slot 0, once a thread. */
export const counting: readonly number[] = [...slot(0), ...op.const(1), ...op.atomicAdd, ...op.drop];

/** Adds the number of threads to the word in slot 0, once a launch: the thread that comes first does. */
export const countingOnce: readonly number[] = [
  ...[...op.table, ...op.const(1), ...op.atomicAdd, ...op.if, ...op.else],
  ...[...slot(0), ...op.threads, ...op.atomicAdd, ...op.drop, ...op.end],
];

/** Traps on one thread while the others wait for ever, as in a barrier. */
export const trapping = (thread: number): number[] => [
  ...op.thread,
  ...op.const(thread),
  ...op.eq,
  ...op.if,
  ...op.unreachable,
  ...op.else,
  ...op.loopForever,
  ...op.end,
];

const text = (value: string): number[] => [value.length, ...new TextEncoder().encode(value)];
const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)]);
const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...leb(content.length),
  ...content,
];

/** A module whose `run(table, thread, threads)` has this code; `math` names imports f64 -> f64. */
export function moduleOf(
  code: readonly number[],
  math: readonly string[] = [],
  shared = true,
): Uint8Array<ArrayBuffer> {
  const types = [2, 0x60, 3, i32, i32, i32, 0, 0x60, 1, f64, 1, f64];
  const memory = [...text("env"), ...text("memory"), 2, shared ? 3 : 1, 0, ...leb(65536)];
  const functions = math.flatMap((name) => [...text("math"), ...text(name), 0, 1]);
  const body = [0, ...code, 0x0b];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, [1 + math.length, ...memory, ...functions]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text("run"), 0, math.length]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}

/** A program with this many int32 slots of one element and no kernels; its code comes from elsewhere. */
export function emptyProgram(slots: number): Program {
  const slotDecl = { dtype: "int32", size: 1 } as const;
  return { kernels: [], stages: [], slots: new Array(slots).fill(slotDecl), arenaBytes: 0 };
}

/** A stand-in for a renderer: the module that was registered for the program. */
export class ModuleTable {
  readonly #modules = new Map<Program, Uint8Array>();

  /** A program that runs this module. */
  program(bytes: Uint8Array, slots: number): Program {
    const program = emptyProgram(slots);
    this.#modules.set(program, bytes);
    return program;
  }

  readonly render = (program: Program): RenderedWasm => {
    const bytes = this.#modules.get(program);
    if (bytes === undefined) throw new RangeError("no module is registered for this program");
    return { kind: "wasm", bytes, mathImports: [] };
  };
}
