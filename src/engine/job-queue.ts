/**
 * The programs that wait for their turn and the one that runs: they run in the order they were asked for, one at a time.
 * A blocking wait may overtake the event loop at any point.
 */
import { mapped } from "../base/mapped.ts";
import { sizeOf } from "../base/shape.ts";
import type { Node } from "../graph/node.ts";
import { launchBytes } from "../kernel/program.ts";
import type { Device, Executable } from "../runtime/device.ts";
import { hostFeatures } from "../runtime/features.ts";
import type { Form } from "./forms.ts";
import type { Job, Run, Target } from "./job.ts";
import type { PreparedValues } from "./prepared-values.ts";
import type { Profiler } from "./profile.ts";
import { otherSide, type Workspace } from "./workspace.ts";

export class JobQueue {
  /** Times the programs, while a profile is taken. */
  profiler: Profiler | null = null;
  /** Programs run. */
  launches = 0;
  /** Milliseconds that launches kept the calling thread, other than in blocking reads. */
  launchMs = 0;
  /** What a job failed with after its caller had gone on. */
  #unheard: { readonly error: unknown } | null = null;
  readonly #jobs: Job[] = [];
  readonly #workspace: Workspace;
  readonly #prepared: PreparedValues;

  constructor(workspace: Workspace, prepared: PreparedValues) {
    this.#workspace = workspace;
    this.#prepared = prepared;
  }

