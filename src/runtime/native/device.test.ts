import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findCompiler } from "../../../test/setup/neighbours.ts";
import { runScripts } from "../../../test/setup/run-script.ts";
import { launchBytes } from "../../kernel/program.ts";
import { runOracle } from "../../render/render.test-helper.ts";
import {
  areLast,
  marksOf,
  scratchProgram,
  scratchResults,
} from "../../render/scratch-program.test-helper.ts";
import { stagesContents, stagesProgram } from "../../render/stages-program.test-helper.ts";
import { createWasmDevice } from "../wasm/device.ts";
import { type BackgroundDevice, createNativeDevice } from "./device.ts";

const { missing } = findCompiler();
const devices: BackgroundDevice[] = [];
const rounds = 5;

beforeEach((context) => {
  context.skip(missing !== undefined, missing);
});
afterEach(async () => {
  await Promise.all(devices.splice(0).map((device) => device.close()));
});

/** A device, the program, and memory for its arena and slots. */
function open(threads: number, together = true) {
  const device = createNativeDevice(createWasmDevice({ threads }), { together });
  devices.push(device);
  const program = stagesProgram(rounds);
  const executable = device.compile(program);
  const arena = device.allocate(program.arenaBytes);
  const slots = program.slots.map(({ size }) => device.allocate(4 * size));
  device.view("int32", slots[0] ?? 0, 64).set(stagesContents[0] ?? []);
  const read = () => program.slots.map(({ dtype, size }, i) => device.view(dtype, slots[i] ?? 0, size));
  return { device, executable, arena, slots, read };
}

const expected = (launches: number) => runOracle(stagesProgram(rounds * launches), stagesContents);

