import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { runScript } from "../../../test/setup/run-script.ts";
import { ArgumentError, EngineError } from "../../base/errors.ts";
import { runOracle } from "../../render/render.test-helper.ts";
import { tableArenaBase } from "../../render/rendered.ts";
import { stagesContents, stagesProgram } from "../../render/stages-program.test-helper.ts";
import type { Device } from "../device.ts";
import { createWasmDevice } from "./device.ts";
import { erf } from "./host-math.ts";
import { counting, countingOnce, ModuleTable, moduleOf, op, slot, trapping } from "./modules.test-helper.ts";

const modules = new ModuleTable();
const devices: Device[] = [];

function open(threads: number): Device {
  const device = createWasmDevice({ threads, together: true, render: modules.render });
  devices.push(device);
  return device;
}

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(devices.splice(0).map((device) => device.close()));
});

const countingProgram = () => modules.program(moduleOf(countingOnce), 1);

describe.each([1, 2, 3])("launches on %i threads", (threads) => {
  test("a thousand asynchronous ones, each done once by so many", async () => {
    const device = open(threads);
    const executable = device.compile(countingProgram());
    const counter = device.allocate(4);
    for (let i = 0; i < 1000; i++) await device.run(executable, 0, [counter]);
    expect(device.view("int32", counter, 1)[0]).toBe(1000 * threads);
  });

  test("a thousand blocking ones, also mixed with asynchronous ones", async () => {
    const device = open(threads);
    const executable = device.compile(countingProgram());
    const counter = device.allocate(4);
    const pending: Promise<void>[] = [];
    for (let i = 0; i < 1000; i++) {
      if (i % 3 === 0) {
        pending.push(device.run(executable, 0, [counter]));
        device.waitSync();
      } else device.runSync(executable, 0, [counter]);
      expect(device.view("int32", counter, 1)[0]).toBe((i + 1) * threads);
    }
    await Promise.all(pending);
  });

  test("after pauses in which the threads fall asleep", async () => {
    const device = open(threads);
    const executable = device.compile(countingProgram());
    const counter = device.allocate(4);
    for (let i = 0; i < 20; i++) {
      await device.run(executable, 0, [counter]);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    expect(device.view("int32", counter, 1)[0]).toBe(20 * threads);
  });

  test("many programs in turn, some loaded late, some given back", async () => {
    const device = open(threads);
    const counter = device.allocate(4);
    const before = device.bytesInUse;
    for (let i = 0; i < 50; i++) {
      const executable = device.compile(countingProgram());
      await device.run(executable, 0, [counter]);
      if (threads > 1) device.runSync(executable, 0, [counter]);
      executable.dispose();
    }
    expect(device.view("int32", counter, 1)[0]).toBe(50 * (threads > 1 ? 2 * threads : 1));
    expect(device.bytesInUse - before).toBeLessThanOrEqual(2048); // the pool's control block alone
  });
});

test("a program that is quicker on the calling thread than on all of them ends up there", async () => {
  const device = createWasmDevice({ threads: 3, render: modules.render });
  devices.push(device);
  const executable = device.compile(countingProgram());
  const counter = device.allocate(4);
  const runs = async (count: number): Promise<number> => {
    const before = device.view("int32", counter, 1)[0] as number;
    for (let i = 0; i < count; i++) await device.run(executable, 0, [counter]);
    return (device.view("int32", counter, 1)[0] as number) - before;
  };
  expect(await runs(6)).toBe(18);
  expect(await runs(12)).toBe(6 + 18);
  expect(await runs(100)).toBe(100);
  device.runSync(executable, 0, [counter]);
  expect(await runs(1)).toBe(1);
});

test("passes table, thread and threads as the renderer's contract says", async () => {
  const device = open(2);
  // Every thread adds the thread count to the arena's first word, waits for the other, and writes to its own slot.
  const code = [
    ...[...op.table, ...op.load(4 * tableArenaBase), ...op.threads, ...op.atomicAdd, ...op.drop],
    ...[...op.loop, ...op.table, ...op.load(4 * tableArenaBase), ...op.atomicLoad],
    ...[...op.const(4), ...op.notEqual, ...op.branchIf, ...op.end],
    ...[...op.thread, ...op.if, ...slot(1), ...op.thread, ...op.store(0)],
    ...[...op.else, ...slot(0), ...op.threads, ...op.store(0), ...op.end],
  ];
  const executable = device.compile(modules.program(moduleOf(code), 2));
  const [arena, a, b] = [device.allocate(64), device.allocate(4), device.allocate(4)];
  await device.run(executable, arena, [a, b]);
  const read = (address: number) => device.view("int32", address, 1)[0];
  expect([read(arena), read(a), read(b)]).toEqual([4, 2, 1]);
});

test.each([1, 2])("programs call the host's math, with %i threads", async (threads) => {
  const device = open(threads);
  const code = [...slot(0), ...slot(0), ...op.loadF64, ...op.call(0), ...op.call(1), ...op.storeF64];
  // Thread 0 alone, so that the value is changed once.
  const once = [...op.thread, ...op.if, ...op.else, ...code, ...op.end];
  const executable = device.compile(modules.program(moduleOf(once, ["exp", "erf"]), 1));
  const address = device.allocate(8);
  const launches = [
    () => device.run(executable, 0, [address]),
    async () => device.runSync(executable, 0, [address]),
  ];
  for (const launch of launches) {
    device.view("float64", address, 1)[0] = -0.5;
    await launch();
    expect(device.view("float64", address, 1)[0]).toBe(erf(Math.exp(-0.5)));
  }
});

describe("memory", () => {
  test("grows while threads are running, and everybody sees it", async () => {
    const device = open(2);
    const executable = device.compile(countingProgram());
    const small = device.allocate(4);
    await device.run(executable, 0, [small]);
    const large = device.allocate(200 * 2 ** 20);
    const last = large + 200 * 2 ** 20 - 4;
    await device.run(executable, 0, [last]);
    await device.run(executable, 0, [small]);
    expect([device.view("int32", small, 1)[0], device.view("int32", last, 1)[0]]).toEqual([4, 2]);
  });

  test("is zero, also where it was used before", () => {
    const device = open(1);
    const first = device.allocate(256);
    device.view("uint8", first, 256).fill(7);
    device.free(first);
    const second = device.allocate(200_000);
    expect(second).toBe(first);
    expect(device.view("uint8", second, 200_000).some((value) => value !== 0)).toBe(false);
  });

  test("reaches beyond 2 GiB", async () => {
    const device = open(2);
    device.allocate(2 ** 31);
    const high = device.allocate(4);
    expect(high).toBeGreaterThan(2 ** 31);
    await device.run(device.compile(countingProgram()), 0, [high]);
    expect(device.view("int32", high, 1)[0]).toBe(2);
  });

  test("that cannot be had is an error, and the device lives on", () => {
    const device = open(1);
    expect(() => device.allocate(2 ** 33)).toThrow(/8193 MiB are needed.*smaller batch/);
    expect(device.allocate(64)).toBeGreaterThan(0);
  });
});

test.each([2, 3])("a quick program runs on the calling thread and %i - 1 others", async (threads) => {
  const device = open(threads);
  // Only thread 0 adds: once a launch, whoever it is.
  const executable = device.compile(
    modules.program(moduleOf([...op.thread, ...op.if, ...op.else, ...counting, ...op.end]), 1),
  );
  const counter = device.allocate(4);
  const value = (): number => device.view("int32", counter, 1)[0] as number;
  let ended = 0;
  for (let i = 1; i <= 50; i++) {
    const running = device.run(executable, 0, [counter]);
    // A launch that other threads have to be woken for has not begun yet.
    if (value() === i) ended++;
    await running;
    expect(value()).toBe(i);
  }
  expect(ended).toBeGreaterThan(25);
});

test.each([2, 3])(
  "what was begun on %i threads ends when the calling one takes part, however late",
  async (threads) => {
    const device = createWasmDevice({ threads, together: true });
    devices.push(device);
    const program = stagesProgram(4);
    const executable = device.compile(program);
    const arena = device.allocate(program.arenaBytes);
    const slots = program.slots.map(({ size }) => device.allocate(4 * size));
    device.view("int32", slots[0] ?? 0, 64).set(stagesContents[0] ?? []);
    expect(device.begin?.(executable, arena, slots)).toBeNull();
    for (let i = 0; i < 10; i++) await device.run(executable, arena, slots);
    for (let i = 0; i < 300; i++) {
      await (device.begin?.(executable, arena, slots) as Promise<void>);
      const until = performance.now() + (i % 7) * 0.02;
      while (performance.now() < until);
      await expect(device.run(executable, arena, slots)).rejects.toThrow(/still running/);
      device.waitSync();
      device.waitSync();
    }
    const read = program.slots.map(({ dtype, size }, i) => device.view(dtype, slots[i] ?? 0, size));
    expect(read).toEqual(runOracle(stagesProgram(4 * 310), stagesContents));
  },
);

describe("failures", () => {
  test("of another thread in what was begun, told when the calling one takes part", async () => {
    const device = open(2);
    const trap = [...op.thread, ...op.if, ...op.unreachable, ...op.end];
    // The other thread waits at the barrier word until it is let through.
    const wait = [0x03, 0x40, ...op.table, 0xfe, 0x10, 2, 4, 0x45, 0x0d, 0, 0x0b];
    const code = [...slot(0), ...op.load(0), ...op.if, ...trap, ...wait, ...op.end];
    const executable = device.compile(modules.program(moduleOf(code), 1));
    const word = device.allocate(4);
    for (let i = 0; i < 3; i++) await device.run(executable, 0, [word]);
    device.view("int32", word, 1)[0] = 1;
    await device.begin?.(executable, 0, [word]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(() => device.waitSync()).toThrow(/failed on thread 1: RuntimeError: unreachable/);
    device.view("int32", word, 1)[0] = 0;
    for (let i = 0; i < 3; i++) await device.run(executable, 0, [word]);
  });

  test("closing ends what was begun", async () => {
    const device = open(2);
    const executable = device.compile(countingProgram());
    const counter = device.allocate(4);
    for (let i = 0; i < 3; i++) await device.run(executable, 0, [counter]);
    await device.begin?.(executable, 0, [counter]);
    await device.close();
    expect(() => device.waitSync()).toThrow(/ended|closed/);
    expect(() => device.begin?.(executable, 0, [counter])).not.toThrow();
  });

  const outOfBounds = [...op.const(0x7c), ...op.load(0), ...op.drop]; // address -4

  test.each([0, 1])("a trap on thread %i, the other waiting for it, rejects the launch", async (thread) => {
    const device = open(2);
    const bad = device.compile(modules.program(moduleOf(trapping(thread)), 0));
    const good = device.compile(countingProgram());
    const counter = device.allocate(4);
    await device.run(good, 0, [counter]);
    const error = await device.run(bad, 0, []).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(EngineError);
    expect(String(error)).toMatch(new RegExp(`thread ${thread}: RuntimeError: unreachable`));
    await device.run(good, 0, [counter]);
    expect(device.view("int32", counter, 1)[0]).toBe(4);
  });

  test("a blocking launch throws, and the device goes on", () => {
    const device = open(2);
    const bad = device.compile(modules.program(moduleOf(trapping(1)), 0));
    const good = device.compile(countingProgram());
    const counter = device.allocate(4);
    expect(() => device.runSync(bad, 0, [])).toThrow(EngineError);
    device.runSync(good, 0, [counter]);
    expect(device.view("int32", counter, 1)[0]).toBe(2);
  });

  test.each(["async", "blocking"])(
    "of a worker in a quick program, while the caller waits for it, %s",
    async (way) => {
      const device = open(3);
      // Traps on thread 2 if the word in slot 0 is set; the others wait at the barrier word until they are let through.
      const trap = [...op.thread, ...op.const(2), ...op.eq, ...op.if, ...op.unreachable, ...op.end];
      const wait = [0x03, 0x40, ...op.table, 0xfe, 0x10, 2, 4, 0x45, 0x0d, 0, 0x0b];
      const code = [...slot(0), ...op.load(0), ...op.if, ...trap, ...wait, ...op.end];
      const executable = device.compile(modules.program(moduleOf(code), 1));
      const word = device.allocate(4);
      const launch = async (): Promise<void> => {
        if (way === "async") await device.run(executable, 0, [word]);
        else device.runSync(executable, 0, [word]);
      };
      for (let i = 0; i < 3; i++) await launch();
      device.view("int32", word, 1)[0] = 1;
      await expect(launch()).rejects.toThrow(/failed on thread 2: RuntimeError: unreachable/);
      device.view("int32", word, 1)[0] = 0;
      for (let i = 0; i < 3; i++) await launch();
    },
  );

  test("of the caller in a quick program", async () => {
    const device = open(2);
    const trap = [...op.thread, ...op.if, ...op.else, ...op.unreachable, ...op.end];
    const code = [...slot(0), ...op.load(0), ...op.if, ...trap, ...op.end];
    const executable = device.compile(modules.program(moduleOf(code), 1));
    const word = device.allocate(4);
    for (let i = 0; i < 3; i++) await device.run(executable, 0, [word]);
    device.view("int32", word, 1)[0] = 1;
    await expect(device.run(executable, 0, [word])).rejects.toThrow(/failed on thread 0/);
    device.view("int32", word, 1)[0] = 0;
    for (let i = 0; i < 3; i++) await device.run(executable, 0, [word]);
  });

  test("a launch that is awaited and waited for fails in both ways", async () => {
    const device = open(2);
    const bad = device.compile(modules.program(moduleOf(trapping(0)), 0));
    const promise = device.run(bad, 0, []);
    expect(() => device.waitSync()).toThrow(/unreachable/);
    await expect(promise).rejects.toThrow(/unreachable/);
  });

  test("an access out of bounds on every thread", async () => {
    const device = open(2);
    const bad = device.compile(modules.program(moduleOf(outOfBounds), 0));
    await expect(device.run(bad, 0, [])).rejects.toThrow(/out of bounds/);
  });

  test("on one thread, in line", () => {
    const device = open(1);
    const bad = device.compile(modules.program(moduleOf(outOfBounds), 0));
    expect(() => device.runSync(bad, 0, [])).toThrow(/a program failed: RuntimeError: .*out of bounds/);
  });

  test("an import that the host does not have is told by the launch", async () => {
    const device = open(2);
    const bad = device.compile(modules.program(moduleOf([], ["gamma"]), 0));
    await expect(device.run(bad, 0, [])).rejects.toThrow(/gamma/);
  });
});

describe("wrong use", () => {
  test("a second launch before the first has ended", async () => {
    const device = open(1);
    const executable = device.compile(countingProgram());
    const counter = device.allocate(4);
    const first = device.run(executable, 0, [counter]);
    await expect(device.run(executable, 0, [counter])).rejects.toThrow(/still running/);
    await first;
  });

  test("a disposed executable, or a wrong number of slots", async () => {
    const device = open(1);
    const executable = device.compile(countingProgram());
    await expect(device.run(executable, 0, [])).rejects.toThrow(/0 slot addresses given, the program has 1/);
    executable.dispose();
    executable.dispose();
    expect(() => device.runSync(executable, 0, [64])).toThrow(/disposed/);
  });

  test("a closed device; closing ends a program that never would", async () => {
    const device = open(2);
    const endless = device.compile(modules.program(moduleOf([...op.loopForever]), 0));
    const running = device.run(endless, 0, []);
    const rejected = expect(running).rejects.toThrow(/closed while a program was running/);
    await device.close();
    await rejected;
    await expect(device.run(endless, 0, [])).rejects.toThrow(/closed/);
    await device.close();
  });

  test.each([0, -1, 1.5, 1000])("%d threads", (threads) => {
    expect(() => createWasmDevice({ threads })).toThrow(ArgumentError);
  });
});

test("the option wins over TATAMI_THREADS, which wins over the cores", () => {
  vi.stubEnv("TATAMI_THREADS", "3");
  expect(createWasmDevice().threads).toBe(3);
  expect(createWasmDevice({ threads: 2 }).threads).toBe(2);
  vi.stubEnv("TATAMI_THREADS", "many");
  expect(() => createWasmDevice()).toThrow(/TATAMI_THREADS: many is no number of threads/);
});

describe("a process", () => {
  // Counts down from a large number, which takes some tenths of a second.
  const slow =
    "[0x41, 0x80, 0x80, 0x80, 0x80, 1, 0x21, 2, 3, 0x40, 0x20, 2, 0x41, 1, 0x6b, 0x22, 2, 0x0d, 0, 0x0b]";

  test("lives until its programs have ended, and ends by itself then", async () => {
    const source = (file: string): string => JSON.stringify(join(import.meta.dirname, file));
    const output = await runScript(`
      import { createWasmDevice } from ${source("device.ts")};
      import * as encode from ${source("modules.test-helper.ts")};
      const modules = new encode.ModuleTable();
      const device = createWasmDevice({ threads: 2, render: modules.render });
      const counter = device.allocate(4);
      const code = [...encode.countingOnce, ...${slow}];
      const executable = device.compile(modules.program(encode.moduleOf(code), 1));
      for (let i = 0; i < 3; i++) await device.run(executable, 0, [counter]);
      console.log("count", device.view("int32", counter, 1)[0]);
    `);
    expect(output).toBe("count 6\n");
  }, 30_000);
});