  /** Waits until all jobs have ended; null when there are none. Rejects also with what failed while nobody waited. */
  ended(): Promise<void> | null {
    this.#handOut(this.#join());
    for (const job of this.#jobs) job.awaited = true;
    // Jobs run in order: the last one to end is the last one submitted. It may fail at once, and is no job any more then.
    const last = this.#jobs.at(-1)?.settle.promise ?? null;
    void this.pump();
    if (this.#unheard === null && !this.#jobs.some((job) => job.ahead)) return last;
    return quiet(this.#told(last ?? Promise.resolve()));
  }

  /**
   * Starts what waits, and resolves when the last job is under way and those before have ended: the caller makes the next
   * one meanwhile. Where the calling thread takes part in a job, it does so in the next call of any method here. Rejects with
   * what has failed since somebody waited.
   */
  advance(): Promise<void> | null {
    this.#bindAhead();
    const joined = this.#join();
    const [before, last] = [this.#jobs.at(-2), this.#jobs.at(-1)];
    if (last === undefined || this.profiler !== null || !hostFeatures().canBlock) {
      this.#handOut(joined);
      return this.ended();
    }
    for (const job of this.#jobs) if (job !== last) job.awaited = true;
    last.ahead = true;
    // What is bound waits for no value of the job before: other threads have to do while those are handed out.
    const isBound = this.#jobs[0]?.boundAhead !== null;
    if (!isBound) this.#handOut(joined);
    const begun = this.pump();
    if (isBound) this.#handOut(joined);
    // Once it has started its inputs are on the device, and may be changed.
    const started = (): Promise<void> | undefined => {
      if (last.form?.device.canWait === true) return undefined;
      // Its form is still being compiled, or a blocking read could not wait for it.
      last.awaited = true;
      return last.settle.promise;
    };
    return quiet(this.#told(Promise.resolve(before?.settle.promise.catch(() => {}) ?? begun).then(started)));
  }

  /** Ends what goes on by itself, blocking, so that its values can be looked at. */
  catchUp(): void {
    if (!this.#jobs.some((job) => job.ahead) || !this.#jobs.every((job) => job.choice.form?.device.canWait))
      return;
    try {
      this.#drain();
    } catch (error) {
      this.#unheard = { error };
    }
  }

  get isIdle(): boolean {
    return this.#jobs.length === 0;
  }

  /** Calls back when the jobs of now have ended, however; at once when there are none. */
  afterAll(call: () => void): void {
    const last = this.#jobs.at(-1);
    if (last === undefined) call();
    else last.settle.promise.then(call, call);
  }

  /** Rejects also with what has failed while nobody waited, once; what it rejects with anyhow is told by that. */
  #told(end: Promise<void>): Promise<void> {
    return end.then(
      () => this.#report(),
      (error) => {
        this.#unheard = null;
        throw error;
      },
    );
  }

  /** @throws what has failed while nobody waited, once */
  #report(): void {
    const failure = this.#unheard;
    this.#unheard = null;
    if (failure !== null) throw failure.error;
  }

  /**
   * Takes part in the job that waits for it, until it has ended.
   *
   * @returns the job, whose values are to be handed out; null where none waits, or it has failed
   */
  #join(): Job | null {
    const job = this.#jobs[0];
    if (job?.begun !== true) return null;
    job.begun = false;
    const start = performance.now();
    try {
      job.form?.device.waitSync();
    } catch (error) {
      this.#fail(job, error);
      return null;
    }
    this.launchMs += performance.now() - start;
    job.done = true;
    this.#jobs.shift();
    return job;
  }

  add(job: Job): void {
    this.#jobs.push(job);
  }

  /**
   * Starts the next job if none is running. @returns what to wait for before the event loop is kept from its work any longer,
   * if it goes on by itself
   */
  pump(): Promise<void> | null {
    const job = this.#jobs[0];
    if (job === undefined || job.started) return null;
    job.started = true;
    const { form } = job.choice;
    if (form !== null) return this.#run(job, form);
    const failed = (error: unknown): void => this.#fail(job, error);
    job.choice.ready().then((ready) => void this.#run(job, ready), failed);
    return null;
  }

  #run(job: Job, form: Form): Promise<void> | null {
    // A blocking read may have run it while its form was still being compiled.
    if (job.done || job.form !== null) return null;
    try {
      this.#bind(job, form);
      const begun = this.#begin(job, form.device);
      if (begun === null) this.#next(job, form.device);
      return begun;
    } catch (error) {
      this.#fail(job, error);
      return null;
    }
  }

  /** Lets other threads begin a job whose caller goes on, if the device can do so. */
  #begin(job: Job, device: Device): Promise<void> | null {
    const [run, second] = job.runs as [Run, Run?];
    if (!job.ahead || job.awaited || second !== undefined || run.timed !== null) return null;
    const start = performance.now();
    const begun = device.begin?.(run.executable, this.#workspace.arena, run.slots) ?? null;
    if (begun === null) return null;
    this.launches++;
    this.launchMs += performance.now() - start;
    job.begun = true;
    return begun;
  }

  #next(job: Job, device: Device): void {
    const { executable, slots } = this.#due(job);
    const start = performance.now();
    const running = device.run(executable, this.#workspace.arena, slots);
    this.launchMs += performance.now() - start;
    running.then(
      () => {
        // A blocking read may have waited for it and gone on.
        if (!job.done && this.#ended(job)) this.#next(job, device);
        else void this.pump();
      },
      (error) => this.#fail(job, error),
    );
  }

  /** Runs all jobs to their end, blocking. @throws what one failed with, or has failed with while nobody waited */
  drain(): void {
    this.#drain();
    this.#report();
  }

  #drain(): void {
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      try {
        this.#runSync(job);
      } catch (error) {
        this.#fail(job, error);
        this.#unheard = null;
        throw error;
      }
    }
  }

  #runSync(job: Job): void {
    job.started = true;
    job.begun = false;
    let running = job.form !== null;
    if (job.form === null) this.#bind(job, job.choice.readySync());
    const { device } = job.form as Form;
    do {
      if (running) device.waitSync();
      else {
        const { executable, slots } = this.#due(job);
        device.runSync(executable, this.#workspace.arena, slots);
      }
      running = false;
    } while (this.#ended(job));
  }

  /** The launch that is due. */
  #due(job: Job): Run {
    this.launches++;
    this.profiler?.begins();
    return job.runs[0] as Run;
  }

  /** Takes note of the end of a launch. @returns whether another one has to follow; if none, the job is done */
  #ended(job: Job): boolean {
    const run = job.runs.shift() as Run;
    if (run.timed !== null) this.profiler?.ended(run.timed);
    if (job.runs.length > 0) return true;
    job.done = true;
    this.#jobs.shift();
    this.#handOut(job);
    return false;
  }

  /** Hands out what a job has computed. Starting the next one is for the caller to decide. */
  #handOut(job: Job | null): void {
    if (job === null) return;
    job.targets.forEach((t, i) => {
      const value = job.kept[i];
      if (value === null || value === undefined || value.data !== null) return;
      const offset = job.compiled.outputOffsets[i] as number;
      value.data = this.#workspace.read(t.node.dtype, offset, sizeOf(t.node.shape), job.side);
    });
    job.settle.resolve();
  }

  #fail(job: Job, error: unknown): void {
    if (job.done) return;
    job.done = true;
    if (job.form !== null) this.#prepared.outdate(job.form);
    this.#jobs.shift();
    if (job.ahead) this.#unheard = { error };
    job.settle.reject(error);
    void this.pump();
  }

