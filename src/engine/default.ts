/**
 * The engine that tensors use: made at first need, so that importing the library costs nothing.
 */

import { environmentFlag } from "../base/env.ts";
import { ArgumentError, EngineError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import type { Device } from "../runtime/device.ts";
import { createInterpreterDevice } from "../runtime/interpreter-device.ts";
import { type BackgroundDevice, createNativeDevice } from "../runtime/native/device.ts";
import { createWasmDevice } from "../runtime/wasm/device.ts";
import { Engine } from "./engine.ts";

let current: Engine | null = null;

/** Which device to compute on, and with how many threads. */
export interface EngineOptions {
  /**
   * "wasm" runs everywhere. "native" compiles every program with the system's C compiler before it first runs. "auto"
   * starts in wasm, and goes on natively with what comes again and again, where the host can. Default from
   * TATAMI_ENGINE, else "auto".
   */
  readonly engine?: "auto" | "wasm" | "native" | "interpreter" | undefined;
  /** Threads of the pool; default from TATAMI_THREADS, else the number of cores (at most 8). */
  readonly threads?: number | undefined;
  /**
   * Whether every sum is formed term by term. Otherwise large 3 x 3 convolutions of stride 1 are computed by Winograd's
   * algorithm, in a fraction of the multiplications and with two to three times the rounding error. Default from TATAMI_STRICT
   * (1 for true), else false.
   */
  readonly strict?: boolean | undefined;
}

/**
 * The engine in use: made at the first call, with the options of the environment.
 *
 * @throws ArgumentError for an unknown name in TATAMI_ENGINE
 * @example
 * await ones([2]).add(1).array();
 * currentEngine().stats.launches > 0; // true
 */
export function currentEngine(): Engine {
  current ??= createEngine({});
  return current;
}

/**
 * Makes an engine without putting it in use.
 *
 * @param options.engine "auto", "wasm", "native" or "interpreter"; from TATAMI_ENGINE, else "auto", by default
 * @param options.threads of the pool; from TATAMI_THREADS, else the number of cores (at most 8), by default
 * @param options.strict whether every sum is formed term by term; from TATAMI_STRICT, else false, by default
 * @throws ArgumentError for an unknown name, EngineError for "native" where there is no koffi or no C compiler
 * @example
 * createEngine({ engine: "interpreter" }).stats.launches; // 0
 */
export function createEngine(options: EngineOptions): Engine {
  checkOptions(options, ["engine", "threads", "strict"], "createEngine", { flags: ["strict"] });
  const name = options.engine ?? environmentFlag("TATAMI_ENGINE") ?? "auto";
  const { threads } = options;
  const strict = options.strict ?? environmentFlag("TATAMI_STRICT") === "1";
  const wasm = (): Device => createWasmDevice(threads === undefined ? {} : { threads });
  switch (name) {
    case "auto": {
      const device = wasm();
      return new Engine(device, { faster: () => nativeOrNull(device), strict });
    }
    case "wasm":
      return new Engine(wasm(), { strict });
    case "native":
      return new Engine(createNativeDevice(wasm()), { strict });
    case "interpreter":
      return new Engine(createInterpreterDevice({}), { strict });
    default:
      throw new ArgumentError(`engine "${name}" is unknown; use auto, wasm, native or interpreter`, {
        engine: name,
      });
  }
}

/** Lets every program start over on the first device of the engine in use; nothing where there is none yet. */
export function restartPrograms(): void {
  current?.restart();
}

/** The native device, or null where the host lacks something for it; `tatami doctor` says what. */
export function nativeOrNull(memory: Device): BackgroundDevice | null {
  try {
    return createNativeDevice(memory);
  } catch (error) {
    if (error instanceof EngineError) return null;
    throw error;
  }
}

/**
 * Puts another engine in use and returns the one before, or null. Tensors whose values are in the memory of the old one
 * stay with it: switch before making tensors.
 *
 * @example
 * const before = useEngine(createEngine({ engine: "interpreter" }));
 * await ones([2]).add(1).array(); // [2, 2]
 * if (before !== null) useEngine(before);
 */
export function useEngine(engine: Engine): Engine | null {
  const before = current;
  current = engine;
  return before;
}
