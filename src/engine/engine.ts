/**
 * The engine: the only place that wires graph, schedule and device together. It knows what is pending (variables to
 * be assigned, values that user code made), turns it into one program at a flush, finds that program again at the
 * next one, and brings values back.
 */

import type { TypedArray } from "../base/dtype.ts";
import { environmentFlag } from "../base/env.ts";
import { EngineError } from "../base/errors.ts";
import { mapped } from "../base/mapped.ts";
import { formatShape, sizeOf } from "../base/shape.ts";
import { type DeviceStorage, type Node, resolve } from "../graph/node.ts";
import { type GraphWalk, hashSignature, renumber, signatureOf, walkGraph } from "../graph/signature.ts";
import type { Program } from "../kernel/program.ts";
import { verifyProgram } from "../kernel/verify.ts";
import type { Device } from "../runtime/device.ts";
import type { BackgroundDevice } from "../runtime/native/device.ts";
import { optimizeLater, withoutOptimizer } from "../runtime/v8-flags.ts";
import { scheduleCalls } from "../schedule/calls.ts";
import type { Schedule } from "../schedule/plan.ts";
import { type Choice, compileForm, type Form, Forms, fasterFrom } from "./forms.ts";
import { type Compiled, makeJob, type Target } from "./job.ts";
import { JobQueue } from "./job-queue.ts";
import { MadeValues } from "./made-values.ts";
import { emptyValue, forget, letGo, markStale, pastOf, requireComputable, staleError } from "./past.ts";
import { PreparedValues } from "./prepared-values.ts";
import { type Profile, Profiler } from "./profile.ts";
import { type CacheEntry, ProgramCache } from "./program-cache.ts";
import { Repeats } from "./repeats.ts";
import type { EngineSettings } from "./settings.ts";
import { stagingLayout } from "./staging.ts";
import type { EngineStats } from "./stats.ts";
import type { Variable } from "./storage.ts";
import { Workspace } from "./workspace.ts";

/** A pending graph with more user-made values than this is flushed by itself: scheduling it takes half a second. */
const mostPending = 4000;
/** Programs kept. A program of a small network takes some hundred kilobytes. */
const mostPrograms = 256;

/** TATAMI_VERIFY=1 checks every program before it is compiled; for work on the schedule. */
const verifies = environmentFlag("TATAMI_VERIFY") === "1";

/**
 * Computes pending values on one device: schedules, compiles, remembers programs and runs them. Users meet it for its
 * counters; tensors call the rest. Made by `createEngine`.
 *
 * @example
 * const { stats } = currentEngine();
 * console.log(`${stats.programs} programs, ${stats.deviceBytes} bytes`);
 */
export class Engine {
  /** The device that runs every program at first. */
  readonly device: Device;
  readonly #makeFaster: () => BackgroundDevice | null;
  readonly #fasterAt: (program: Program) => number;
  readonly #strict: boolean;
  #faster: BackgroundDevice | null | undefined;
  readonly #cache: ProgramCache<Compiled>;
  #dirty = new Set<Variable>();
  readonly #made = new MadeValues();
  readonly #repeats = new Repeats();
  readonly #earlierRuns = new Map<number, number>();
  #wanted = new Set<Node>();
  readonly #prepared: PreparedValues;
  readonly #queue: JobQueue;
  readonly #stats = { compilations: 0, compileMs: 0, lookupMs: 0, graphNodes: 0 };

  /** @param device runs every program at once */
  constructor(device: Device, settings: EngineSettings = {}) {
    this.device = device;
    this.#fasterAt = settings.fasterAt ?? fasterFrom;
    this.#makeFaster = settings.faster ?? (() => null);
    this.#strict = settings.strict ?? false;
    this.#cache = new ProgramCache(mostPrograms, (c) => this.#retire(c));
    this.#prepared = new PreparedValues(device);
    this.#queue = new JobQueue(new Workspace(device), this.#prepared);
  }

  get stats(): EngineStats {
    const { compilations, compileMs, lookupMs, graphNodes } = this.#stats;
    const { launches, launchMs } = this.#queue;
    const { bytesInUse: deviceBytes } = this.device;
    const programs = this.#cache.size;
    return { compilations, launches, programs, compileMs, lookupMs, launchMs, graphNodes, deviceBytes };
  }

