import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import type { TypedArray } from "../../base/dtype.ts";
import type { Program } from "../../kernel/program.ts";
import { type Contents, fill, layOut, runOracle } from "../render.test-helper.ts";
import { countersOf, tableArenaBase } from "../rendered.ts";
import { areLast, marksOf, scratchProgram, scratchResults } from "../scratch-program.test-helper.ts";
import { stagesContents, stagesProgram } from "../stages-program.test-helper.ts";
import { renderWasm } from "./render.ts";
import { runWasm } from "./run-wasm.test-helper.ts";

test("stages, places and shares on one thread", () => {
  const expected = runOracle(stagesProgram(3), stagesContents);
  for (const shared of [false, true]) {
    expect(runWasm(stagesProgram(3), stagesContents, { shared, relaxed: false })).toEqual(expected);
  }
});

/** Runs in a worker: launches the program again and again. All threads meet before each launch, and one sets all counters to 0. */
const workerSource = `
  const { workerData, parentPort } = require("node:worker_threads");
  const { module, memory, meeting, counters, thread, threads, launches } = workerData;
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const seen = new Int32Array(meeting);
  const meet = (times) => {
    Atomics.add(seen, 0, 1);
    while (Atomics.load(seen, 0) < times * threads);
  };
  for (let i = 0; i < launches; i++) {
    meet(2 * i + 1);
    if (thread === 0) for (const range of counters) new Int32Array(memory.buffer).fill(0, ...range);
    meet(2 * i + 2);
    exports.run(0, thread, threads);
  }
  parentPort.postMessage("done");
`;

/** Launches a program on several threads, again and again; gives its slots and all memory. */
async function launchOn(
  threads: number,
  program: Program,
  { contents = [], launches }: { readonly contents?: Contents; readonly launches: number },
): Promise<{ slots: TypedArray[]; memory: ArrayBufferLike }> {
  const { bytes } = renderWasm(program, { shared: true, relaxed: false });
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const slots = fill(program, contents, memory.buffer, threads);
  const module = new WebAssembly.Module(bytes as BufferSource);
  const meeting = new SharedArrayBuffer(4);
  const { first, stride } = countersOf(program);
  const counters = [
    [0, tableArenaBase],
    [first, first + threads * stride],
  ];
  const workers = Array.from({ length: threads }, (_, thread) => {
    return new Worker(workerSource, {
      eval: true,
      workerData: { module, memory, meeting, counters, thread, threads, launches },
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
  return { slots, memory: memory.buffer };
}

test.each([2, 3, 5])("%i threads compute what one does, launch after launch", async (threads) => {
  const rounds = 5;
  const launches = 40;
  const program = stagesProgram(rounds);
  const { slots, memory } = await launchOn(threads, program, { contents: stagesContents, launches });
  const expected = runOracle(stagesProgram(rounds * launches), stagesContents);
  expect(slots).toEqual(expected);
  const [chunksDone, stagesDone] = new Int32Array(memory, 0, 2);
  expect(chunksDone).toBe(0);
  expect(stagesDone).toBe(rounds * 3);
});

test.each([1, 2, 3, 5])("each of %i threads has scratch memory of its own", async (threads) => {
  const program = scratchProgram();
  const { slots, memory } = await launchOn(threads, program, { launches: 40 });
  expect([...(slots[0] ?? [])]).toEqual(scratchResults);
  const { arena } = layOut(program, threads);
  const marks = marksOf(threads).map((at) => new Int32Array(memory, arena + at, 1)[0] as number);
  expect(marks).toSatisfy(areLast);
});
