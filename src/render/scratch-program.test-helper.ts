/** A program whose threads need scratch memory of their own, for tests of renderers and of whoever launches programs. */
import { add, define, int, Locals, load, loop, set, store, use } from "../kernel/build.ts";
import type { Kernel } from "../kernel/ir.ts";
import type { Program } from "../kernel/program.ts";

const chunks = 13;
const terms = 32;
const arenaBytes = 64;
const scratchBytes = 192;
/** Where in a thread's scratch memory each chunk leaves its number. */
const markOffset = 128;

/** out[chunk] = chunk + sum over i of (chunk + i), by way of two buffers of scratch memory. */
function kernel(): Kernel {
  const locals = new Locals();
  const chunk = locals.local("chunk", "i32");
  const i = locals.local("i", "i32");
  const j = locals.local("j", "i32");
  const sum = locals.variable("sum", "i32");
  return {
    name: "through_scratch",
    buffers: [
      { dtype: "int32", size: chunks, access: "write" },
      { dtype: "int32", size: terms, access: "scratch" },
      { dtype: "int32", size: 1, access: "scratch" },
    ],
    chunks,
    chunk,
    body: [
      store(2, int(0), use(chunk)),
      loop(i, int(0), int(terms), 1, [store(1, use(i), add(use(chunk), use(i)))]),
      define(sum, load(2, "int32", int(0))),
      loop(j, int(0), int(terms), 1, [set(sum, add(use(sum), load(1, "int32", use(j))))]),
      store(0, use(chunk), use(sum)),
    ],
    flops: 0,
  };
}

/** One slot for the results. */
export function scratchProgram(): Program {
  const places = [
    { kind: "slot", slot: 0 },
    { kind: "scratch", byteOffset: 0 },
    { kind: "scratch", byteOffset: markOffset },
  ] as const;
  return {
    kernels: [kernel()],
    stages: [{ calls: [{ kernel: 0, places }] }],
    slots: [{ dtype: "int32", size: chunks }],
    arenaBytes,
    scratchBytes,
  };
}

/** What the slot holds afterwards. */
export const scratchResults: readonly number[] = Array.from({ length: chunks }, (_, chunk) => {
  return (terms + 1) * chunk + (terms * (terms - 1)) / 2;
});

/** Where threads leave the number of their last chunk, in bytes from the arena's base. */
export const marksOf = (threads: number): readonly number[] =>
  Array.from({ length: threads }, (_, thread) => arenaBytes + thread * scratchBytes + markOffset);

/** Whether these can be last chunks of threads, in the last launch or one before it where a thread came too late for any. */
export function areLast(marks: readonly number[]): boolean {
  return marks.some((mark) => mark > 0) && marks.every((mark) => mark >= 0 && mark < chunks);
}
