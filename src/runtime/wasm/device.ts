/**
 * The WebAssembly device: programs rendered to WebAssembly, run by a pool of threads over one linear
 * memory. Where the host cannot share memory, the calling thread runs them alone, as it does with programs that have
 * ended before another thread would have woken up.
 *
 * Errors: a program that traps rejects its launch with an EngineError; the device starts new threads for
 * the next launch. What the program had written until then stays in memory.
 */
import { type DType, type TypedArray, viewOf } from "../../base/dtype.ts";
import { environmentFlag } from "../../base/env.ts";
import { ArgumentError, EngineError } from "../../base/errors.ts";
import type { Program, Target } from "../../kernel/program.ts";
import type { RenderedWasm } from "../../render/rendered.ts";
import { renderWasm } from "../../render/wasm/render.ts";
import { Allocator } from "../allocator.ts";
import type { Device, Executable } from "../device.ts";
import { type HostFeatures, hostFeatures } from "../features.ts";
import { Pace } from "../pace.ts";
import { allocateTable, type Table, writeTable } from "../table.ts";
import { Turn } from "../turn.ts";
import { optimizedAtOnce } from "../v8-flags.ts";
import { controlBytes } from "./control.ts";
import { mathImports } from "./host-math.ts";
import { LinearMemory } from "./linear-memory.ts";
import { type Run, WorkerPool } from "./pool.ts";

/** Hosts count what one core runs side by side as cores; see ARCHITECTURE.md, Threads, for more of them. */
const defaultThreadLimit = 8;
const threadLimit = 256;

/** Options of the WebAssembly device. */
export interface WasmDeviceOptions {
  /** Worker threads. Default: `TATAMI_THREADS`, or else one for each core, 8 at most. */
  readonly threads?: number;
  /** Whether all threads run every program, also one that is quicker on the calling thread alone. Default false. */
  readonly together?: boolean;
  /** The renderer; tests put hand-made modules in its place. */
  readonly render?: (program: Program, options: { shared: boolean; relaxed: boolean }) => RenderedWasm;
}

/**
 * The device that needs nothing but WebAssembly with SIMD. Threads start with the first program, not here.
 *
 * @throws ArgumentError for a thread count that is none.
 * @throws EngineError on a host without WebAssembly SIMD.
 * @example
 * ```ts
 * const device = createWasmDevice({ threads: 2 });
 * const address = device.allocate(1024);
 * device.view("float32", address, 256).fill(1);
 * await device.close();
 * ```
 */
export function createWasmDevice(options: WasmDeviceOptions = {}): Device {
  const features = hostFeatures();
  if (!features.simd) {
    throw new EngineError("this host has no WebAssembly SIMD; use Node 20 or a browser of 2023 or newer");
  }
  return new WasmDevice(features, chooseThreads(options.threads, features), options);
}

function chooseThreads(option: number | undefined, features: HostFeatures): number {
  const variable = environmentFlag("TATAMI_THREADS");
  let threads = Math.min(features.cores, defaultThreadLimit);
  let origin = "threads";
  if (option !== undefined) threads = option;
  else if (variable !== undefined && variable !== "") {
    threads = Number(variable);
    origin = "TATAMI_THREADS";
  }
  if (!Number.isInteger(threads) || threads < 1 || threads > threadLimit) {
    const given = option ?? variable;
    throw new ArgumentError(
      `${origin}: ${given} is no number of threads; give an integer from 1 to ${threadLimit}`,
      {
        threads: given,
      },
    );
  }
  return features.sharedMemory ? threads : 1;
}

/**
 * A program below this many milliseconds runs with the calling thread as one of the threads, where that may block. Waking
 * another in its place, and the event loop afterwards, takes some tenths of a millisecond.
 */
const quickMs = 4;

/** A compiled program with its table in device memory. */
class WasmExecutable implements Executable {
  readonly program: Program;
  readonly compileMs: number;
  readonly codeBytes: number;
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly table: Table;
  /** `run` of an instance on the calling thread, made when first needed. */
  inline: Run | undefined;
  /** Milliseconds that the last run on all threads took. */
  lastMs = Number.POSITIVE_INFINITY;
  readonly pace = new Pace();
  readonly #dispose: (executable: WasmExecutable) => void;

  constructor(
    fields: Pick<WasmExecutable, "program" | "compileMs" | "codeBytes" | "id" | "module" | "table">,
    dispose: (executable: WasmExecutable) => void,
  ) {
    this.program = fields.program;
    this.compileMs = fields.compileMs;
    this.codeBytes = fields.codeBytes;
    this.id = fields.id;
    this.module = fields.module;
    this.table = fields.table;
    this.#dispose = dispose;
  }

