/**
 * The engine that tensors use: made at first need, so that importing the library costs nothing.
 */
import { environmentFlag } from "../base/env.ts";
import { ArgumentError } from "../base/errors.ts";
import { createInterpreterDevice } from "../runtime/interpreter-device.ts";
import { createWasmDevice } from "../runtime/wasm/device.ts";
import { Engine } from "./engine.ts";

let current: Engine | null = null;

/** Which device to compute on, and with how many threads. */
export interface EngineOptions {
  /** "auto" takes the fastest that the host can run; default from TATAMI_ENGINE, else "auto". */
  readonly engine?: "auto" | "wasm" | "interpreter" | undefined;
  /** Threads of the pool; default from TATAMI_THREADS, else the number of cores (at most 8). */
  readonly threads?: number | undefined;
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
 * @param options.engine "auto" takes the fastest that the host can run; from TATAMI_ENGINE, else "auto", by default
 * @param options.threads of the pool; from TATAMI_THREADS, else the number of cores (at most 8), by default
 * @throws ArgumentError for an unknown name
 * @example
 * createEngine({ engine: "interpreter" }).stats.launches; // 0
 */
export function createEngine(options: EngineOptions): Engine {
  const name = options.engine ?? environmentFlag("TATAMI_ENGINE") ?? "auto";
  const { threads } = options;
  switch (name) {
    case "auto":
    case "wasm":
      return new Engine(createWasmDevice(threads === undefined ? {} : { threads }));
    case "interpreter":
      return new Engine(createInterpreterDevice({}));
    default:
      throw new ArgumentError(`engine "${name}" is unknown; use auto, wasm or interpreter`, { engine: name });
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