  /** Notes a value that user code made: it is computed at the next flush if it is small. */
  made(node: Node): void {
    if (node.value !== null) return;
    this.#made.add(node);
    if (this.#made.count > mostPending) void this.flush();
  }

  /** Takes back `made`: nobody can ask for the value. */
  unmade(node: Node): void {
    this.#made.remove(node);
  }

  /** How many values user code has made since the last flush. */
  get madeCount(): number {
    return this.#made.count;
  }

  /**
   * Says that values made since there were `from` of them are a module's own, but for those `shown`: only small ones are
   * still computed for a reader, who would have to be the module itself.
   */
  madeInside(from: number, shown: ReadonlySet<Node>): void {
    this.#made.hide(from, shown);
  }

  /** Notes that a variable has a new pending value. */
  assigned(variable: Variable): void {
    this.#dirty.add(variable);
  }

  /** Takes back `assigned`: the pending value is not wanted any more. */
  unassigned(variable: Variable): void {
    this.#dirty.delete(variable);
  }

  /** Keeps a value at the next flush whatever its size. */
  keep(node: Node): void {
    // An alias of what lives in storage has no value of its own: it is copied before the storage changes.
    if (node.value === null) this.#wanted.add(node);
  }

  /** Computes everything pending, and `extra` whatever its size. Returns when the values are there. */
  flush(extra: readonly Node[] = []): Promise<void> {
    this.#submit(extra);
    return this.#queue.ended() ?? Promise.resolve();
  }

  /**
   * Starts computing everything pending. Resolves when it is under way and everything before has ended, so that at most one
   * program runs that nobody waits for: the next graph is built meanwhile. Whoever reads a value waits for it; what fails is
   * told by the next call that waits. In a browser, whose threads the page must not wait for, as `flush`.
   */
  advance(): Promise<void> {
    optimizeLater(this.device.threads);
    this.#submit([]);
    return this.#queue.advance() ?? Promise.resolve();
  }

  /** As `flush`, but blocks. @throws EngineError where the host forbids blocking. */
  flushSync(extra: readonly Node[] = []): void {
    this.#submit(extra);
    this.#queue.drain();
  }

  /**
   * The elements of a node in row-major order, as a copy of their own. Waits for nothing where they are known, not even for
   * a step under way.
   */
  async read(node: Node): Promise<TypedArray> {
    if (this.#needsFlush(node)) await this.flush([node]);
    else if (!isKnown(node)) await this.#queue.ended();
    return this.#fetch(node);
  }

  readSync(node: Node): TypedArray {
    if (this.#needsFlush(node)) this.flushSync([node]);
    else if (!isKnown(node)) this.#queue.drain();
    return this.#fetch(node);
  }

  /** A value that is already known, without waiting for anything, to be looked at now and not kept; else null. */
  peek(node: Node): TypedArray | null {
    const { value, dtype, shape } = resolve(node);
    if (value === null) return null;
    // A program that nobody waits for may be the one that computes it.
    if (value.kind === "storage" || value.data === null) this.#queue.catchUp();
    if (value.kind === "host") return value.data;
    const { storage, version } = value;
    // A program that waits or runs may be the one that writes it.
    const known = this.#queue.isIdle && version === storage.version && storage.device === this.device;
    return known ? this.device.view(dtype, storage.address, sizeOf(shape)) : null;
  }

  /** Gives a program's code back, once the jobs that may still need it have ended. */
  #retire(compiled: Compiled): void {
    this.#queue.afterAll(() => compiled.forms.dispose());
  }

  #dispose(form: Form): void {
    form.executable.dispose();
    form.preparation?.executable.dispose();
    this.#prepared.release(form);
  }

  /** Waits for all programs to end and ends the device's threads. */
  async close(): Promise<void> {
    try {
      await this.#queue.ended();
    } finally {
      this.#cache.clear();
      await this.#faster?.close();
      await this.device.close();
    }
  }

  /**
   * Runs a function and everything that it leaves pending, and tells how long each kernel took. Kernels run one after
   * the other here, with a clock between them, so the whole takes a little longer than it would.
   *
   * @throws EngineError when a profile is being taken already; what `fn` throws
   * @example
   * const x = randn([64, 64]);
   * const { kernels, peak } = await currentEngine().profile(() => x.matmul(x).sum().item());
   * console.log(kernels.map((k) => `${k.name}: ${k.ms} ms`), peak.gflops);
   */
  async profile(fn: () => unknown): Promise<Profile> {
    if (this.#queue.profiler !== null) throw new EngineError("profile: a profile is being taken already");
    await this.flush();
    const profiler = await Profiler.start(this.device);
    const { lookupMs, compileMs } = this.#stats;
    this.#queue.profiler = profiler;
    try {
      await fn();
      await this.flush();
    } finally {
      // What runs still needs its code and its clock, also when `fn` has thrown.
      await this.#queue.ended()?.catch(() => {});
      this.#queue.profiler = null;
      profiler.dispose();
    }
    return profiler.result({
      wallMs: performance.now() - profiler.begin,
      lookupMs: this.#stats.lookupMs - lookupMs,
      compileMs: this.#stats.compileMs - compileMs,
    });
  }

  /**
   * Lets every program start over on the first device, as in a new process; or count on from what `runCounts` gave, so
   * that each goes over to the faster device where it would have.
   */
  restart(counts: readonly number[] = []): void {
    this.#earlierRuns.clear();
    for (let i = 0; i + 1 < counts.length; i += 2)
      this.#earlierRuns.set(counts[i] as number, counts[i + 1] as number);
    for (const [hash, { forms }] of this.#cache.entries()) forms.restart(this.#earlierRuns.get(hash));
  }

  /** How often each program has run, as pairs of its hash and that number: for a process that goes on from here. */
  runCounts(): number[] {
    const counts = new Map(this.#earlierRuns);
    for (const [hash, { forms }] of this.#cache.entries()) counts.set(hash, forms.runs);
    return [...counts].flat();
  }

  /** The device for programs that come again and again, made when the first of them comes. */
  #fasterDevice(): BackgroundDevice | null {
    if (this.#faster === undefined) this.#faster = this.#makeFaster();
    return this.#faster;
  }

  #needsFlush(node: Node): boolean {
    const { value } = resolve(node);
    if (value === null) return true;
    if (value.kind === "storage" && value.version !== value.storage.version) throw staleError(node);
    return false;
  }

  #fetch(node: Node): TypedArray {
    const n = resolve(node);
    const { value } = n;
    if (value === null) throw staleError(n);
    if (value.kind === "host") {
      if (value.data === null) throw new EngineError("the program that computes this value failed");
      return value.data.slice();
    }
    if (value.version !== value.storage.version) throw staleError(n);
    if (value.storage.device !== this.device) throw this.elsewhere(n);
    return this.device.view(n.dtype, value.storage.address, sizeOf(n.shape)).slice();
  }

  /** What to throw where a value lies in another engine's memory. */
  protected elsewhere(node: Node): EngineError {
    return new EngineError(
      `the value of this tensor (shape ${formatShape(node.shape)}) is in the memory of another engine than the one in use; ` +
        "call useEngine before tensors, models and optimizers are made, or go back to the engine they were made with",
      { shape: node.shape },
    );
  }

  /** @throws EngineError when a graph reads another engine's memory, or a variable lies there. */
  #requireOwn(graph: GraphWalk, variables: readonly Variable[]): void {
    const isForeign = (storage: DeviceStorage | null): boolean =>
      storage !== null && storage.device !== this.device;
    for (const leaf of graph.leaves)
      if (leaf.value?.kind === "storage" && isForeign(leaf.value.storage)) throw this.elsewhere(leaf);
    for (const v of variables) if (isForeign(v.storage)) throw this.elsewhere(v.node);
  }

  /**
   * Starts computing the first values of variables in a program of their own, so that what reads them finds storage
   * from the first step on and every step has the same structure.
   */
  initialize(): void {
    this.#initialize(this.#made.take());
    void this.#queue.pump();
  }

  #initialize(values: readonly Node[]): void {
    const first = [...this.#dirty].filter((v) => v.initialized && v.storage === null);
    for (const v of first) this.#dirty.delete(v);
    if (first.length > 0 || values.length > 0) this.#enqueue(first, values);
  }

  /** Turns what is pending into jobs. */
  #submit(extra: readonly Node[]): void {
    if (this.#submitAgain(extra)) return;
    requireComputable(extra);
    this.#initialize([]);
    const variables = [...this.#dirty];
    // A set that is cleared keeps its old table, which knows the new one: V8 would take all tables for old and needed.
    this.#dirty = new Set();
    const wanted = [...this.#wanted].filter((n) => n.value === null);
    if (this.#wanted.size > 0) this.#wanted = new Set();
    const values = new Set(this.#made.take());
    for (const node of wanted) values.add(node);
    for (const node of extra) values.add(node);
    this.#enqueue(variables, [...values]);
  }

  /** Asks for what was asked for before, with other values from the host, if that is all. @returns whether it was */
  #submitAgain(extra: readonly Node[]): boolean {
    const [node] = extra;
    if (node === undefined || extra.length > 1 || this.#dirty.size > 0 || this.#wanted.size > 0) return false;
    const before = performance.now();
    const repeat = this.#made.holdsOnly(node) ? this.#repeats.of(node) : null;
    if (repeat === null) return false;
    const compiled = repeat.entry.value;
    // A schedule for another device is made of the graph.
    if (compiled.forms.wantsFaster && this.#fasterDevice() !== null) return false;
    this.#cache.touch(repeat.entry);
    this.#made.take();
    const choice = compiled.forms.next(null, () => {
      throw new Error("engine: a program that is there already is scheduled");
    });
    const leaves = mapped(repeat.leaves, (i) => node.inputs[i] as Node);
    const job = makeJob(compiled, choice, leaves, [{ node, variable: null, leaf: null }], repeat);
    forget(node);
    this.#stats.graphNodes = leaves.length + 1;
    this.#stats.lookupMs += performance.now() - before;
    this.#queue.add(job);
    return true;
  }

  #enqueue(variables: readonly Variable[], values: readonly Node[]): void {
    const before = performance.now();
    const roots = [...mapped(variables, (v) => v.node), ...values];
    const walk = walkGraph(roots);
    const stale = markStale(walk);
    const usable = values.filter((n) => this.#usable(n, stale));
    for (const v of variables) if (stale.has(resolve(v.node))) throw staleError(v.node);
    if (variables.length + usable.length === 0) return;
    this.#requireOwn(walk, variables);
    // Values out of date are left out: walk again without them.
    const clean = stale.size === 0 && usable.length === values.length;
    const graph = clean ? walk : walkGraph([...mapped(variables, (v) => v.node), ...usable]);
    const targets = this.#targets(graph, variables, usable);
    const { entry, choice } = this.#compiled(graph, targets, before);
    const repeat = this.#repeats.note(entry, graph, targets);
    const assigned = new Set<object | null>();
    const kept = new Set<Node>();
    for (const { storage, node } of variables) {
      assigned.add(storage);
      if (node.requiresGrad) kept.add(node);
    }
    const past = pastOf(graph, assigned, kept);
    const job = makeJob(entry.value, choice, graph.leaves, targets, repeat);
    const known = mapped(targets, (t) => t.node);
    letGo(graph, known, past);
    this.#queue.add(job);
  }

  #usable(node: Node, stale: ReadonlySet<Node>): boolean {
    const n = resolve(node);
    if (n.value !== null && n === node) return false;
    if (!stale.has(n) && !n.expired) return sizeOf(n.shape) > 0 || emptyValue(node);
    node.expired = true;
    return false;
  }

  #targets(graph: GraphWalk, variables: readonly Variable[], values: readonly Node[]): Target[] {
    const leafOf = new Map<object, number>();
    graph.leaves.forEach((leaf, i) => {
      if (leaf.value?.kind === "storage") leafOf.set(leaf.value.storage, i);
    });
    return [
      ...mapped(variables, (variable) => {
        const storage = variable.reserve(this.device);
        return { node: variable.node, variable, leaf: leafOf.get(storage) ?? null };
      }),
      ...mapped(values, (node) => ({ node, variable: null, leaf: null })),
    ];
  }

  #compiled(
    graph: GraphWalk,
    targets: readonly Target[],
    before: number,
  ): { entry: CacheEntry<Compiled>; choice: Choice } {
    const signature = signatureOf(graph, placesOf(targets));
    const known = this.#cache.get(signature);
    const after = performance.now();
    this.#stats.lookupMs += after - before;
    this.#stats.graphNodes = graph.nodes.length;
    // A program that assigns is a step of training: its parameters are others at the next run.
    const prepares =
      targets.every((t) => t.variable === null) && graph.leaves.some((l) => l.value?.kind === "host");
    const scheduleFor = (device: Device): Schedule => {
      const made = scheduleCalls(graph, targets, { target: device.target, strict: this.#strict, prepares });
      // Leaves are in both graphs; what follows goes by their places in this one.
      renumber(graph);
      return made;
    };
    const runOf = (entry: CacheEntry<Compiled>): { entry: CacheEntry<Compiled>; choice: Choice } => {
      const { forms } = entry.value;
      const faster = forms.wantsFaster ? this.#fasterDevice() : null;
      return { entry, choice: forms.next(faster, scheduleFor) };
    };
    if (known !== undefined) return runOf(known);
    const compile = (): Compiled => {
      const forms = this.#formsOf(scheduleFor(this.device), signature);
      return { forms, ...stagingLayout(graph, targets) };
    };
    const made = withoutOptimizer(compile);
    this.#stats.compilations++;
    this.#stats.compileMs += performance.now() - after;
    return runOf(this.#cache.set(signature, made));
  }

  #formsOf(scheduled: Schedule, signature: readonly number[]): Forms {
    const { program, preparation } = scheduled;
    if (verifies) for (const p of [program, preparation?.program]) if (p !== undefined) verifyProgram(p);
    const earlier = this.#earlierRuns.get(hashSignature(signature));
    const dispose = (form: Form): void => this.#dispose(form);
    return new Forms(compileForm(this.device, scheduled), dispose, this.#fasterAt(program), earlier);
  }
}

/** Of each target its place in the graph, and where it goes. */
function placesOf(targets: readonly Target[]): number[] {
  const places: number[] = [];
  for (const { node, leaf, variable } of targets) {
    // What goes to new storage has no place in the staging area, unlike a value for the host.
    places.push(resolve(node).position, leaf ?? (variable === null ? -1 : -2));
  }
  return places;
}

/** Whether the host has a value that no program can change. */
function isKnown(node: Node): boolean {
  const { value } = resolve(node);
  return value?.kind === "host" && value.data !== null;
}
