/**
 * A pool of worker threads that run one program at a time, all threads together, over one shared memory.
 *
 * A failure ends the pool. When a program traps on one thread, the others may wait for it in the program's
 * barrier for ever, so all workers are ended and the launch is rejected with what the first one reported.
 * The pool is `dead` then, and its owner starts another for the next launch; the memory and what lies in it
 * stay as they were.
 */
import { isNode } from "../../base/env.ts";
import { EngineError } from "../../base/errors.ts";
import { hostFeatures } from "../features.ts";
import { failureMessage, controlLayout as layout } from "./control.ts";
import { type HostWorker, startWorker } from "./host-worker.ts";

/**
 * Microseconds of looking before sleeping: of a worker for the next launch, and of a blocking wait for the
 * end of one. It pays only with a core to spare: there a launch takes 5 instead of 70 microseconds. Where
 * workers and launcher share the cores, every microsecond of looking is taken from a thread that has work,
 * and launches were slower by about the length of the spin, whatever the program (measured with 2 workers
 * on 2 cores).
 */
const workerSpinWithSpareCore = 50;
const launcherSpinWithSpareCore = 20;
/**
 * The same for a worker after a launch in which the launching thread took part: its core is free until the next one.
 * A training step of a small network builds its graph in that time.
 */
const workerSpinBesideLauncher = 500;

/** A program as the pool needs it: `id` is unique among all programs of a memory and never used again. */
export interface PoolProgram {
  readonly id: number;
  readonly module: WebAssembly.Module;
}

/** `run` of a program, on the launching thread. */
export type Run = (table: number, thread: number, threads: number) => void;

/** Looks at the end of a launch before sleeping until the other threads have said that they are there. */
const looksAtEnd = 10_000;

/** Options of a pool; the spin lengths are there for measurements. */
export interface PoolOptions {
  readonly threads: number;
  /** Byte address of a zero-filled control block, which belongs to the pool until `ended` resolves. */
  readonly control: number;
  readonly workerSpin?: number;
  readonly launcherSpin?: number;
}

/** A launch that has not been seen to end. */
interface Launch {
  readonly generation: number;
  readonly resolve: () => void;
  readonly reject: (error: EngineError) => void;
}

type WaitAsync = (
  words: Int32Array,
  index: number,
  value: number,
) => { readonly async: false } | { readonly async: true; readonly value: Promise<unknown> };

/** Threads that run programs; they start with the pool and live until it is closed or a program fails. */
export class WorkerPool {
  readonly #words: Int32Array;
  readonly #workers: HostWorker[] = [];
  readonly #threads: number;
  readonly #launcherSpin: number;
  readonly #waitAsync: WaitAsync | undefined;
  readonly #loaded = new Set<number>();
  /** Resolves when all threads have ended, after which the control block may be given back. */
  readonly ended: Promise<void>;
  #markEnded: () => void = () => {};
  #dead = false;
  #generation = 0;
  #launch: Launch | undefined;

  constructor(memory: WebAssembly.Memory, options: PoolOptions) {
    this.#words = new Int32Array(memory.buffer, options.control);
    this.#threads = options.threads;
    const spareCore = hostFeatures().cores > options.threads;
    this.#launcherSpin = options.launcherSpin ?? (spareCore ? launcherSpinWithSpareCore : 0);
    this.ended = new Promise((resolve) => {
      this.#markEnded = resolve;
    });
    this.#waitAsync = (Atomics as unknown as { waitAsync?: WaitAsync }).waitAsync;
    const spin = options.workerSpin ?? (spareCore ? workerSpinWithSpareCore : 0);
    const postDone = this.#waitAsync === undefined;
    const joinedSpin = hostFeatures().cores >= options.threads ? workerSpinBesideLauncher : spin;
    for (let thread = 0; thread < this.#threads; thread++) {
      const worker = startWorker({
        onDone: () => this.#settle(),
        onFailure: (reason) => this.#abandon(`worker thread ${thread} failed: ${reason}`),
      });
      this.#workers.push(worker);
      const { threads, control } = options;
      worker.post({ kind: "start", memory, control, thread, threads, spin, joinedSpin, postDone });
    }
  }

  /** Whether the threads are ended, or being ended; the pool runs nothing any more. */
  get dead(): boolean {
    return this.#dead;
  }

  /** Whether a launch has not been seen to end. */
  get busy(): boolean {
    return this.#launch !== undefined;
  }

