/**
 * The code of a pool's worker thread. `workerMain` is never called here: its source text is what a worker
 * runs, so that no bundler needs to find a worker file. Therefore it refers to nothing outside itself:
 * constants and functions come in as arguments, and every import of this file is a type.
 */
import type { ControlLayout, WorkerMessage } from "./control.ts";

/** How a worker reaches the thread that started it; Node and browsers differ in this alone. */
export interface WorkerHost {
  post(message: unknown): void;
  listen(receive: (message: WorkerMessage) => void): void;
}

/**
 * Serves launches until the thread is ended from outside. Between launches the thread spins, then sleeps on
 * the control block; it returns to its event loop only when it is asked for a program whose module it has
 * not got yet, because that module lies in its message queue.
 */
// long: it is sent to workers as source text, so it may not lean on anything outside itself.
export function workerMain(host: WorkerHost, layout: ControlLayout, erf: (x: number) => number): void {
  type Run = (table: number, thread: number, threads: number) => void;
  let memory: WebAssembly.Memory;
  let words: Int32Array;
  let thread = 0;
  let threads = 1;
  let spin = 0;
  let joinedSpin = 0;
  let wasJoined = false;
  /** The words that this worker waits on, and counts itself asleep in. */
  let [own, sleepers] = [0, 0];
  let postDone = false;
  let seen = 0;
  const programs = new Map<number, Run>();

  const math: Record<string, unknown> = { erf };
  for (const name of Object.getOwnPropertyNames(Math)) {
    const value = (Math as unknown as Record<string, unknown>)[name];
    if (typeof value === "function") math[name] = value;
  }

  function instantiate(module: WebAssembly.Module): Run {
    try {
      const imports = {
        env: { memory },
        math,
        host: { now: () => performance.now() },
      } as WebAssembly.Imports;
      return new WebAssembly.Instance(module, imports).exports.run as Run;
    } catch (error) {
      // Kept for the launch of this program, which is where somebody waits for an answer.
      return () => {
        throw error;
      };
    }
  }

  /** Number of a launch that this worker has not run; waits for it. */
  function nextGeneration(): number {
    const deadline = performance.now() + (wasJoined ? joinedSpin : spin) / 1000;
    do {
      // The clock costs more than a look at the word, so it is asked only now and then.
      for (let i = 0; i < 32; i++) {
        const generation = Atomics.load(words, own);
        if (generation !== seen) return generation;
      }
    } while (performance.now() < deadline);
    // The launcher raises the generation before it reads `sleepers`: either it sees this worker, or the
    // worker finds the generation changed and does not fall asleep.
    Atomics.add(words, sleepers, 1);
    Atomics.wait(words, own, seen);
    // Sleepers wake each other one by one. Woken all at once, they queue for the host's lock on its list of
    // sleepers, and Linux then tends to run them on one core, for as long as the whole program takes.
    if (Atomics.sub(words, sleepers, 1) > 1) Atomics.notify(words, own, 1);
    return Atomics.load(words, own);
  }

  function finish(): void {
    // Not `seen`: it may have entered before it looked at the number.
    Atomics.store(words, layout.done, Atomics.load(words, layout.generation));
    Atomics.notify(words, layout.done);
    if (postDone) host.post("done");
  }

  function fail(error: unknown): void {
    // Only the first failure is told.
    const isFirst = Atomics.compareExchange(words, layout.failed, 0, thread + 1) === 0;
    if (isFirst) {
      const text = String(error).slice(0, layout.messageCapacity);
      for (let i = 0; i < text.length; i++) words[layout.message + i] = text.charCodeAt(i);
      words[layout.messageLength] = text.length;
    }
    if (wasJoined) letThrough();
    else if (isFirst) finish();
  }

  /** Opens the program's barriers until the last thread has come to its end. */
  function letThrough(): void {
    const barrier = new Int32Array(memory.buffer, (words[layout.table] as number) >>> 0, 2);
    Atomics.sub(words, layout.inside, 1);
    while (Atomics.load(words, layout.inside) > 0) {
      Atomics.add(barrier, 1, 1);
      Atomics.notify(barrier, 1);
    }
    finish();
  }

  /** Takes part in the launch that goes on, if one does; thread 0 does so from the start. */
  function enter(): boolean {
    if (thread === 0) return true;
    // Most often thread 0 alone is inside.
    for (let inside = 1; inside !== 0; ) {
      const before = Atomics.compareExchange(words, layout.inside, inside, inside + 1);
      if (before === inside) return true;
      inside = before;
    }
    return false;
  }

  function leave(): void {
    if (Atomics.sub(words, layout.inside, 1) === 1) finish();
  }

  function serve(): void {
    for (;;) {
      const generation = nextGeneration();
      if (generation === seen) continue;
      if (!enter()) {
        // Woken too late for it.
        seen = generation;
        continue;
      }
      const run = programs.get(words[layout.program] as number);
      if (run === undefined) {
        if (thread !== 0) leave();
        return;
      }
      seen = generation;
      wasJoined = words[layout.joined] === 1;
      try {
        run(words[layout.table] as number, thread, threads);
      } catch (error) {
        fail(error);
        continue;
      }
      leave();
    }
  }

  host.listen((message) => {
    switch (message.kind) {
      case "start":
        ({ memory, thread, threads, spin, joinedSpin, postDone } = message);
        own = thread === 0 ? layout.ownGeneration : layout.generation;
        sleepers = thread === 0 ? layout.ownSleepers : layout.sleepers;
        words = new Int32Array(memory.buffer, message.control);
        Atomics.add(words, layout.ready, 1);
        break;
      case "load":
        programs.set(message.id, instantiate(message.module));
        break;
      case "unload":
        programs.delete(message.id);
        break;
    }
    serve();
  });
}
