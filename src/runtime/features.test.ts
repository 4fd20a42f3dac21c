import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { expect, test, vi } from "vitest";
import { hostFeatures } from "./features.ts";

test("Node has all that the engine asks for", () => {
  expect(hostFeatures()).toEqual({
    sharedMemory: true,
    simd: true,
    relaxedSimd: true,
    waitAsync: true,
    canBlock: true,
    cores: availableParallelism(),
  });
});

test("relaxed SIMD works in worker threads too", async () => {
  expect(hostFeatures().relaxedSimd).toBe(true);
  // One function: three zero vectors, f32x4.relaxed_madd.
  const zero = [0x41, 0, 0xfd, 0x0f];
  const code = [0x0a, 19, 1, 17, 0, ...zero, ...zero, ...zero, 0xfd, 0x85, 2, 0x0b];
  const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, ...code];
  const source = `const { parentPort, workerData } = require("node:worker_threads");
    parentPort.postMessage(WebAssembly.validate(new Uint8Array(workerData)));`;
  const worker = new Worker(source, { eval: true, execArgv: [], workerData: bytes });
  expect(await new Promise((resolve) => worker.once("message", resolve))).toBe(true);
  await worker.terminate();
});

test("TATAMI_RELAXED=0 turns relaxed SIMD off; without isolation no memory is shared", async () => {
  vi.stubEnv("TATAMI_RELAXED", "0");
  vi.stubGlobal("crossOriginIsolated", false);
  vi.resetModules();
  const fresh = await import("./features.ts");
  expect(fresh.hostFeatures()).toMatchObject({ relaxedSimd: false, sharedMemory: false });
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});
