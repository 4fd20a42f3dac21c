/**
 * The forms of one computation: a program for the device that is ready at once, and later one for a faster device that
 * takes long to compile for.
 *
 * The change comes at a fixed run, not when the compiler happens to be done, and waits for it if it must; seeding the
 * generator starts the count again. So the same seed gives the same bits, run after run.
 */
import { bytesOf } from "../kernel/ir.ts";
import type { Program } from "../kernel/program.ts";
import type { Device, Executable } from "../runtime/device.ts";
import type { BackgroundDevice } from "../runtime/native/device.ts";
import type { Schedule, SlotBinding } from "../schedule/plan.ts";

/** A program on a device, and how leaves and outputs are bound to its slots. */
export interface Form {
  readonly device: Device;
  readonly executable: Executable;
  readonly bindings: readonly SlotBinding[];
  /** What has to run first when one of these leaves has changed, and the bytes that it leaves. */
  readonly preparation: {
    readonly executable: Executable;
    readonly bytes: number;
    readonly leaves: readonly number[];
  } | null;
}

/** Compiles both programs of a schedule. */
export function compileForm(device: Device, { program, bindings, preparation }: Schedule): Form {
  const executable = device.compile(program);
  if (preparation === null) return { device, executable, bindings, preparation };
  return {
    ...{ device, executable, bindings },
    preparation: { ...preparation, executable: device.compile(preparation.program) },
  };
}

/** As `compileForm`, but leaves the calling thread free. */
async function compileFormLater(device: BackgroundDevice, schedule: Schedule): Promise<Form> {
  const { program, bindings, preparation } = schedule;
  const compiled = [program, ...(preparation === null ? [] : [preparation.program])].map((p) =>
    device.compileLater(p),
  );
  try {
    const [executable, first] = (await Promise.all(compiled)) as [Executable, Executable?];
    const prepares =
      preparation === null || first === undefined ? null : { ...preparation, executable: first };
    return { device, executable, bindings, preparation: prepares };
  } catch (error) {
    for (const c of await Promise.allSettled(compiled)) if (c.status === "fulfilled") c.value.dispose();
    throw error;
  }
}

/** Programs are compiled natively when they have taken about this many milliseconds: a compilation takes as long. */
const worthCompiling = 5000;
const [fewestRuns, mostRuns] = [20, 10_000];

/**
 * The run from which on a program is to be used in its faster form: by then it has taken some five seconds. It is
 * estimated from the program alone, never measured, since the same run must be it every time.
 */
export function fasterFrom({ stages, kernels }: Program): number {
  let ms = 0.1;
  for (const call of stages.flatMap((stage) => stage.calls)) {
    const kernel = kernels[call.kernel];
    if (kernel === undefined) continue;
    // As WebAssembly does on two cores of some years ago: 50 GFLOP/s, 10 GB/s, 5 microseconds for a call.
    ms += Math.max(kernel.flops / 50e6, bytesOf(kernel) / 10e6) + 0.005;
  }
  return Math.max(fewestRuns, Math.min(mostRuns, Math.ceil(worthCompiling / ms)));
}

/** What a run is to use: a form, or one that may still be compiled. */
export interface Choice {
  /** The form, if it is there. */
  readonly form: Form | null;
  /** Waits for it. */
  ready(): Promise<Form>;
  /** Waits for it, blocking. */
  readySync(): Form;
}

/** One computation and its forms. */
export class Forms {
  readonly #first: Form;
  /** The run from which on the faster form is used. */
  readonly #from: number;
  #faster: Form | null = null;
  #pending: Pending | null = null;
  #started = false;
  #runs: number;
  readonly #dispose: (form: Form) => void;

  /**
   * @param dispose gives the code of a form back, and what memory it has
   * @param from the run from which on the faster form is used
   * @param runs how often it has run already, in a process that this one continues
   */
  constructor(first: Form, dispose: (form: Form) => void, from: number, runs = 0) {
    this.#first = first;
    this.#dispose = dispose;
    this.#from = from;
    this.#runs = runs;
  }

  get runs(): number {
    return this.#runs;
  }

  /** Whether to give `next` a faster device: half-way, so that the compiler has time. */
  get wantsFaster(): boolean {
    return this.#runs + 1 >= this.#from / 2 && !this.#started;
  }

  /** The form for the next run. `prepare` schedules the computation for a device. */
  next(faster: BackgroundDevice | null, prepare: (device: Device) => Schedule): Choice {
    this.#runs++;
    if (faster !== null && !this.#started) this.#start(faster, prepare(faster));
    const form = this.#runs < this.#from || this.#pending === null ? this.#first : this.#faster;
    return {
      form,
      ready: async () => form ?? this.#faster ?? (await this.#pending?.form) ?? this.#first,
      readySync: () => form ?? this.#faster ?? this.#pending?.now() ?? this.#first,
    };
  }

  /** Starts over: the next run counts as the first, or as the one after `runs`. What is compiled stays. */
  restart(runs = 0): void {
    this.#runs = runs;
  }

  #start(device: BackgroundDevice, schedule: Schedule): void {
    this.#started = true;
    const made = (form: Form): Form => {
      // Compiled twice when a blocking run could not wait for the background; one is enough.
      if (this.#faster === null) this.#faster = form;
      else this.#dispose(form);
      return this.#faster;
    };
    // It goes on in its first form.
    const failed = (): null => {
      this.#pending = null;
      return null;
    };
    this.#pending = {
      form: compileFormLater(device, schedule).then(made, failed),
      now: () => {
        try {
          return made(compileForm(device, schedule));
        } catch {
          return failed();
        }
      },
    };
  }

  /** Gives all code back. */
  dispose(): void {
    this.#dispose(this.#first);
    void this.#pending?.form.then((form) => form !== null && this.#dispose(form));
  }
}

interface Pending {
  readonly form: Promise<Form | null>;
  now(): Form | null;
}
