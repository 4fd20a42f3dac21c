/** A program whose stages, places and shares of threads all matter, for tests of whoever launches programs. */
import { add, int, Locals, load, loop, mul, store, use } from "../kernel/build.ts";
import type { Kernel } from "../kernel/ir.ts";
import type { Place, Program } from "../kernel/program.ts";

const arena = (byteOffset: number): Place => ({ kind: "arena", byteOffset });
const slot = (index: number): Place => ({ kind: "slot", slot: index });

/** to[i] = 3 * from[i] + 1 for four elements a chunk; int32 wraps around. */
function step(chunks: number): Kernel {
  const locals = new Locals();
  const chunk = locals.local("chunk", "i32");
  const i = locals.local("i", "i32");
  const at = add(mul(use(chunk), int(4)), use(i));
  const value = add(mul(load(0, "int32", at), int(3)), int(1));
  const size = 4 * chunks;
  return {
    name: `step${chunks}`,
    buffers: [
      { dtype: "int32", size, access: "read" },
      { dtype: "int32", size, access: "write" },
    ],
    chunks,
    chunk,
    body: [loop(i, int(0), int(4), 1, [store(1, at, value)])],
    flops: 0,
  };
}

/**
 * to[i] = from[size - 1 - i]: every thread reads what another one wrote in the stage before, so a missing barrier
 * shows.
 */
function reverse(chunks: number): Kernel {
  const locals = new Locals();
  const chunk = locals.local("chunk", "i32");
  const i = locals.local("i", "i32");
  const size = 4 * chunks;
  const at = add(mul(use(chunk), int(4)), use(i));
  const opposite = add(int(size - 1), mul(at, int(-1)));
  return {
    ...step(chunks),
    name: `reverse${chunks}`,
    chunk,
    body: [loop(i, int(0), int(4), 1, [store(1, at, load(0, "int32", opposite))])],
  };
}

/** Stages that hand a buffer back and forth between slot 0 and the arena, in pieces of 1, 2 and 13 chunks. */
export function stagesProgram(rounds: number): Program {
  const kernels = [step(16), reverse(16), step(1), step(2), step(13)];
  const stages = [];
  for (let round = 0; round < rounds; round++) {
    stages.push({ calls: [{ kernel: 0, places: [slot(0), arena(0)] }] });
    stages.push({ calls: [{ kernel: 1, places: [arena(0), arena(256)] }] });
    stages.push({ calls: [] });
    // 16 chunks of 16 bytes in three calls.
    stages.push({
      calls: [
        { kernel: 2, places: [arena(256), slot(1)] },
        { kernel: 3, places: [arena(256 + 64), slot(2)] },
        { kernel: 4, places: [arena(256), slot(3)] },
        { kernel: 1, places: [arena(256), slot(0)] },
      ],
    });
  }
  return {
    kernels,
    stages,
    slots: [64, 4, 8, 52].map((size) => ({ dtype: "int32", size })),
    arenaBytes: 512,
  };
}

/** What its slots hold at first. */
export const stagesContents: readonly number[][] = [Array.from({ length: 64 }, (_, i) => i * i - 7)];
