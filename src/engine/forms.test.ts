import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { findCompiler } from "../../test/setup/neighbours.ts";
import { goingOver } from "../../test/training/going-over.test-helper.ts";
import { makeTrainer, weightBits } from "../../test/training/small-net.test-helper.ts";
import { Locals } from "../kernel/build.ts";
import type { Program } from "../kernel/program.ts";
import { compile } from "../nn/compile.ts";
import * as nn from "../nn/index.ts";
import type { Device, Executable } from "../runtime/device.ts";
import { createInterpreterDevice } from "../runtime/interpreter-device.ts";
import type { BackgroundDevice } from "../runtime/native/device.ts";
import { tensor } from "../tensor/create.ts";
import { manualSeed } from "../tensor/generator.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { createEngine, currentEngine, useEngine } from "./default.ts";
import { Engine } from "./engine.ts";
import { fasterFrom } from "./forms.ts";

/** A device over the memory of another that notes its runs. */
function noting(memory: Device, note: () => void): Device {
  return {
    ...{ name: memory.name, threads: 1, target: memory.target, notes: [] },
    allocate: (bytes) => memory.allocate(bytes),
    free: (address) => memory.free(address),
    get bytesInUse() {
      return memory.bytesInUse;
    },
    view: (...args) => memory.view(...args),
    compile: (program) => memory.compile(program),
    run: async (...args) => {
      note();
      memory.runSync(...args);
    },
    runSync: (...args) => {
      note();
      memory.runSync(...args);
    },
    canWait: true,
    waitSync: () => {},
    close: async () => {},
  };
}

/** An engine whose faster device has a compiler that ends when the test says. */
class Faster {
  /** Which device ran what, in order. */
  readonly ran: string[] = [];
  /** How the compiler was asked: blocking ("now") or in the background ("later"). */
  readonly asked: string[] = [];
  disposed = 0;
  failsNow = false;
  /** Ends the compilation in the background. */
  finish: (error?: Error) => void = () => {};

  constructor() {
    const memory = createInterpreterDevice();
    const made = (program: Program): Executable => ({
      ...{ program, compileMs: 0, codeBytes: 0 },
      dispose: () => {
        this.disposed++;
      },
    });
    const device: BackgroundDevice = {
      ...noting(memory, () => this.ran.push("faster")),
      compile: (program) => {
        this.asked.push("now");
        if (this.failsNow) throw new Error("does not compile");
        return made(program);
      },
      compileLater: (program) => {
        this.asked.push("later");
        return new Promise((resolve, reject) => {
          this.finish = (error) => (error === undefined ? resolve(made(program)) : reject(error));
        });
      },
    };
    const first = noting(memory, () => this.ran.push("first"));
    useEngine(new Engine(first, { faster: () => device, fasterAt: () => 20 }));
  }
}

const opened: Engine[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(opened.splice(0).map((engine) => engine.close()));
});

/** One run of the same program. */
const step = (): Promise<number> => tensor([1, 2]).mul(3).sum().item();
const stepSync = (): number => tensor([1, 2]).mul(3).sum().itemSync();
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));
const times = (n: number, name: string): string[] => Array<string>(n).fill(name);

describe("a program goes over to the faster device", () => {
  test("at its twentieth run, when the compiler was quick", async () => {
    const faster = new Faster();
    for (let run = 1; run <= 9; run++) await step();
    expect(faster.asked).toEqual([]);
    await step();
    expect(faster.asked).toEqual(["later"]);
    faster.finish();
    for (let run = 11; run <= 22; run++) expect(await step()).toBe(9);
    expect(faster.ran).toEqual([...times(19, "first"), ...times(3, "faster")]);
    expect(faster.asked).toEqual(["later"]);
  });

  test("at its twentieth run, also an inference that is found by its recording", async () => {
    const faster = new Faster();
    class Scaled extends nn.Module {
      readonly factor = new nn.Parameter(tensor(3));
      override forward(x: Tensor): Tensor {
        return x.mul(this.factor).sum();
      }
    }
    const predict = compile(new Scaled().eval() as Scaled);
    const infer = (): Promise<number> => noGrad(() => predict(tensor([1, 2]))).item();
    await infer();
    // The first value of the parameter has a program of its own.
    faster.ran.length = 0;
    for (let run = 2; run <= 9; run++) await infer();
    expect(faster.asked).toEqual([]);
    await infer();
    faster.finish();
    for (let run = 11; run <= 22; run++) expect(await infer()).toBe(9);
    expect(faster.ran).toEqual([...times(18, "first"), ...times(3, "faster")]);
  });

  test("at its twentieth run, when the compiler is slow: the run waits for it", async () => {
    const faster = new Faster();
    for (let run = 1; run <= 19; run++) await step();
    let done = 0;
    const late = [step(), step()].map((promise) => promise.then(() => done++));
    await turn();
    expect([faster.ran.length, done]).toEqual([19, 0]);
    faster.finish();
    await Promise.all(late);
    expect(faster.ran).toEqual([...times(19, "first"), ...times(2, "faster")]);
  });

  test("at its twentieth run, when that one blocks while the compiler works; one object is kept", async () => {
    const faster = new Faster();
    for (let run = 1; run <= 19; run++) stepSync();
    expect(stepSync()).toBe(9);
    expect(faster.asked).toEqual(["later", "now"]);
    faster.finish();
    await turn();
    expect(faster.disposed).toBe(1);
    expect([stepSync(), await step()]).toEqual([9, 9]);
    expect(faster.ran).toEqual([...times(19, "first"), ...times(3, "faster")]);
    await currentEngine().close();
    await turn();
    expect(faster.disposed).toBe(2);
  });

  test("once, when a blocking read overtakes a run that waits for the compiler", async () => {
    const faster = new Faster();
    for (let run = 1; run <= 19; run++) await step();
    const waiting = step();
    await turn();
    expect(stepSync()).toBe(9);
    expect(await waiting).toBe(9);
    faster.finish();
    await turn();
    expect(faster.ran).toEqual([...times(19, "first"), ...times(2, "faster")]);
  });

  test("again at its twentieth run after the generator was seeded, without compiling again", async () => {
    const faster = new Faster();
    for (let run = 1; run <= 20; run++) {
      const done = step();
      faster.finish();
      await done;
    }
    manualSeed(1);
    for (let run = 1; run <= 20; run++) await step();
    expect(faster.ran).toEqual([...times(19, "first"), "faster", ...times(19, "first"), "faster"]);
    expect(faster.asked).toEqual(["later"]);
  });
});

