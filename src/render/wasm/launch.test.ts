import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { add, int, Locals, load, loop, mul, store, use } from "../../kernel/build.ts";
import type { Kernel } from "../../kernel/ir.ts";
import type { Place, Program } from "../../kernel/program.ts";
import { fill, runOracle } from "../render.test-helper.ts";
import { renderWasm } from "./render.ts";
import { runWasm } from "./run-wasm.test-helper.ts";

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
function program(rounds: number): Program {
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

const contents = [Array.from({ length: 64 }, (_, i) => i * i - 7)];

test("stages, places and shares on one thread", () => {
  const expected = runOracle(program(3), contents);
  for (const shared of [false, true]) {
    expect(runWasm(program(3), contents, { shared, relaxed: false })).toEqual(expected);
  }
});

/** Runs in a worker: waits for the start signal, then launches the program again and again. */
const workerSource = `
  const { workerData, parentPort } = require("node:worker_threads");
  const { module, memory, thread, threads, launches } = workerData;
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  for (let i = 0; i < launches; i++) exports.run(0, thread, threads);
  parentPort.postMessage("done");
`;

test.each([2, 3, 5])("%i threads compute what one does, launch after launch", async (threads) => {
  const rounds = 5;
  const launches = 40;
  const { bytes } = renderWasm(program(rounds), { shared: true, relaxed: false });
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const views = fill(program(rounds), contents, memory.buffer);
  const module = new WebAssembly.Module(bytes as BufferSource);
  const workers = Array.from({ length: threads }, (_, thread) => {
    return new Worker(workerSource, {
      eval: true,
      workerData: { module, memory, thread, threads, launches },
    });
  });
  await Promise.all(
    workers.map(
      (worker) =>
        new Promise((done, fail) => {
          worker.on("message", done);
          worker.on("error", fail);
        }),
    ),
  );
  await Promise.all(workers.map((worker) => worker.terminate()));
  const expected = runOracle(program(rounds * launches), contents);
  expect(views).toEqual(expected);
  const [counter, generation] = new Int32Array(memory.buffer, 0, 2);
  expect(counter).toBe(0);
  expect(generation).toBe(rounds * launches * 3);
});