  /**
   * Brings the inputs of the next job to the device while the one before still runs, where that disturbs nobody: other threads
   * would have nothing to do meanwhile.
   */
  #bindAhead(): void {
    const [running, next] = this.#jobs;
    const form = next?.choice.form ?? null;
    if (running?.begun !== true || next === undefined || form === null || this.profiler !== null) return;
    if (next.repeat !== null || form.preparation !== null || next.boundAhead !== null) return;
    // What the running program computes for the host is not there yet.
    if (next.leaves.some(({ value }) => value?.kind === "host" && value.data === null)) return;
    if (!this.#workspace.hasRoom(launchBytes(form.executable.program, form.device.threads))) return;
    next.side = otherSide(running.side);
    try {
      next.boundAhead = { form, slots: this.#addresses(next, form, null).slots };
    } catch {
      // It will fail again when it is its turn, and whoever waits for it is told then.
    }
  }

  /** Brings inputs to the device and gives every slot its address. */
  #bind(job: Job, form: Form): void {
    const { device, executable, preparation } = form;
    if (job.boundAhead?.form === form) {
      job.form = form;
      job.runs = [this.#launchOf(device, executable, job.boundAhead.slots)];
      return;
    }
    const bound = job.repeat?.bound ?? null;
    const leaves = this.#placeAgain(job, form);
    const { slots, outdated } =
      bound !== null && leaves === bound.leaves
        ? { slots: bound.slots, outdated: false }
        : this.#addresses(job, form, leaves);
    const before = preparation !== null && outdated ? [preparation.executable] : [];
    job.form = form;
    job.runs = mapped([...before, executable], (e) => this.#launchOf(device, e, slots));
  }

  /**
   * Brings inputs to the device where everything else is what it was the last time.
   *
   * @returns the addresses of all leaves: the list of the last time, if they are the same; null where other things have changed
   */
  #placeAgain(job: Job, form: Form): readonly number[] | null {
    const { compiled, leaves, repeat, side } = job;
    const workspace = this.#workspace;
    const bound = repeat?.bound ?? null;
    if (repeat === null || bound === null) return null;
    if (bound.form !== form || bound.staging !== workspace.staged(0, side)) return null;
    if (!this.#prepared.isCurrent(form, bound.prepared)) return null;
    let moved: number[] | null = null;
    for (const i of repeat.placed) {
      const address = workspace.place(leaves[i] as Node, compiled.leafOffsets[i] as number, side);
      if (address === bound.leaves[i]) continue;
      moved ??= [...bound.leaves];
      moved[i] = address;
    }
    return moved ?? bound.leaves;
  }

  /**
   * @param placed the addresses of all leaves, if they are there
   * @returns the address of every slot, and whether prepared values are out of date
   */
  #addresses(
    job: Job,
    form: Form,
    placed: readonly number[] | null,
  ): { slots: readonly number[]; outdated: boolean } {
    const { compiled, targets, repeat, side } = job;
    const workspace = this.#workspace;
    const leaves = placed ?? this.#placeAll(job, form);
    const { address, operands, outdated } = this.#prepared.place(form, job.leaves);
    const slots = mapped(form.bindings, (b) => {
      if (b.kind === "leaf") return leaves[b.leaf] as number;
      if (b.kind === "prepared") return address + b.byteOffset;
      const target = targets[b.output] as Target;
      return (
        target.variable?.storage?.address ??
        workspace.staged(compiled.outputOffsets[b.output] as number, side)
      );
    });
    if (repeat !== null)
      repeat.bound = { form, slots, leaves, staging: workspace.staged(0, side), prepared: operands };
    return { slots, outdated };
  }

  /** Makes room for a program, and brings its inputs to the device. */
  #placeAll(job: Job, { device, executable, preparation }: Form): readonly number[] {
    const { compiled, leaves, side } = job;
    const programs = [executable.program, ...(preparation === null ? [] : [preparation.executable.program])];
    const bytes = Math.max(...mapped(programs, (p) => launchBytes(p, device.threads)));
    this.#workspace.reserve(bytes, compiled.stagingBytes, side);
    // After a step comes another, which may be bound while this one runs; how soon depends on what else the machine does.
    if (job.ahead && job === this.#jobs[0])
      this.#workspace.reserve(bytes, compiled.stagingBytes, otherSide(side));
    return mapped(leaves, (leaf, i) => this.#workspace.place(leaf, compiled.leafOffsets[i] as number, side));
  }

  #launchOf(device: Device, executable: Executable, slots: readonly number[]): Run {
    if (this.profiler === null) return { executable, slots, timed: null };
    const timed = this.profiler.timed(device, executable);
    return { executable: timed.executable, slots: [...slots, timed.clock], timed };
  }
}

/** An error that nobody waits for must not end the process. */
function quiet(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}
