import { expect, test } from "vitest";
import { controlLayout } from "./control.ts";
import { moduleOf, op } from "./modules.test-helper.ts";
import { WorkerPool } from "./pool.ts";

const control = 1024;

test("a late notification of the launch before does not end the wait for this one", async () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const words = new Int32Array(memory.buffer);
  // Loops until the first word of memory, at address 0, is no longer 0.
  const code = [0x03, 0x40, ...op.const(0), 0xfe, 0x10, 2, 0, 0x45, 0x0d, 0, 0x0b];
  const pool = new WorkerPool(memory, { threads: 2, control });
  let ended = false;
  const running = pool.run({ id: 1, module: new WebAssembly.Module(moduleOf(code)) }, 0).then(() => {
    ended = true;
  });
  for (let i = 0; i < 2; i++) {
    expect(Atomics.notify(words, control / 4 + controlLayout.done)).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ended).toBe(false);
  }
  Atomics.store(words, 0, 1);
  await running;
  await pool.close();
});

test("a message tells the end where Atomics.waitAsync is missing", async () => {
  const { waitAsync } = Atomics as unknown as { waitAsync: unknown };
  Reflect.deleteProperty(Atomics, "waitAsync");
  try {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const pool = new WorkerPool(memory, { threads: 2, control });
    const good = { id: 1, module: new WebAssembly.Module(moduleOf([])) };
    const bad = { id: 2, module: new WebAssembly.Module(moduleOf([...op.unreachable])) };
    for (let i = 0; i < 200; i++) {
      if (i % 3 === 0) pool.runSync(good, 0);
      else await pool.run(good, 0);
    }
    await expect(pool.run(bad, 0)).rejects.toThrow(/unreachable/);
    expect(pool.dead).toBe(true);
  } finally {
    Object.assign(Atomics, { waitAsync });
  }
});
