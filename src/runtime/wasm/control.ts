/**
 * The control block: a few words of shared memory through which the launching thread and the pool's workers
 * talk.
 *
 * A launch writes `program`, `table` and `joined`, sets `inside` to 1 for its thread 0, then raises `generation` and wakes
 * the workers. Each other worker that is awake in time enters by raising `inside`, unless it is 0: the launch has ended then.
 * All lower it when they have run the program; the last one sets `done` to the generation and wakes the launcher. A
 * worker whose program throws writes `failed` and the message, and sets `done` itself: the others may be waiting for
 * its chunks in the program's barrier and would never come to an end.
 *
 * The launching thread may take part itself, as thread 0 (`joined`). Worker 0 sleeps on then: it has a number of
 * launches of its own, `ownGeneration`. The launcher lowers `inside` like a worker. A worker that fails may not end such a
 * launch, since the launcher would wait in the barrier for ever: it lets the others through the program's barriers
 * until all have come to its end.
 */

/** Positions in the control block, as indices of 32-bit words. Each group has a cache line of 16 words. */
export interface ControlLayout {
  /** Number of the launch; workers but the first wait for it to change. */
  readonly generation: number;
  /** Number of the last launch in which worker 0 takes part; it waits for this to change. */
  readonly ownGeneration: number;
  /** Program to run. */
  readonly program: number;
  /** Byte address of the program's table. */
  readonly table: number;
  /** Whether the launching thread takes part as thread 0. */
  readonly joined: number;
  /** Number of workers asleep on `generation`; while it is 0 nobody needs to be woken. */
  readonly sleepers: number;
  /** Whether worker 0 is asleep on `ownGeneration`. */
  readonly ownSleepers: number;
  /** Threads that run the program of this launch, and thread 0 from the start; 0 when it has ended. */
  readonly inside: number;
  /** Generation of the last launch that ended; the launcher waits for it to change. */
  readonly done: number;
  /** 0, or 1 + the number of the first worker that failed. */
  readonly failed: number;
  /** Workers that have started and listen. */
  readonly ready: number;
  /** Length of the message of the failure, and its UTF-16 code units, one per word. */
  readonly messageLength: number;
  readonly message: number;
  readonly messageCapacity: number;
}

export const controlLayout: ControlLayout = {
  generation: 0,
  program: 1,
  table: 2,
  ownGeneration: 3,
  joined: 4,
  sleepers: 16,
  ownSleepers: 17,
  inside: 32,
  done: 48,
  failed: 64,
  ready: 65,
  messageLength: 66,
  message: 67,
  messageCapacity: 445,
};

/** Bytes that a control block takes. */
export const controlBytes = 2048;

/** What the launching thread sends to a worker; handled in order, always before the launch that needs it. */
export type WorkerMessage =
  | {
      readonly kind: "start";
      readonly memory: WebAssembly.Memory;
      /** Byte address of the control block. */
      readonly control: number;
      readonly thread: number;
      readonly threads: number;
      /** Microseconds that a worker looks for the next launch before it sleeps. */
      readonly spin: number;
      /** The same after a launch in which the launching thread took part. */
      readonly joinedSpin: number;
      /** Send "done" when a launch ends, for launchers without `Atomics.waitAsync`. */
      readonly postDone: boolean;
    }
  | { readonly kind: "load"; readonly id: number; readonly module: WebAssembly.Module }
  | { readonly kind: "unload"; readonly id: number };

/** The message of the failure that a worker has left in the control block. */
export function failureMessage(words: Int32Array, layout: ControlLayout): string {
  let text = "";
  for (let i = 0; i < (words[layout.messageLength] ?? 0); i++) {
    text += String.fromCharCode(words[layout.message + i] ?? 0);
  }
  return text;
}
