/**
 * Shared by the tests of this folder: one-kernel programs, and running them on the interpreter.
 */
import { allocate, byteSize, type DType, type TypedArray, viewOf } from "../base/dtype.ts";
import { add, int, Locals, load, loop, mul, store, use } from "./build.ts";
import { interpret } from "./interpreter.ts";
import type { BufferDecl, Expr, Kernel, Local, Stmt } from "./ir.ts";
import type { Program } from "./program.ts";
import { verifyProgram } from "./verify.ts";

export const buffer = (dtype: DType, size: number, access: BufferDecl["access"] = "read"): BufferDecl => ({
  dtype,
  size,
  access,
});

export function kernelOf(
  buffers: readonly BufferDecl[],
  body: readonly Stmt[],
  chunk: Local,
  chunks = 1,
  name = "test",
): Kernel {
  return { name, buffers, chunks, chunk, body, flops: 0 };
}

/** A program of one call, with one slot for each buffer. */
export function programOf(kernel: Kernel): Program {
  return {
    kernels: [kernel],
    stages: [{ calls: [{ kernel: 0, places: kernel.buffers.map((_, slot) => ({ kind: "slot", slot })) }] }],
    slots: kernel.buffers.map(({ dtype, size }) => ({ dtype, size })),
    arenaBytes: 0,
  };
}

/** Verifies and interprets a kernel on copies of `contents` (missing ones are zeros); returns all buffers. */
export function runKernel(
  kernel: Kernel,
  contents: readonly (ArrayLike<number> | undefined)[],
): TypedArray[] {
  const program = programOf(kernel);
  verifyProgram(program);
  let bytes = 0;
  const addresses = kernel.buffers.map(({ dtype, size }) => {
    const at = bytes;
    bytes += Math.ceil((size * byteSize(dtype)) / 64) * 64;
    return at;
  });
  const memory = new ArrayBuffer(bytes);
  const views = kernel.buffers.map((decl, i) =>
    viewOf(decl.dtype, memory, addresses[i] as number, decl.size),
  );
  views.forEach((view, i) => {
    view.set(contents[i] ?? []);
  });
  interpret(program, memory, 0, addresses);
  return views.map((view, i) => {
    const copy = allocate(kernel.buffers[i]?.dtype ?? "float32", view.length);
    copy.set(view);
    return copy;
  });
}

/** out[i] = fn(in0[i], in1[i], ...), `lanes` at a time; `size` is rounded up to a multiple of `lanes`. */
export function elementwise(
  inputs: readonly DType[],
  output: DType,
  size: number,
  lanes: number,
  fn: (...args: Expr[]) => Expr,
): Kernel {
  const locals = new Locals();
  const chunk = locals.local("chunk", "i32");
  const i = locals.local("i", "i32");
  const padded = Math.ceil(size / lanes) * lanes;
  const index = add(mul(use(chunk), int(padded)), use(i));
  const args = inputs.map((dtype, b) => load(b, dtype, index, lanes));
  const body = [loop(i, int(0), int(padded), lanes, [store(inputs.length, index, fn(...args))])];
  const buffers = [...inputs.map((dtype) => buffer(dtype, padded)), buffer(output, padded, "write")];
  return kernelOf(buffers, body, chunk);
}

/** Runs `elementwise` on samples and returns as many results. */
export function runElementwise(
  inputs: readonly (readonly [DType, ArrayLike<number>])[],
  output: DType,
  lanes: number,
  fn: (...args: Expr[]) => Expr,
  rewrite: (kernel: Kernel) => Kernel = (kernel) => kernel,
): number[] {
  const size = inputs[0]?.[1].length ?? 0;
  const kernel = rewrite(
    elementwise(
      inputs.map(([dtype]) => dtype),
      output,
      size,
      lanes,
      fn,
    ),
  );
  const results = runKernel(
    kernel,
    inputs.map(([, values]) => values),
  );
  return Array.from(results[inputs.length] as TypedArray).slice(0, size);
}
