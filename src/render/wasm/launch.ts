/**
 * The function that runs a whole program on one thread of several: its share of the chunks of every call and what others have
 * left of theirs, stage by stage. At the end of a stage it waits until all of its chunks are done, whoever does them: a thread
 * that comes late, or not at all, keeps nobody waiting.
 */
import { EngineError } from "../../base/errors.ts";
import type { Call, Place, Program } from "../../kernel/program.ts";
import {
  type CallChunks,
  countersOf,
  type Dealing,
  dealingOf,
  tableArenaBase,
  tableFirstSlot,
  tablePresent,
} from "../rendered.ts";
import { Code, type ModuleBuilder } from "./assembler.ts";
import { renderBarrier } from "./barrier.ts";
import { control, f64, i32 } from "./opcodes.ts";
import { renderClaim, renderTake } from "./take.ts";

/** A share is computed as chunks * thread in 32 bits. */
const maxChunks = 2 ** 24;

/** Parameters of `run`. */
const table = 0;
const thread = 1;
const threads = 2;

/** What `run` needs besides the program. */
export interface RunOptions {
  /** The kernels' function indices. */
  readonly functions: readonly number[];
  /** Whether several threads run it. */
  readonly shared: boolean;
  /** Index of the imported clock, for a program with a clock slot. */
  readonly now?: number | undefined;
}

/** Adds `run(table, thread, threads)` to the module. */
export function addRun(module: ModuleBuilder, program: Program, options: RunOptions): number {
  const { shared, now } = options;
  const code = new Code(["i32", "i32", "i32"]);
  const run: Run = {
    code,
    program,
    kernelFunctions: options.functions,
    arena: code.local("i32"),
    scratch: code.local("i32"),
    own: code.local("i32"),
    pass: code.local("i32"),
    first: code.local("i32"),
    end: code.local("i32"),
    functions: shared ? { claim: module.add(renderClaim()), take: module.add(renderTake()) } : undefined,
  };
  code.get(table);
  code.memory(i32.load, 2, 4 * tableArenaBase);
  code.set(run.arena);
  emitScratchBase(run);
  if (shared) emitPresence(code);
  if (now !== undefined) emitClockStart(run, now, shared);
  const barrier = shared ? module.add(renderBarrier()) : undefined;
  const counters = countersOf(program);
  let counter = counters.first;
  let waits = 0;
  program.stages.forEach((stage, i) => {
    const dealing = dealingOf(program, stage);
    emitStage(run, dealing, { ...counters, first: counter });
    counter += stage.calls.length;
    if (barrier !== undefined && dealing.chunks > 0) {
      code.get(table);
      code.get(threads);
      code.i32(waits++);
      code.i32(dealing.chunks);
      code.get(run.own);
      code.call(barrier);
    }
    emitStamp(run, now, i + 1);
  });
  return module.add(code);
}

/** Nanoseconds after which a thread looks again whether all others have come. */
const gatherNs = 10_000;

/** Counts the thread among those that have come. */
function emitPresence(code: Code): void {
  code.get(table);
  code.i32(1);
  code.memory(i32.atomicAdd, 2, 4 * tablePresent);
  code.op(control.drop);
}

/**
 * The first time of the clock. All threads wait for each other, and for thread 0 to count itself once more when it has told
 * the time: kernels that others have ended before would seem to take none.
 */
function emitClockStart(run: Run, now: number, shared: boolean): void {
  const { code } = run;
  if (shared) emitGather(code);
  emitStamp(run, now, 0);
  if (!shared) return;
  code.get(thread);
  code.op(i32.eqz);
  code.if(() => emitPresence(code));
}

/** Waits until all threads have been counted; those beside thread 0, until it has been counted twice. */
function emitGather(code: Code): void {
  const seen = code.local("i32");
  code.block(() => {
    code.loop(() => {
      code.get(table);
      code.memory(i32.atomicLoad, 2, 4 * tablePresent);
      code.tee(seen);
      code.get(threads);
      code.get(thread);
      code.i32(0);
      code.op(i32.ne);
      code.op(i32.add);
      code.op(i32.geU);
      code.branchIf(1);
      code.get(table);
      code.get(seen);
      code.i64(gatherNs);
      code.memory(i32.atomicWait, 2, 4 * tablePresent);
      code.op(control.drop);
      code.branch(0);
    });
  });
}

/** Thread 0 writes the time to an element of the clock slot, if the program has one. */
function emitStamp({ code, program }: Run, now: number | undefined, element: number): void {
  if (now === undefined || program.clock === undefined) return;
  const slot = program.clock;
  code.get(thread);
  code.op(i32.eqz);
  code.if(() => {
    code.get(table);
    code.memory(i32.load, 2, 4 * (tableFirstSlot + slot));
    code.call(now);
    code.memory(f64.store, 3, 8 * element);
  });
}

