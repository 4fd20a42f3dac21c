/**
 * The native device: programs rendered to C, compiled by the system's compiler and run by a pool of system threads,
 * over the memory of a WebAssembly device. A launch is one asynchronous call; the event loop stays free. Only a program
 * that took less than four milliseconds the last time is waited for, and one that is quicker alone leaves the pool asleep.
 *
 * Generated code does not trap, and every access was checked against its buffer when the program was made.
 */
import type { DType, TypedArray } from "../../base/dtype.ts";
import { EngineError } from "../../base/errors.ts";
import type { Program, Target } from "../../kernel/program.ts";
import { renderC } from "../../render/c/render.ts";
import type { Device, Executable } from "../device.ts";
import { Pace } from "../pace.ts";
import { allocateTable, type Table, writeTable } from "../table.ts";
import { Turn } from "../turn.ts";
import { Compiler } from "./compiler.ts";
import { loadPool, type Pointer, type PoolLibrary } from "./library.ts";

/** A device that can also compile in the background. */
export interface BackgroundDevice extends Device {
  /** As `compile`, but leaves the calling thread free. */
  compileLater(program: Program): Promise<Executable>;
}

/** Options of the native device. */
export interface NativeDeviceOptions {
  /** Whether all threads run every program, also one that is quicker on the calling thread alone. Default false. */
  readonly together?: boolean;
}

/**
 * The native device over the memory of another, with as many threads.
 *
 * @throws EngineError that says what is missing: koffi, a C compiler, or a cache folder that is safe to use
 */
export function createNativeDevice(memory: Device, options: NativeDeviceOptions = {}): BackgroundDevice {
  const compiler = new Compiler();
  return new NativeDevice(memory, compiler, loadPool(compiler), options.together ?? false);
}

/**
 * A program below this many milliseconds runs on the calling thread. Another thread would have to be woken for it and the
 * event loop afterwards, which takes about a tenth of a millisecond.
 */
const quickMs = 4;
class NativeExecutable implements Executable {
  readonly program: Program;
  readonly compileMs: number;
  readonly codeBytes: number;
  readonly code: Pointer;
  readonly table: Table;
  /** Milliseconds that the last run took. */
  lastMs = Number.POSITIVE_INFINITY;
  readonly pace = new Pace();
  readonly #dispose: (executable: NativeExecutable) => void;

  constructor(
    fields: Pick<NativeExecutable, "program" | "compileMs" | "codeBytes" | "code" | "table">,
    dispose: (executable: NativeExecutable) => void,
  ) {
    this.program = fields.program;
    this.compileMs = fields.compileMs;
    this.codeBytes = fields.codeBytes;
    this.code = fields.code;
    this.table = fields.table;
    this.#dispose = dispose;
  }

  took(ms: number): void {
    this.lastMs = ms;
    this.pace.took(ms);
  }

  dispose(): void {
    this.#dispose(this);
  }
}

class NativeDevice implements BackgroundDevice {
  readonly name = "native";
  readonly canWait = true;
  readonly target: Target;
  readonly notes: readonly string[];
  readonly #memory: Device;
  readonly #compiler: Compiler;
  readonly #library: PoolLibrary;
  readonly #together: boolean;
  readonly #live = new Set<NativeExecutable>();
  readonly #turn = new Turn();
  #pool: Pointer = null;
  #launches = 0;
  #running = false;
  /** Whether what runs waits for the calling thread to take part. */
  #begun = false;
  #closed = false;

  constructor(memory: Device, compiler: Compiler, library: PoolLibrary, together: boolean) {
    this.#memory = memory;
    this.#compiler = compiler;
    this.#library = library;
    this.#together = together;
    this.target = compiler.target;
    this.notes = [
      `Native code comes from ${compiler.description}, with vectors of ${32 * this.target.lanes} bits.`,
    ];
  }

  get threads(): number {
    return this.#memory.threads;
  }

  allocate(bytes: number): number {
    return this.#memory.allocate(bytes);
  }

  free(address: number): void {
    this.#memory.free(address);
  }

  get bytesInUse(): number {
    return this.#memory.bytesInUse;
  }

  view(dtype: DType, address: number, length: number): TypedArray {
    return this.#memory.view(dtype, address, length);
  }