  dispose(): void {
    this.#dispose(this);
  }
}

class WasmDevice implements Device {
  readonly name = "wasm";
  readonly threads: number;
  readonly target: Target;
  readonly notes: readonly string[];
  readonly #features: HostFeatures;
  readonly #render: NonNullable<WasmDeviceOptions["render"]>;
  readonly #together: boolean;
  readonly #memory: LinearMemory;
  readonly #allocator: Allocator;
  readonly #live = new Set<WasmExecutable>();
  readonly #turn = new Turn();
  /** What runs and waits for the calling thread to take part. */
  #begun: WasmExecutable | undefined;
  #nextId = 1;
  #pool: WorkerPool | undefined;
  #closed = false;

  constructor(features: HostFeatures, threads: number, options: WasmDeviceOptions) {
    this.#features = features;
    this.#render = options.render ?? renderWasm;
    this.#together = options.together ?? false;
    this.threads = threads;
    this.target = { lanes: 4, registers: 16, fma: features.relaxedSimd, prefetch: false };
    this.notes = describe(features, threads);
    this.#memory = new LinearMemory(features.sharedMemory);
    this.#allocator = new Allocator({
      start: 64, // so that no block has address 0
      end: this.#memory.byteLength,
      grow: (end) => this.#memory.grow(end),
    });
  }

  allocate(bytes: number): number {
    const used = this.#allocator.highWater;
    const address = this.#allocator.allocate(bytes);
    // Memory above the high water mark is as the host gave it: zero, and best left untouched.
    const dirty = Math.min(bytes, used - address);
    if (dirty > 0) new Uint8Array(this.#memory.buffer, address, dirty).fill(0);
    return address;
  }

  free(address: number): void {
    this.#allocator.free(address);
  }

  get bytesInUse(): number {
    return this.#allocator.bytesInUse;
  }

  view(dtype: DType, address: number, length: number): TypedArray {
    return viewOf(dtype, this.#memory.buffer, address, length);
  }

  compile(program: Program): Executable {
    this.#checkOpen();
    const start = performance.now();
    const { sharedMemory: shared, relaxedSimd: relaxed } = this.#features;
    const { bytes } = this.#render(program, { shared, relaxed });
    // The array may lie over any kind of buffer as far as its type tells; a renderer makes an ordinary one.
    const module = optimizedAtOnce(() => new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>));
    const table = allocateTable(this, program);
    const compileMs = performance.now() - start;
    const fields = { program, compileMs, codeBytes: bytes.length, id: this.#nextId++, module, table };
    const executable = new WasmExecutable(fields, (it) => this.#dispose(it));
    this.#live.add(executable);
    return executable;
  }

  async run(executable: Executable, arena: number, slots: readonly number[]): Promise<void> {
    const target = this.#prepare(executable, arena, slots);
    const start = performance.now();
    if (!this.#features.sharedMemory || this.#fitsOneThread(target)) {
      this.#runInline(target);
      target.pace.took(performance.now() - start);
      await new Promise<void>((resolve) => this.#turn.next(resolve));
      return;
    }
    const pool = this.#ensurePool();
    const joined = this.#canJoin(target, pool);
    if (joined) this.#runJoined(target, pool);
    else await pool.run(target, target.table.address);
    target.lastMs = performance.now() - start;
    target.pace.took(target.lastMs);
    if (joined) await new Promise<void>((resolve) => this.#turn.next(resolve));
  }

  begin(executable: Executable, arena: number, slots: readonly number[]): Promise<void> | null {
    const pool = this.#pool;
    if (!(executable instanceof WasmExecutable) || pool === undefined || pool.dead) return null;
    if (!this.#canJoin(executable, pool) || !(this.#together || executable.pace.isTogether)) return null;
    const target = this.#prepare(executable, arena, slots);
    pool.begin(target, target.table.address);
    this.#begun = target;
    return new Promise((resolve) => this.#turn.next(resolve));
  }

  #canJoin(target: WasmExecutable, pool: WorkerPool): boolean {
    return this.threads > 1 && target.lastMs < quickMs && pool.canBlock;
  }

  #runJoined(target: WasmExecutable, pool: WorkerPool): void {
    pool.begin(target, target.table.address);
    this.#join(target, pool);
  }

  /** Takes part in what was begun until it has ended. */
  #join(target: WasmExecutable, pool: WorkerPool): void {
    try {
      pool.join(target.table.address, this.#inlineRun(target));
    } catch (error) {
      target.lastMs = Number.POSITIVE_INFINITY;
      throw error;
    }
  }

  runSync(executable: Executable, arena: number, slots: readonly number[]): void {
    const target = this.#prepare(executable, arena, slots);
    // One thread is one thread: the calling one saves the way there and back.
    if (this.threads === 1 || this.#fitsOneThread(target)) {
      this.#runInline(target);
      return;
    }
    const pool = this.#ensurePool();
    if (!pool.canBlock && this.#features.canBlock) {
      // In a web worker, whose event loop has not let all threads start yet: nobody has to wait for them.
      this.#runInline(target);
      return;
    }
    checkBlocking(pool);
    const start = performance.now();
    if (this.#canJoin(target, pool)) this.#runJoined(target, pool);
    else pool.runSync(target, target.table.address);
    target.lastMs = performance.now() - start;
  }

  #fitsOneThread({ pace }: WasmExecutable): boolean {
    return !this.#together && pace.alone;
  }

  get canWait(): boolean {
    return this.#pool?.busy !== true || this.#pool.canBlock;
  }

  waitSync(): void {
    const pool = this.#pool;
    if (pool === undefined) return;
    const begun = this.#begun;
    this.#begun = undefined;
    if (begun !== undefined) this.#join(begun, pool);
    else if (pool.busy) {
      checkBlocking(pool);
      pool.waitSync();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool?.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new EngineError("the device is closed; create another one");
  }

  /** Checks that a launch is allowed and writes the table. */
  #prepare(executable: Executable, arena: number, slots: readonly number[]): WasmExecutable {
    this.#checkOpen();
    if (!(executable instanceof WasmExecutable) || !this.#live.has(executable)) {
      throw new EngineError("run: the executable is disposed or belongs to another device");
    }
    if (this.#pool?.busy === true) {
      throw new EngineError("run: another program is still running; await it first");
    }
    const { table, program } = executable;
    writeTable(this.#memory.words, table.address / 4, table, program, arena, slots);
    return executable;
  }

  #ensurePool(): WorkerPool {
    if (this.#pool?.dead === false) return this.#pool;
    const control = this.allocate(controlBytes);
    const pool = new WorkerPool(this.#memory.memory, { threads: this.threads, control });
    void pool.ended.then(() => this.free(control));
    this.#pool = pool;
    return pool;
  }

  /** `run` of the program's instance on the calling thread. */
  #inlineRun(executable: WasmExecutable): Run {
    if (executable.inline === undefined) {
      const host = { now: () => performance.now() };
      const imports = { env: { memory: this.#memory.memory }, math: mathImports(), host };
      const instance = new WebAssembly.Instance(executable.module, imports);
      executable.inline = instance.exports.run as Run;
    }
    return executable.inline;
  }

  #runInline(executable: WasmExecutable): void {
    try {
      this.#inlineRun(executable)(executable.table.address, 0, 1);
    } catch (cause) {
      throw new EngineError(`a program failed: ${String(cause)}`, {}, { cause });
    }
  }

  #dispose(executable: WasmExecutable): void {
    if (!this.#live.delete(executable)) return;
    this.#pool?.unload(executable.id);
    this.free(executable.table.address);
    executable.inline = undefined;
  }
}

function checkBlocking(pool: WorkerPool): void {
  if (pool.canBlock) return;
  const why = hostFeatures().canBlock
    ? "its threads have not started yet"
    : "a browser's main thread must not block";
  throw new EngineError(`a blocking wait is not possible here: ${why}; use the asynchronous form with await`);
}

function describe(features: HostFeatures, threads: number): string[] {
  const notes: string[] = [];
  if (features.sharedMemory) {
    notes.push(`Worker threads that run programs: ${threads}; cores of the host: ${features.cores}.`);
  } else {
    notes.push(
      "Memory cannot be shared between threads, so programs run on the calling thread alone. In a browser, " +
        "serve the page with Cross-Origin-Opener-Policy: same-origin and " +
        "Cross-Origin-Embedder-Policy: require-corp.",
    );
  }
  if (features.relaxedSimd) notes.push("Relaxed SIMD is on: multiply-add is one instruction.");
  else if (environmentFlag("TATAMI_RELAXED") === "0")
    notes.push("Relaxed SIMD is switched off by TATAMI_RELAXED=0.");
  else notes.push("The host has no relaxed SIMD: multiply-add takes two instructions.");
  if (features.sharedMemory && !features.waitAsync) {
    notes.push(
      "Atomics.waitAsync is missing: the end of a program is told by a message, which takes a little longer.",
    );
  }
  if (!features.canBlock) notes.push("This thread must not block: only the asynchronous forms work.");
  return notes;
}