interface Run {
  readonly code: Code;
  readonly program: Program;
  readonly kernelFunctions: readonly number[];
  /** Local with the arena's base address. */
  readonly arena: number;
  /** Local with the base address of this thread's scratch memory. */
  readonly scratch: number;
  /** Local with the number of chunks that this thread has done of the stage. */
  readonly own: number;
  /** Local with the number of shares that this thread has looked at in each call of few chunks. */
  readonly pass: number;
  /** Locals with the bounds of the chunks that this thread has taken. */
  readonly first: number;
  readonly end: number;
  /** The functions of {@link renderClaim} and {@link renderTake}; without them, one thread does everything. */
  readonly functions: { readonly claim: number; readonly take: number } | undefined;
}

/** Where the counters of a stage's calls begin in the table, and those of the next thread behind them. */
type Counters = ReturnType<typeof countersOf>;

/** The many chunks come last: they even out what the few have left uneven. */
function emitStage(run: Run, dealing: Dealing, counters: Counters): void {
  const { code, functions } = run;
  const { few, shared } = dealing;
  for (const { call, chunks } of shared) {
    if (chunks <= maxChunks) continue;
    const name = run.program.kernels[call.kernel]?.name;
    throw new EngineError(`wasm: kernel ${name} has ${chunks} chunks; at most ${maxChunks} are possible`);
  }
  if (functions === undefined) {
    for (const { call, chunks } of [...few, ...shared]) {
      code.i32(0);
      code.i32(chunks);
      emitCall(run, call);
    }
    return;
  }
  code.i32(0);
  code.set(run.own);
  if (few.length > 0) emitFew(run, functions.claim, few, counters);
  for (const it of shared) {
    emitShared(run, functions.take, it, { ...counters, first: counters.first + it.index });
  }
}

/** Claims the thread's own share of each call, and those of the threads behind it unless all have come. */
function emitFew(run: Run, claim: number, few: Dealing["few"], { first, stride }: Counters): void {
  const { code, pass } = run;
  code.i32(0);
  code.set(pass);
  code.loop(() => {
    for (const { call, index, chunks, turn } of few) {
      emitCounters(code, { first: first + index, stride }, chunks);
      code.get(thread);
      code.get(pass);
      code.op(i32.add);
      code.i32(turn);
      code.op(i32.add);
      code.get(threads);
      code.call(claim);
      emitTakenCall(run, call);
    }
    code.get(pass);
    code.i32(1);
    code.op(i32.add);
    code.tee(pass);
    code.get(threads);
    code.op(i32.ltU);
    code.get(table);
    code.memory(i32.atomicLoad, 2, 4 * tablePresent);
    code.get(threads);
    code.op(i32.ltU);
    code.op(i32.and);
    code.branchIf(0);
  });
}

/** Takes chunks, first of the thread's own share, as long as there are any. */
function emitShared(run: Run, take: number, { call, chunks }: CallChunks, counters: Counters): void {
  const { code } = run;
  code.loop(() => {
    emitCounters(code, counters, chunks);
    code.get(thread);
    code.get(threads);
    code.call(take);
    emitTakenCall(run, call, () => code.branch(1));
  });
}

/** Pushes what both functions take first: where the counters of a call are, how far apart, and its chunks. */
function emitCounters(code: Code, { first, stride }: Counters, chunks: number): void {
  code.get(table);
  code.i32(4 * first);
  code.op(i32.add);
  code.i32(4 * stride);
  code.i32(chunks);
}

/** Calls a kernel for the chunks whose bounds are on the stack, if there are any, and does what is to follow then. */
function emitTakenCall(run: Run, call: Call, then: () => void = () => {}): void {
  const { code } = run;
  code.set(run.end);
  code.tee(run.first);
  code.get(run.end);
  code.op(i32.ltU);
  code.if(() => {
    code.get(run.own);
    code.get(run.end);
    code.op(i32.add);
    code.get(run.first);
    code.op(i32.sub);
    code.set(run.own);
    code.get(run.first);
    code.get(run.end);
    emitCall(run, call);
    then();
  });
}

/** Calls a kernel; the chunk bounds are on the stack. */
function emitCall(run: Run, call: Call): void {
  for (const place of call.places) emitPlace(run, place);
  const index = run.kernelFunctions[call.kernel];
  if (index === undefined) throw new EngineError(`wasm: there is no kernel ${call.kernel}`);
  run.code.call(index);
}

function emitScratchBase({ code, program, arena, scratch }: Run): void {
  if (program.scratchBytes === undefined) return;
  code.get(thread);
  code.i32(program.scratchBytes);
  code.op(i32.mul);
  code.get(arena);
  code.op(i32.add);
  code.i32(program.arenaBytes);
  code.op(i32.add);
  code.set(scratch);
}

function emitPlace({ code, arena, scratch }: Run, place: Place): void {
  if (place.kind !== "slot") {
    code.get(place.kind === "arena" ? arena : scratch);
    code.i32(place.byteOffset);
    code.op(i32.add);
  } else {
    code.get(table);
    code.memory(i32.load, 2, 4 * (tableFirstSlot + place.slot));
  }
}
