/**
 * The programs that wait for their turn and the one that runs: they run in the order they were asked for, one at a time.
 * A blocking wait may overtake the event loop at any point.
 */
import { sizeOf } from "../base/shape.ts";
import { launchBytes } from "../kernel/program.ts";
import type { Device, Executable } from "../runtime/device.ts";
import type { Form } from "./forms.ts";
import type { Job, Run, Target } from "./job.ts";
import type { PreparedValues } from "./prepared-values.ts";
import type { Profiler } from "./profile.ts";
import type { Workspace } from "./workspace.ts";

export class JobQueue {
  /** Times the programs, while a profile is taken. */
  profiler: Profiler | null = null;
  /** Programs run. */
  launches = 0;
  /** Milliseconds that launches which do not block kept the calling thread. */
  launchMs = 0;
  readonly #jobs: Job[] = [];
  readonly #workspace: Workspace;
  readonly #prepared: PreparedValues;

  constructor(workspace: Workspace, prepared: PreparedValues) {
    this.#workspace = workspace;
    this.#prepared = prepared;
  }

  /** Ends when all jobs have ended, as the last one does; null when there are none. */
  get settled(): Promise<void> | null {
    // Jobs run in order: the last one to end is the last one submitted.
    return this.#jobs[this.#jobs.length - 1]?.settle.promise ?? null;
  }

  add(job: Job): void {
    this.#jobs.push(job);
  }

  /** Starts the next job if none is running. */
  pump(): void {
    const job = this.#jobs[0];
    if (job === undefined || job.started) return;
    job.started = true;
    const { form } = job.choice;
    if (form !== null) this.#run(job, form);
    else {
      const failed = (error: unknown): void => this.#fail(job, error);
      job.choice.ready().then((ready) => this.#run(job, ready), failed);
    }
  }

  #run(job: Job, form: Form): void {
    // A blocking read may have run it while its form was still being compiled.
    if (job.done || job.form !== null) return;
    try {
      this.#bind(job, form);
      this.#next(job, form.device);
    } catch (error) {
      this.#fail(job, error);
    }
  }

  #next(job: Job, device: Device): void {
    const { executable, slots } = this.#begin(job);
    const start = performance.now();
    const running = device.run(executable, this.#workspace.arena, slots);
    this.launchMs += performance.now() - start;
    running.then(
      () => {
        // A blocking read may have waited for it and gone on.
        if (!job.done && this.#ended(job)) this.#next(job, device);
        else this.pump();
      },
      (error) => this.#fail(job, error),
    );
  }

  /** Runs all jobs to their end, blocking. */
  drain(): void {
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      try {
        this.#runSync(job);
      } catch (error) {
        this.#fail(job, error);
        throw error;
      }
    }
  }

  #runSync(job: Job): void {
    job.started = true;
    let running = job.form !== null;
    if (job.form === null) this.#bind(job, job.choice.readySync());
    const { device } = job.form as Form;
    do {
      if (running) device.waitSync();
      else {
        const { executable, slots } = this.#begin(job);
        device.runSync(executable, this.#workspace.arena, slots);
      }
      running = false;
    } while (this.#ended(job));
  }

  /** The launch that is due. */
  #begin(job: Job): Run {
    this.launches++;
    this.profiler?.begins();
    return job.runs[0] as Run;
  }

  /** Takes note of the end of a launch. @returns whether another one has to follow; if none, the job is done */
  #ended(job: Job): boolean {
    const run = job.runs.shift() as Run;
    if (run.timed !== null) this.profiler?.ended(run.timed);
    if (job.runs.length > 0) return true;
    this.#finish(job);
    return false;
  }

  /** Hands out what a job has computed. Starting the next one is for the caller to decide. */
  #finish(job: Job): void {
    job.done = true;
    job.targets.forEach((t, i) => {
      const value = job.kept[i];
      if (value === null || value === undefined || value.data !== null) return;
      const offset = job.compiled.outputOffsets[i] as number;
      value.data = this.#workspace.read(t.node.dtype, offset, sizeOf(t.node.shape));
    });
    this.#jobs.shift();
    job.settle.resolve();
  }

  #fail(job: Job, error: unknown): void {
    if (job.done) return;
    job.done = true;
    if (job.form !== null) this.#prepared.outdate(job.form);
    this.#jobs.shift();
    job.settle.reject(error);
    this.pump();
  }

  /** Writes inputs to the staging area and gives every slot its address. */
  #bind(job: Job, form: Form): void {
    const { compiled, leaves, targets } = job;
    const { device, executable, preparation } = form;
    const programs = [executable.program, ...(preparation === null ? [] : [preparation.executable.program])];
    const bytes = Math.max(...programs.map((p) => launchBytes(p, device.threads)));
    this.#workspace.reserve(bytes, compiled.stagingBytes);
    const addresses = leaves.map((leaf, i) => this.#workspace.place(leaf, compiled.leafOffsets[i] as number));
    const prepared = this.#prepared.place(form, leaves);
    const slots = form.bindings.map((b) => {
      if (b.kind === "leaf") return addresses[b.leaf] as number;
      if (b.kind === "prepared") return prepared.address + b.byteOffset;
      const target = targets[b.output] as Target;
      return (
        target.variable?.storage?.address ??
        this.#workspace.staged(compiled.outputOffsets[b.output] as number)
      );
    });
    const before = preparation !== null && prepared.outdated ? [preparation.executable] : [];
    job.form = form;
    job.runs = [...before, executable].map((e) => this.#launchOf(device, e, slots));
  }

  #launchOf(device: Device, executable: Executable, slots: readonly number[]): Run {
    if (this.profiler === null) return { executable, slots, timed: null };
    const timed = this.profiler.timed(device, executable);
    return { executable: timed.executable, slots: [...slots, timed.clock], timed };
  }
}