describe.each([1, 2, 3, 7])("launches on %i threads compute what the interpreter does", (threads) => {
  test("a hundred asynchronous ones", async () => {
    const { device, executable, arena, slots, read } = open(threads);
    expect(device.threads).toBe(threads);
    for (let i = 0; i < 100; i++) await device.run(executable, arena, slots);
    expect(read()).toEqual(expected(100));
  });

  test("blocking ones, mixed with asynchronous ones that are waited for", async () => {
    const { device, executable, arena, slots, read } = open(threads);
    const pending: Promise<void>[] = [];
    for (let i = 0; i < 60; i++) {
      if (i % 3 === 0) {
        pending.push(device.run(executable, arena, slots));
        device.waitSync();
      } else device.runSync(executable, arena, slots);
    }
    expect(read()).toEqual(expected(60));
    await Promise.all(pending);
  });

  test("begun ones, in which the calling thread takes part sooner or later", async () => {
    const { device, executable, arena, slots, read } = open(threads);
    for (let i = 0; i < 3; i++) await device.run(executable, arena, slots);
    let count = 0;
    for (let i = 0; i < 300; i++) {
      const begun = device.begin?.(executable, arena, slots) ?? null;
      if (begun !== null) count++;
      await (begun ?? device.run(executable, arena, slots));
      const until = performance.now() + (i % 7) * 0.02;
      while (performance.now() < until);
      if (begun !== null) expect(() => device.runSync(executable, arena, slots)).toThrow(/still running/);
      device.waitSync();
      device.waitSync();
    }
    expect(read()).toEqual(expected(303));
    // What took long the last time, as any launch may on a machine that does other things, is not begun.
    if (threads === 1) expect(count).toBe(0);
    else expect(count).toBeGreaterThan(100);
  });

  test("after pauses in which the threads fall asleep", async () => {
    const { device, executable, arena, slots, read } = open(threads);
    for (let i = 0; i < 10; i++) {
      await device.run(executable, arena, slots);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    expect(read()).toEqual(expected(10));
  });
});

test("launches on as many threads as are quickest compute the same", async () => {
  const { device, executable, arena, slots, read } = open(3, false);
  for (let i = 0; i < 40; i++) {
    if (i % 2 === 0) await device.run(executable, arena, slots);
    else device.runSync(executable, arena, slots);
  }
  expect(read()).toEqual(expected(40));
});

test.each([1, 2, 3, 7])("each of %i threads has scratch memory of its own", async (threads) => {
  const device = createNativeDevice(createWasmDevice({ threads }), { together: true });
  devices.push(device);
  const program = scratchProgram();
  const executable = device.compile(program);
  const [arena, slot] = [launchBytes(program, threads), 4 * scratchResults.length].map((bytes) =>
    device.allocate(bytes),
  ) as [number, number];
  for (let i = 0; i < 40; i++) await device.run(executable, arena, [slot]);
  expect([...device.view("int32", slot, scratchResults.length)]).toEqual(scratchResults);
  const marks = marksOf(threads).map((at) => device.view("int32", arena + at, 1)[0] as number);
  expect(marks).toSatisfy(areLast);
});

test("a program compiled in the background is the same program", async () => {
  const { device, arena, slots, read } = open(2);
  const executable = await device.compileLater(stagesProgram(rounds));
  device.runSync(executable, arena, slots);
  expect(read()).toEqual(expected(1));
});

test("memory grows while threads wait, and everybody sees it", async () => {
  const { device, executable, arena, slots, read } = open(2);
  device.runSync(executable, arena, slots);
  const far = device.allocate(200 * 2 ** 20) + 199 * 2 ** 20;
  await device.run(executable, arena, [slots[0] ?? 0, far, ...slots.slice(2)]);
  await device.run(executable, arena, slots);
  expect(read()).toEqual(expected(3));
  expect(device.view("int32", far, 4)).toEqual(expected(2)[1]);
});

describe("wrong use", () => {
  test("a second launch before the first has ended", async () => {
    const { device, executable, arena, slots } = open(1);
    const first = device.run(executable, arena, slots);
    await expect(device.run(executable, arena, slots)).rejects.toThrow(/still running; await it first/);
    expect(() => device.runSync(executable, arena, slots)).toThrow(/still running/);
    await first;
    device.runSync(executable, arena, slots);
  });

  test("a disposed executable, one of another device, or a wrong number of slots", async () => {
    const { device, executable, arena, slots } = open(1);
    await expect(device.run(executable, arena, [])).rejects.toThrow(
      /0 slot addresses given, the program has 4/,
    );
    expect(() => open(1).device.runSync(executable, arena, slots)).toThrow(/belongs to another device/);
    executable.dispose();
    executable.dispose();
    expect(() => device.runSync(executable, arena, slots)).toThrow(/disposed/);
  });

  test("a closed device; closing ends what was begun", async () => {
    const { device, executable, arena, slots, read } = open(2);
    for (let i = 0; i < 3; i++) await device.run(executable, arena, slots);
    await device.begin?.(executable, arena, slots);
    await device.close();
    expect(read()).toEqual(expected(4));
    expect(() => device.begin?.(executable, arena, slots)).toThrow(/closed/);
  });

  test("a closed device; closing waits for what runs", async () => {
    const { device, executable, arena, slots } = open(2);
    const running = device.run(executable, arena, slots);
    await device.close();
    await running;
    await expect(device.run(executable, arena, slots)).rejects.toThrow(/closed/);
    expect(() => device.compile(stagesProgram(1))).toThrow(/closed/);
    await device.close();
  });
});

test("a thousand launches and a dispose leave nothing", async (context) => {
  context.skip(!existsSync("/proc/self/maps"), "the system does not list a process's memory");
  const threads = (): number => readdirSync("/proc/self/task").length;
  const objects = (): number =>
    new Set(readFileSync("/proc/self/maps", "utf8").match(/\/[0-9a-f]{64}\.so$/gm)).size;
  const { device, executable, arena, slots } = open(3);
  const before = { bytes: device.bytesInUse, objects: objects() };
  await device.run(executable, arena, slots);
  const running = threads();
  const again = device.compile(stagesProgram(rounds + 1));
  expect(objects()).toBe(before.objects + 1);
  for (let i = 0; i < 1000; i++) await device.run(again, arena, slots);
  expect(threads()).toBe(running);
  again.dispose();
  expect([device.bytesInUse, objects()]).toEqual([before.bytes, before.objects]);
  await device.close();
  // The calling thread was the third.
  expect(threads()).toBe(running - 2);
});

test("short programs, which run on the calling thread, leave the event loop its turn", async () => {
  const { device, executable, arena, slots } = open(2);
  await device.run(executable, arena, slots);
  let turns = 0;
  const timer = setInterval(() => {
    turns++;
  }, 1);
  // Nothing but the programs is awaited: without a turn of its own the timer would never run.
  const end = performance.now() + 300;
  while (performance.now() < end) await device.run(executable, arena, slots);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(5);
  await device.close();
});

test("without koffi it says so, and the automatic engine goes on without it", async () => {
  const index = JSON.stringify(join(import.meta.dirname, "../../index.ts"));
  // The script lies where no package can be found.
  const [output] = await runScripts(
    `import { createEngine, tensor, useEngine } from ${index};
     useEngine(createEngine({ engine: "auto", threads: 1 }));
     let sum = 0;
     for (let i = 0; i < 30; i++) sum += await tensor([i, 1]).sum().item();
     console.log(sum);
     try { createEngine({ engine: "native" }); } catch (error) { console.log(error.message); }`,
    [{}],
  );
  expect(output).toMatch(
    /^465\nnative: the optional package koffi cannot be loaded \(Cannot find module 'koffi'\); install it with npm i koffi\n$/,
  );
}, 60_000);
