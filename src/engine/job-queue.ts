/**
 * The programs that wait for their turn and the one that runs: they run in the order they were asked for, one at a time.
 * A blocking wait may overtake the event loop at any point.
 */
import { sizeOf } from "../base/shape.ts";
import { launchBytes } from "../kernel/program.ts";
import type { Executable } from "../runtime/device.ts";
import type { Form } from "./forms.ts";
import type { Job, Target } from "./job.ts";
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

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
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
    if (job.done || job.device !== null) return;
    try {
      const { executable, slots } = this.#bind(job, form);
      job.device = form.device;
      const start = performance.now();
      const running = form.device.run(executable, this.#workspace.arena, slots);
      this.launchMs += performance.now() - start;
      running.then(
        () => {
          this.#finish(job);
          this.pump();
        },
        (error) => this.#fail(job, error),
      );
    } catch (error) {
      this.#fail(job, error);
    }
  }

  /** Runs all jobs to their end, blocking. */
  drain(): void {
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      try {
        if (job.device !== null) job.device.waitSync();
        else {
          job.started = true;
          const form = job.choice.readySync();
          const { executable, slots } = this.#bind(job, form);
          job.device = form.device;
          form.device.runSync(executable, this.#workspace.arena, slots);
        }
        this.#finish(job);
      } catch (error) {
        this.#fail(job, error);
        throw error;
      }
    }
  }

  /** Hands out what a job has computed. Starting the next one is for the caller to decide. */
  #finish(job: Job): void {
    if (job.done) return;
    job.done = true;
    if (job.timed !== null) this.profiler?.ended(job.timed);
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
    this.#jobs.shift();
    job.settle.reject(error);
    this.pump();
  }

  /** Writes inputs to the staging area and gives the address of every slot. */
  #bind(job: Job, form: Form): { executable: Executable; slots: number[] } {
    const { compiled, leaves, targets } = job;
    const { program } = form.executable;
    this.#workspace.reserve(launchBytes(program, form.device.threads), compiled.stagingBytes);
    const addresses = leaves.map((leaf, i) => this.#workspace.place(leaf, compiled.leafOffsets[i] as number));
    this.launches++;
    const slots = form.bindings.map((b) => {
      if (b.kind === "leaf") return addresses[b.leaf] as number;
      const target = targets[b.output] as Target;
      return (
        target.variable?.storage?.address ??
        this.#workspace.staged(compiled.outputOffsets[b.output] as number)
      );
    });
    if (this.profiler === null) return { executable: form.executable, slots };
    job.timed = this.profiler.timed(form);
    return { executable: job.timed.form.executable, slots: [...slots, job.timed.clock] };
  }
}
