/**
 * What the engine asks of a device: memory, compilation, and running one program at a time. Addresses are byte
 * offsets into the device's one linear memory.
 */
import type { DType, TypedArray } from "../base/dtype.ts";
import type { Program, Target } from "../kernel/program.ts";

/** A program made ready for a device. */
export interface Executable {
  readonly program: Program;
  /** Milliseconds that rendering and compiling took. */
  readonly compileMs: number;
  /** Size of the generated code in bytes; 0 where there is none. */
  readonly codeBytes: number;
  /** Gives the code back. The executable must not be running. */
  dispose(): void;
}

export interface Device {
  readonly name: "wasm" | "native" | "interpreter";
  readonly threads: number;
  readonly target: Target;
  /** Why the device runs as it does: features found or missing, in sentences for `tatami doctor`. */
  readonly notes: readonly string[];

  /** Reserves zero-filled memory, aligned to 64 bytes. @throws EngineError when there is no more. */
  allocate(bytes: number): number;
  /** Gives memory back that `allocate` returned. */
  free(address: number): void;
  /** Bytes now reserved by `allocate`. */
  readonly bytesInUse: number;
  /** Elements in device memory. The array is valid until the next `allocate`; never keep it. */
  view(dtype: DType, address: number, length: number): TypedArray;

  compile(program: Program): Executable;
  /**
   * Runs a program. `arena` is the byte address of the arena, `slots` the byte address for each slot of the program.
   * At most one program runs at a time; a second call before the first has ended is a mistake of the caller.
   */
  run(executable: Executable, arena: number, slots: readonly number[]): Promise<void>;
  /**
   * As `run`, but other threads begin while the calling one goes on: it takes part in `waitSync`, which has to be called before
   * anything else is run. Resolves at once, or after the event loop had its turn; null for a program that `run` has to run.
   */
  begin?(executable: Executable, arena: number, slots: readonly number[]): Promise<void> | null;
  /** As `run`, but blocks the calling thread. @throws EngineError where the host forbids blocking. */
  runSync(executable: Executable, arena: number, slots: readonly number[]): void;
  /** Whether `waitSync` may block for the program that runs now. */
  readonly canWait: boolean;
  /** Blocks until the program started by `run` or `begin` has ended; returns at once when none is running. */
  waitSync(): void;
  /** Ends the threads. The device is of no use afterwards. */
  close(): Promise<void>;
}
