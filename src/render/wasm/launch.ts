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
  pieces,
  tableArenaBase,
  tableFirstSlot,
  tablePresent,
} from "../rendered.ts";
import { Code, type ModuleBuilder } from "./assembler.ts";
import { control, f64, i32 } from "./opcodes.ts";

/** Words of the table that the barrier works on, as byte offsets. */
const doneOffset = 0;
const stagesOffset = 4;

/**
 * Reads of the stages done before a thread goes to sleep: some 200 microseconds. Most stages of a small program are
 * shorter, and putting a thread to sleep and waking it again takes longer than they do.
 */
const spins = 100_000;

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
  if (shared) {
    code.get(table);
    code.i32(1);
    code.memory(i32.atomicAdd, 2, 4 * tablePresent);
    code.op(control.drop);
  }
  const barrier = shared ? module.add(renderBarrier()) : undefined;
  emitStamp(run, now, 0);
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
  const most = Math.max(0, ...[...few, ...shared].map(({ chunks }) => chunks));
  if (most > maxChunks) {
    throw new EngineError(`wasm: a kernel has ${most} chunks; at most ${maxChunks} are possible`);
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
      code.get(table);
      code.i32(4 * (first + index));
      code.op(i32.add);
      code.i32(4 * stride);
      code.i32(chunks);
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
function emitShared(run: Run, take: number, { call, chunks }: CallChunks, { first, stride }: Counters): void {
  const { code } = run;
  code.loop(() => {
    code.get(table);
    code.i32(4 * first);
    code.op(i32.add);
    code.i32(4 * stride);
    code.i32(chunks);
    code.get(thread);
    code.get(threads);
    code.call(take);
    emitTakenCall(run, call, () => code.branch(1));
  });
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

/** Pushes ceil(chunks * (share + next) / threads), the first chunk of a share or the one after its last. */
function emitBound(
  code: Code,
  push: Readonly<Record<"chunks" | "share" | "threads", () => void>>,
  next: number,
): void {
  push.share();
  code.i32(next);
  code.op(i32.add);
  push.chunks();
  code.op(i32.mul);
  push.threads();
  code.op(i32.add);
  code.i32(1);
  code.op(i32.sub);
  push.threads();
  code.op(i32.divU);
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

/**
 * claim(counters, stride, chunks, share, threads): the bounds of a whole share; the second is the first where it is empty or
 * somebody has taken it.
 */
function renderClaim(): Code {
  const code = new Code(["i32", "i32", "i32", "i32", "i32"], ["i32", "i32"]);
  const [counters, stride, chunks, share, count] = [0, 1, 2, 3, 4];
  const counter = code.local("i32");
  const push = {
    chunks: () => code.get(chunks),
    share: () => code.get(share),
    threads: () => code.get(count),
  };
  code.get(share);
  code.get(count);
  code.op(i32.remU);
  code.tee(share);
  code.get(stride);
  code.op(i32.mul);
  code.get(counters);
  code.op(i32.add);
  code.set(counter);
  emitBound(code, push, 0);
  emitBound(code, push, 1);
  code.op(i32.ltU);
  code.if(() => {
    code.get(counter);
    code.memory(i32.atomicLoad, 2, 0);
    code.op(i32.eqz);
    code.if(() => {
      code.get(counter);
      code.i32(1);
      code.memory(i32.atomicAdd, 2, 0);
      code.op(i32.eqz);
      code.if(() => {
        emitBound(code, push, 0);
        emitBound(code, push, 1);
        code.op(control.return);
      });
    });
  });
  code.i32(0);
  code.i32(0);
  return code;
}

/**
 * take(counters, stride, chunks, thread, threads): the bounds of the next chunks of the thread's own share, then of the shares
 * behind it; the second bound is the first where none are left. A thread meets again in its cache what it wrote in the stage
 * before, and one that is held up by other work of the machine keeps nobody waiting for long.
 */
function renderTake(): Code {
  const code = new Code(["i32", "i32", "i32", "i32", "i32"], ["i32", "i32"]);
  const [counters, stride, chunks, self, count] = [0, 1, 2, 3, 4];
  const [tried, share, at] = [code.local("i32"), code.local("i32"), code.local("i32")];
  const [size, piece, counter] = [code.local("i32"), code.local("i32"), code.local("i32")];
  const get = (local: number) => (): void => code.get(local);
  const bound = (next: number): void =>
    emitBound(code, { chunks: get(chunks), share: get(share), threads: get(count) }, next);
  code.loop(() => {
    code.get(self);
    code.get(tried);
    code.op(i32.add);
    code.get(count);
    code.op(i32.remU);
    code.tee(share);
    code.get(stride);
    code.op(i32.mul);
    code.get(counters);
    code.op(i32.add);
    code.set(counter);
    bound(1);
    bound(0);
    code.op(i32.sub);
    code.tee(size);
    code.i32(pieces - 1);
    code.op(i32.add);
    code.i32(pieces);
    code.op(i32.divU);
    code.set(piece);
    code.get(counter);
    code.memory(i32.atomicLoad, 2, 0);
    code.get(size);
    code.op(i32.ltU);
    code.if(() => {
      code.get(counter);
      code.get(piece);
      code.memory(i32.atomicAdd, 2, 0);
      code.tee(at);
      code.get(size);
      code.op(i32.ltU);
      code.if(() => emitTaken(code, { bound, at, piece, size }));
    });
    code.get(tried);
    code.i32(1);
    code.op(i32.add);
    code.tee(tried);
    code.get(count);
    code.op(i32.ltU);
    code.branchIf(0);
  });
  code.i32(0);
  code.i32(0);
  return code;
}

/** Returns the bounds of a piece of a share that begins at local `at`, or of what is left of it. */
function emitTaken(
  code: Code,
  {
    bound,
    at,
    piece,
    size,
  }: { bound: (next: number) => void } & Readonly<Record<"at" | "piece" | "size", number>>,
): void {
  bound(0);
  code.get(at);
  code.op(i32.add);
  bound(0);
  code.get(at);
  code.get(piece);
  code.op(i32.add);
  code.get(size);
  code.get(at);
  code.get(piece);
  code.op(i32.add);
  code.get(size);
  code.op(i32.ltU);
  code.op(control.select);
  code.op(i32.add);
  code.op(control.return);
}

/**
 * barrier(table, threads, stage, chunks, own): returns when all chunks of the stage are done, with the thread's own. The one
 * that completes them sets their number back to 0 and then advances the stages done, which the others watch: a while
 * awake, then asleep.
 */
function renderBarrier(): Code {
  const code = new Code(["i32", "i32", "i32", "i32", "i32"]);
  const [count, stage, chunks, own] = [1, 2, 3, 4];
  const left = code.local("i32");
  const seen = code.local("i32");
  /** Whether the stage is done; one that comes late finds it so. */
  const pushDone = (): void => {
    code.get(table);
    code.memory(i32.atomicLoad, 2, stagesOffset);
    code.tee(seen);
    code.get(stage);
    code.op(i32.gtU);
  };
  code.block(() => {
    code.get(count);
    code.i32(1);
    code.op(i32.leU);
    code.branchIf(0);
    code.get(own);
    code.if(() => {
      code.get(table);
      code.get(own);
      code.memory(i32.atomicAdd, 2, doneOffset);
      code.get(own);
      code.op(i32.add);
      code.get(chunks);
      code.op(i32.eq);
      code.if(() => {
        emitRelease(code, stage);
        code.branch(2);
      });
    });
    code.i32(spins);
    code.set(left);
    code.loop(() => {
      pushDone();
      code.branchIf(1);
      code.get(left);
      code.i32(1);
      code.op(i32.sub);
      code.tee(left);
      code.branchIf(0);
    });
    code.loop(() => {
      pushDone();
      code.branchIf(1);
      code.get(table);
      code.get(seen);
      code.i64(-1);
      code.memory(i32.atomicWait, 2, stagesOffset);
      code.op(control.drop);
      code.branch(0);
    });
  });
  return code;
}

/** What the thread does that completes a stage. The number first: a released thread may come to the next end at once. */
function emitRelease(code: Code, stage: number): void {
  code.get(table);
  code.i32(0);
  code.memory(i32.atomicStore, 2, doneOffset);
  code.get(table);
  code.get(stage);
  code.i32(1);
  code.op(i32.add);
  code.memory(i32.atomicStore, 2, stagesOffset);
  code.get(table);
  code.i32(-1);
  code.memory(i32.atomicNotify, 2, stagesOffset);
  code.op(control.drop);
}
