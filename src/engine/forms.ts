/**
 * The forms of one computation: a program for the device that is ready at once, and later one for a faster device that
 * takes long to compile for.
 *
 * The change comes at a fixed run, not when the compiler happens to be done, and waits for it if it must; seeding the
 * generator starts the count again. So the same seed gives the same bits, run after run.
 */
import type { Device, Executable } from "../runtime/device.ts";
import type { BackgroundDevice } from "../runtime/native/device.ts";
import type { Schedule, SlotBinding } from "../schedule/plan.ts";

/** A program on a device, and how leaves and outputs are bound to its slots. */
export interface Form {
  readonly device: Device;
  readonly executable: Executable;
  readonly bindings: readonly SlotBinding[];
}

/** The run at which the faster form starts to be compiled: most programs that run twice run a thousand times. */
const compileAt = 2;
/** The run from which on the faster form is used. */
export const fasterFrom = 20;

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
  #faster: Form | null = null;
  #pending: Pending | null = null;
  #started = false;
  #runs: number;

  /** @param runs how often it has run already, in a process that this one continues */
  constructor(first: Form, runs = 0) {
    this.#first = first;
    this.#runs = runs;
  }

  get runs(): number {
    return this.#runs;
  }

  /** Whether the next run is the one to give `next` a faster device. */
  get wantsFaster(): boolean {
    return this.#runs + 1 >= compileAt && !this.#started;
  }

  /** The form for the next run. `prepare` schedules the computation for a device. */
  next(faster: BackgroundDevice | null, prepare: (device: Device) => Schedule): Choice {
    this.#runs++;
    if (faster !== null && !this.#started) this.#start(faster, prepare(faster));
    const form = this.#runs < fasterFrom || this.#pending === null ? this.#first : this.#faster;
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

  #start(device: BackgroundDevice, { program, bindings }: Schedule): void {
    this.#started = true;
    const made = (executable: Executable): Form => {
      // Compiled twice when a blocking run could not wait for the background; one is enough.
      if (this.#faster !== null) executable.dispose();
      else this.#faster = { device, executable, bindings };
      return this.#faster as Form;
    };
    // It goes on in its first form.
    const failed = (): null => {
      this.#pending = null;
      return null;
    };
    this.#pending = {
      form: device.compileLater(program).then(made, failed),
      now: () => {
        try {
          return made(device.compile(program));
        } catch {
          return failed();
        }
      },
    };
  }

  /** Gives all code back. */
  dispose(): void {
    this.#first.executable.dispose();
    void this.#pending?.form.then((form) => form?.executable.dispose());
  }
}

interface Pending {
  readonly form: Promise<Form | null>;
  now(): Form | null;
}