test("the run is later the quicker a program is, and a matter of the program alone", () => {
  const program = (flops: number): Program => {
    const chunk = new Locals().local("chunk", "i32");
    const kernel = { name: "work", buffers: [], chunks: 1, chunk, body: [], flops };
    return { kernels: [kernel], stages: [{ calls: [{ kernel: 0, places: [] }] }], slots: [], arenaBytes: 0 };
  };
  expect([0, 1e9, 1e12].map((flops) => fasterFrom(program(flops)))).toEqual([10_000, 249, 20]);
});

describe("a program stays on the first device", () => {
  test.each([12, 21])("when the compiler fails, told around run %i", async (when) => {
    const faster = new Faster();
    const runs: Promise<number>[] = [];
    for (let run = 1; run <= 25; run++) {
      if (run === when) faster.finish(new Error("does not compile"));
      runs.push(step());
      if (run < 20 || run > when) await runs[run - 1];
    }
    expect(await Promise.all(runs)).toEqual(Array(25).fill(9));
    expect(faster.ran).toEqual(times(25, "first"));
    expect(faster.asked).toEqual(["later"]);
  });

  test("when the compiler fails while a run blocks", () => {
    const faster = new Faster();
    faster.failsNow = true;
    for (let run = 1; run <= 25; run++) expect(stepSync()).toBe(9);
    expect(faster.ran).toEqual(times(25, "first"));
    expect(faster.asked).toEqual(["later", "now"]);
  });

  test("when the engine is closed before the compiler ends; what it made is given back", async () => {
    const faster = new Faster();
    for (let run = 1; run <= 12; run++) await step();
    await currentEngine().close();
    faster.finish();
    await turn();
    expect(faster.disposed).toBe(1);
  });
});

describe("the native engine", () => {
  /** Bits of all weights after 30 steps. */
  async function train(engine: "auto" | "native", cache: string): Promise<Record<string, string>> {
    vi.stubEnv("TATAMI_CACHE", cache);
    const made = engine === "auto" ? goingOver(2) : createEngine({ engine, threads: 2 });
    opened.push(made);
    useEngine(made);
    const { model, step: trainStep } = makeTrainer(8);
    for (let i = 0; i < 30; i++) await trainStep(i);
    return weightBits(model);
  }

  test("gives the same bits with an empty cache and a full one, and after going over", async (context) => {
    const { missing } = findCompiler();
    context.skip(missing !== undefined, missing);
    const cache = mkdtempSync(join(tmpdir(), "tatami-"));
    try {
      const cold = await train("auto", cache);
      expect(await train("auto", cache)).toEqual(cold);
      const native = await train("native", cache);
      expect(await train("native", cache)).toEqual(native);
    } finally {
      rmSync(cache, { recursive: true });
    }
  }, 60_000);

  test("says what the compiler says; the automatic one goes on in wasm", async (context) => {
    const { missing } = findCompiler();
    context.skip(missing !== undefined, missing);
    const folder = mkdtempSync(join(tmpdir(), "tatami-"));
    try {
      // Compiles the thread pool, and no program.
      const path = join(folder, "fake-cc");
      const script = `#!/bin/sh
case "$*" in *--version*|*-dM*) exec cc "$@";; esac
cat > ${folder}/source.c
if grep -q "i32 claim" ${folder}/source.c; then echo "error: out of registers" >&2; exit 1; fi
exec cc "$@" < ${folder}/source.c\n`;
      writeFileSync(path, script);
      chmodSync(path, 0o700);
      vi.stubEnv("CC", path);
      vi.stubEnv("TATAMI_CACHE", join(folder, "cache"));
      for (const engine of ["native", "auto"] as const) {
        const made = engine === "auto" ? goingOver(2) : createEngine({ engine, threads: 2 });
        opened.push(made);
        useEngine(made);
        if (engine === "native")
          await expect(step()).rejects.toThrow(/fake-cc .*failed: error: out of registers/);
        else for (let run = 1; run <= 25; run++) expect(await step()).toBe(9);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 60_000);
});
