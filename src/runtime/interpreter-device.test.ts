import { describe, expect, test } from "vitest";
import { add, constant, Locals, load, store, use } from "../kernel/build.ts";
import type { Program } from "../kernel/program.ts";
import type { Device } from "./device.ts";
import { createInterpreterDevice } from "./interpreter-device.ts";
import { createWasmDevice } from "./wasm/device.ts";

/** slot 1 = slot 0 + 1 by way of the arena: two stages, `size` chunks of one element each. */
function incrementProgram(size: number): Program {
  const chunk = new Locals().local("chunk", "i32");
  const kernel = (name: string, added: number): Program["kernels"][number] => ({
    name,
    buffers: [
      { dtype: "float32", size, access: "read" },
      { dtype: "float32", size, access: "write" },
    ],
    chunks: size,
    chunk,
    body: [store(1, use(chunk), add(load(0, "float32", use(chunk)), constant(added, "f32")))],
    flops: size,
  });
  const arena = { kind: "arena", byteOffset: 64 } as const;
  const slot = (index: number) => ({ kind: "slot", slot: index }) as const;
  return {
    kernels: [kernel("first", 0.25), kernel("second", 0.75)],
    stages: [
      { calls: [{ kernel: 0, places: [slot(0), arena] }] },
      { calls: [{ kernel: 1, places: [arena, slot(1)] }] },
    ],
    slots: [
      { dtype: "float32", size },
      { dtype: "float32", size },
    ],
    arenaBytes: 64 + 4 * size,
  };
}

describe.each<[string, () => Device]>([
  ["interpreter", () => createInterpreterDevice()],
  ["wasm, 1 thread", () => createWasmDevice({ threads: 1 })],
  ["wasm, 2 threads", () => createWasmDevice({ threads: 2 })],
])("%s", (_, create) => {
  test("runs a program over slots and arena, blocking and not", async () => {
    const device = create();
    const size = 1000;
    const program = incrementProgram(size);
    const executable = device.compile(program);
    const [arena, from, to] = [program.arenaBytes, 4 * size, 4 * size].map((bytes) =>
      device.allocate(bytes),
    ) as [number, number, number];
    device.view("float32", from, size).set(Array.from({ length: size }, (_, i) => i));
    const expected = Array.from({ length: size }, (_, i) => i + 1);
    await device.run(executable, arena, [from, to]);
    expect([...device.view("float32", to, size)]).toEqual(expected);
    device.view("float32", to, size).fill(0);
    device.runSync(executable, arena, [from, to]);
    expect([...device.view("float32", to, size)]).toEqual(expected);
    executable.dispose();
    await device.close();
    await expect(device.run(executable, arena, [from, to])).rejects.toThrow(/closed/);
  });

  test("keeps what lies in memory when it grows, and gives zeros", () => {
    const device = create();
    const first = device.allocate(8);
    device.view("float64", first, 1)[0] = 2.5;
    const large = device.allocate(3_000_000);
    expect(device.view("float64", first, 1)[0]).toBe(2.5);
    device.view("uint8", large, 3_000_000).fill(9);
    device.free(large);
    expect(device.bytesInUse).toBe(64);
    const again = device.allocate(1_000_000);
    expect(device.view("uint8", again, 1_000_000).every((value) => value === 0)).toBe(true);
  });
});

test.each([1, 4, 16])("the interpreter is scheduled for %i lanes on request", (lanes) => {
  expect(createInterpreterDevice({ lanes }).target.lanes).toBe(lanes);
});
