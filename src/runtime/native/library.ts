/**
 * The functions of the native thread pool, called through koffi. Node only.
 */
import { EngineError } from "../../base/errors.ts";
import { nodeModule } from "../node-module.ts";
import type { Compiler } from "./compiler.ts";
import { poolSource } from "./pool-source.ts";

/** A pointer as koffi hands it out. */
export type Pointer = unknown;

interface Callable<Args extends unknown[], Result> {
  (...args: Args): Result;
  async(...args: [...Args, (error: unknown, result: Result) => void]): void;
}

/** The pool's functions, as `pool-source.ts` defines them. */
export interface PoolLibrary {
  readonly pool: Callable<[memory: Uint8Array, threads: number], Pointer>;
  readonly threads: Callable<[pool: Pointer], number>;
  readonly launch: Callable<[pool: Pointer, program: Pointer, table: number, number: number], void>;
  readonly begin: Callable<[pool: Pointer, program: Pointer, table: number], void>;
  readonly join: Callable<[pool: Pointer, number: number], void>;
  readonly launchAlone: Callable<[pool: Pointer, program: Pointer, table: number, number: number], void>;
  readonly wait: Callable<[pool: Pointer, number: number], void>;
  readonly close: Callable<[pool: Pointer], void>;
  readonly load: Callable<[path: string], Pointer>;
  readonly unload: Callable<[program: Pointer], void>;
}

interface Koffi {
  load(path: string): { func(definition: string): unknown };
}

/** Whether the optional package koffi is there; throws otherwise. @throws EngineError */
export function requireKoffi(): Koffi {
  const modules = nodeModule("node:module");
  try {
    if (modules === undefined) throw new Error("this host is not Node 20.16 or newer");
    return modules.createRequire(import.meta.url)("koffi") as Koffi;
  } catch (cause) {
    throw new EngineError(
      `native: the optional package koffi cannot be loaded (${(cause as Error).message.split("\n", 1)[0]}); ` +
        "install it with npm i koffi",
      {},
      { cause },
    );
  }
}

/** Compiles the pool, unless it is cached, and loads it. @throws EngineError */
export function loadPool(compiler: Compiler): PoolLibrary {
  const library = requireKoffi().load(compiler.compileSync(poolSource));
  return {
    pool: library.func("void *tatami_pool(void *memory, int32_t threads)"),
    threads: library.func("int32_t tatami_threads(void *pool)"),
    launch: library.func("void tatami_launch(void *pool, void *program, uint32_t table, uint32_t number)"),
    begin: library.func("void tatami_begin(void *pool, void *program, uint32_t table)"),
    join: library.func("void tatami_join(void *pool, uint32_t number)"),
    launchAlone: library.func(
      "void tatami_launch_alone(void *pool, void *program, uint32_t table, uint32_t number)",
    ),
    wait: library.func("void tatami_wait(void *pool, uint32_t number)"),
    close: library.func("void tatami_close(void *pool)"),
    load: library.func("void *tatami_load(const char *path)"),
    unload: library.func("void tatami_unload(void *program)"),
  } as PoolLibrary;
}