  /**
   * Whether the calling thread may block now: Node starts threads on their own, a browser needs the event
   * loop of the starting thread until they all listen.
   */
  get canBlock(): boolean {
    if (!hostFeatures().canBlock) return false;
    return isNode || Atomics.load(this.#words, layout.ready) === this.#threads;
  }

  /** Starts a program; resolves when all threads have ended it. Rejects with EngineError when it fails. */
  run(program: PoolProgram, table: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const generation = this.#start(program, table, resolve, reject);
      // One reference is enough to keep the process alive.
      this.#workers[0]?.keepAlive(true);
      this.#watch(generation);
    });
  }

  /** Runs a program and blocks until it has ended. @throws EngineError when it fails. */
  runSync(program: PoolProgram, table: number): void {
    const ignore = (): void => {};
    this.#start(program, table, ignore, ignore);
    this.waitSync();
  }

  /** Blocks until the launch in flight has ended. @throws EngineError when it fails. */
  waitSync(): void {
    const launch = this.#launch;
    if (launch === undefined) return;
    const running = (): boolean => Atomics.load(this.#words, layout.done) !== launch.generation;
    const deadline = performance.now() + this.#launcherSpin / 1000;
    while (running() && performance.now() < deadline);
    while (running()) Atomics.wait(this.#words, layout.done, launch.generation - 1);
    const error = this.#settle(launch.generation);
    if (error !== undefined) throw error;
  }

  /** Lets the workers forget a program. It must not be running. */
  unload(id: number): void {
    if (this.dead || !this.#loaded.delete(id)) return;
    for (const worker of this.#workers) worker.post({ kind: "unload", id });
  }

  /** Ends the threads; a launch in flight is rejected. Resolves when no thread touches the memory. */
  close(): Promise<void> {
    this.#abandon("the device was closed while a program was running");
    return this.ended;
  }

  /** Settles a launch when it has ended, without blocking. */
  #watch(generation: number): void {
    const waiting = this.#waitAsync?.call(Atomics, this.#words, layout.done, generation - 1);
    if (waiting?.async === false) this.#settle(generation);
    if (waiting?.async !== true) return;
    waiting.value.then(() => {
      this.#settle(generation);
      // Still in flight: what woke this wait was the late notification of the launch before, whose end had
      // been seen without it.
      if (this.#launch?.generation === generation) this.#watch(generation);
    });
  }

  /**
   * Starts a program in which the calling thread takes part as thread 0, when it calls `join`. Saves waking another in its
   * place, and being woken at the end. For a program that has run without failing: it would not end if thread 0 waited
   * for ever.
   */
  begin(program: PoolProgram, table: number): void {
    const ignore = (): void => {};
    this.#start(program, table, ignore, ignore, true);
  }

  /** Takes part in what was begun, by calling `run`, until it has ended. @throws EngineError when it fails. */
  join(table: number, run: Run): void {
    const generation = this.#launch?.generation;
    if (generation === undefined) throw new EngineError("the threads ended while a program was running");
    try {
      run(table, 0, this.#threads);
    } catch (cause) {
      throw this.#abandon(`a program failed on thread 0: ${String(cause)}`);
    }
    // The program's last barrier lies behind all of them, so the others are about to say so, too.
    if (Atomics.sub(this.#words, layout.inside, 1) === 1) Atomics.store(this.#words, layout.done, generation);
    for (let i = 0; i < looksAtEnd && Atomics.load(this.#words, layout.done) !== generation; i++);
    this.waitSync();
  }

  /** Hands a program to the workers and returns the number of the launch. */
  #start(
    program: PoolProgram,
    table: number,
    resolve: () => void,
    reject: (error: EngineError) => void,
    joined = false,
  ): number {
    if (!this.#loaded.has(program.id)) {
      for (const worker of this.#workers)
        worker.post({ kind: "load", id: program.id, module: program.module });
      this.#loaded.add(program.id);
    }
    const words = this.#words;
    const generation = ++this.#generation | 0;
    this.#launch = { generation, resolve, reject };
    words[layout.program] = program.id;
    words[layout.table] = table;
    words[layout.joined] = joined ? 1 : 0;
    // Before the generation: a worker that sees this and finds nobody inside takes the launch for one that has ended.
    Atomics.store(words, layout.inside, 1);
    Atomics.store(words, layout.generation, generation);
    if (Atomics.load(words, layout.sleepers) > 0) Atomics.notify(words, layout.generation, 1);
    if (joined) return generation;
    Atomics.store(words, layout.ownGeneration, generation);
    if (Atomics.load(words, layout.ownSleepers) > 0) Atomics.notify(words, layout.ownGeneration, 1);
    return generation;
  }

  /**
   * Ends the launch of this number, or the one in flight, if it has ended and was not settled before; several
   * waits may see the same end. Returns the error when it failed.
   */
  #settle(generation: number | undefined = this.#launch?.generation): EngineError | undefined {
    const launch = this.#launch;
    if (launch === undefined || launch.generation !== generation) return undefined;
    if (Atomics.load(this.#words, layout.done) !== generation) return undefined;
    const failed = Atomics.load(this.#words, layout.failed);
    if (failed !== 0) {
      return this.#abandon(
        `a program failed on thread ${failed - 1}: ${failureMessage(this.#words, layout)}`,
      );
    }
    this.#launch = undefined;
    this.#workers[0]?.keepAlive(false);
    launch.resolve();
    return undefined;
  }

  /** Ends all threads, then rejects the launch in flight, when nothing writes to its memory any more. */
  #abandon(reason: string): EngineError {
    const error = new EngineError(reason);
    if (this.#dead) return error;
    this.#dead = true;
    const launch = this.#launch;
    this.#launch = undefined;
    void Promise.all(this.#workers.map((worker) => worker.terminate())).then(() => {
      this.#markEnded();
      launch?.reject(error);
    });
    return error;
  }
}