  compile(program: Program): Executable {
    const start = performance.now();
    const { source } = renderC(program);
    return this.#load(program, this.#compiler.compileSync(source), source.length, start);
  }

  async compileLater(program: Program): Promise<Executable> {
    const start = performance.now();
    const { source } = renderC(program);
    return this.#load(program, await this.#compiler.compile(source), source.length, start);
  }

  #load(program: Program, path: string, codeBytes: number, start: number): Executable {
    if (this.#closed) throw new EngineError("the device is closed; create another one");
    const code = this.#library.load(path);
    if (code === null) throw new EngineError(`native: the compiled program ${path} cannot be loaded`);
    const table = allocateTable(this, program);
    const fields = { program, compileMs: performance.now() - start, codeBytes, code, table };
    const executable = new NativeExecutable(fields, (it) => this.#dispose(it));
    this.#live.add(executable);
    return executable;
  }

  run(executable: Executable, arena: number, slots: readonly number[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const prepared = this.#prepare(executable, arena, slots);
      const { code, table } = prepared;
      const start = performance.now();
      const number = ++this.#launches;
      if (prepared.lastMs < quickMs) {
        this.#launch(prepared, number);
        this.#turn.next(resolve);
        return;
      }
      this.#running = true;
      this.#library.launch.async(this.#start(), code, table.address, number, (error) => {
        prepared.took(performance.now() - start);
        if (this.#launches === number) this.#running = false;
        if (error === null || error === undefined) resolve();
        else reject(new EngineError(`a program failed: ${String(error)}`));
      });
    });
  }

  begin(executable: Executable, arena: number, slots: readonly number[]): Promise<void> | null {
    if (!(executable instanceof NativeExecutable) || this.threads === 1) return null;
    const { lastMs, pace } = executable;
    if (lastMs >= quickMs || !(pace.isTogether || this.#together)) return null;
    const { code, table } = this.#prepare(executable, arena, slots);
    ++this.#launches;
    this.#library.begin(this.#start(), code, table.address);
    this.#running = true;
    this.#begun = true;
    return new Promise((resolve) => this.#turn.next(resolve));
  }

  runSync(executable: Executable, arena: number, slots: readonly number[]): void {
    this.#launch(this.#prepare(executable, arena, slots), ++this.#launches);
  }

  /** Runs a program and blocks until it has ended. */
  #launch(executable: NativeExecutable, number: number): void {
    const { code, table, pace } = executable;
    const start = performance.now();
    const launch = pace.alone && !this.#together ? this.#library.launchAlone : this.#library.launch;
    launch(this.#start(), code, table.address, number);
    executable.took(performance.now() - start);
  }

  waitSync(): void {
    if (!this.#running) return;
    (this.#begun ? this.#library.join : this.#library.wait)(this.#pool, this.#launches);
    this.#running = false;
    this.#begun = false;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.waitSync();
    if (this.#pool !== null) this.#library.close(this.#pool);
    await this.#memory.close();
  }

  /** The pool; its threads start with the first program. */
  #start(): Pointer {
    if (this.#pool !== null) return this.#pool;
    // The memory is shared: it grows in place and its address holds.
    const { buffer } = this.#memory.view("uint8", 0, 1);
    if (buffer instanceof ArrayBuffer) throw new EngineError("native: needs memory that threads can share");
    this.#pool = this.#library.pool(new Uint8Array(buffer), this.threads);
    if (this.#pool === null) throw new EngineError("native: the system gives no threads");
    return this.#pool;
  }

  /** Checks that a launch is allowed and writes the table. */
  #prepare(executable: Executable, arena: number, slots: readonly number[]): NativeExecutable {
    if (this.#closed) throw new EngineError("the device is closed; create another one");
    if (!(executable instanceof NativeExecutable) || !this.#live.has(executable)) {
      throw new EngineError("run: the executable is disposed or belongs to another device");
    }
    if (this.#running) throw new EngineError("run: another program is still running; await it first");
    const { table, program } = executable;
    writeTable(this.view("int32", table.address, table.words), 0, table, program, arena, slots);
    return executable;
  }

  #dispose(executable: NativeExecutable): void {
    if (!this.#live.delete(executable)) return;
    this.#library.unload(executable.code);
    this.free(executable.table.address);
  }
}
