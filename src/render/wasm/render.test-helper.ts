/** Shared by the tests of this folder: runs a program as WebAssembly and on the interpreter, and compares. */
import v8 from "node:v8";
import { expect } from "vitest";
import { byteSize, type TypedArray, viewOf } from "../../base/dtype.ts";
import { interpret } from "../../kernel/interpreter.ts";
import type { BufferDecl, Kernel, Local, Stmt } from "../../kernel/ir.ts";
import type { Program } from "../../kernel/program.ts";
import { erf, power } from "../../kernel/scalar-math.ts";
import { verifyProgram } from "../../kernel/verify.ts";
import { tableFirstSlot } from "../rendered.ts";
import { renderWasm, type WasmOptions } from "./render.ts";

// Before the first module is compiled; later versions have it on and ignore the flag.
v8.setFlagsFromString("--experimental-wasm-relaxed-simd");

export const mathImports: WebAssembly.ModuleImports = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  erf,
  pow: power,
};

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

/** Where a program's memory lies: the table first, then the arena, then the slots. */
export interface Layout {
  readonly arena: number;
  readonly slots: readonly number[];
  readonly bytes: number;
}

export function layOut(program: Program): Layout {
  const arena = 1024;
  let end = arena + program.arenaBytes;
  const slots = program.slots.map(({ dtype, size }) => {
    const at = Math.ceil(end / 64) * 64;
    end = at + size * byteSize(dtype);
    return at;
  });
  return { arena, slots, bytes: end };
}

export function viewsOf(program: Program, layout: Layout, memory: ArrayBufferLike): TypedArray[] {
  return program.slots.map(({ dtype, size }, i) => viewOf(dtype, memory, layout.slots[i] ?? 0, size));
}

export function writeTable(layout: Layout, memory: ArrayBufferLike): void {
  new Int32Array(memory, 0, tableFirstSlot + layout.slots.length).set([0, 0, layout.arena, ...layout.slots]);
}

export type Contents = readonly (ArrayLike<number> | undefined)[];

/** Runs a program on one thread and returns the contents of all slots. */
export function runWasm(program: Program, contents: Contents, options: WasmOptions): TypedArray[] {
  const { bytes } = renderWasm(program, options);
  const layout = layOut(program);
  const pages = Math.ceil(layout.bytes / 65536);
  const memory = new WebAssembly.Memory(
    options.shared ? { initial: pages, maximum: 65536, shared: true } : { initial: pages },
  );
  const views = viewsOf(program, layout, memory.buffer);
  for (const [i, view] of views.entries()) view.set(contents[i] ?? []);
  writeTable(layout, memory.buffer);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), {
    env: { memory },
    math: mathImports,
  });
  (instance.exports.run as (table: number, thread: number, threads: number) => void)(0, 0, 1);
  return views;
}

/** Runs a program on the interpreter and returns the contents of all slots. */
export function runOracle(program: Program, contents: Contents): TypedArray[] {
  const layout = layOut(program);
  const memory = new ArrayBuffer(layout.bytes);
  const views = viewsOf(program, layout, memory);
  for (const [i, view] of views.entries()) view.set(contents[i] ?? []);
  interpret(program, memory, layout.arena, layout.slots);
  return views;
}

/**
 * Expects WebAssembly, rendered in every way, to compute what the interpreter does.
 *
 * @param tolerance largest error of a float, relative to its size or absolute below 1
 */
export function expectSame(program: Program, contents: Contents, tolerance = 0): void {
  verifyProgram(program);
  const expected = runOracle(program, contents);
  for (const shared of [false, true]) {
    for (const relaxed of [false, true]) {
      const actual = runWasm(program, contents, { shared, relaxed });
      for (const [slot, view] of actual.entries()) {
        for (let i = 0; i < view.length; i++) {
          const got = view[i] as number;
          const wanted = expected[slot]?.[i] as number;
          const isSame = got === wanted || (Number.isNaN(got) && Number.isNaN(wanted));
          if (isSame || Math.abs(got - wanted) <= tolerance * Math.max(1, Math.abs(wanted))) continue;
          expect.fail(
            `shared ${shared}, relaxed ${relaxed}: slot ${slot}[${i}] is ${got}, the interpreter says ${wanted}`,
          );
        }
      }
    }
  }
}
