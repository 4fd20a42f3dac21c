/**
 * The function that runs a whole program on one thread of several: its share of the chunks of every call and what others have
 * left of theirs, stage by stage, with a barrier after each stage.
 */
import { EngineError } from "../../base/errors.ts";
import type { Call, Place, Program, Stage } from "../../kernel/program.ts";
import { countersOf, dealsOut, pieces, tableArenaBase, tableFirstSlot } from "../rendered.ts";
import { Code, type ModuleBuilder } from "./assembler.ts";
import { control, f64, i32 } from "./opcodes.ts";

/** Words of the table that the barrier works on, as byte offsets. */
const counterOffset = 0;
const generationOffset = 4;

/**
 * Reads of the generation before a thread goes to sleep: some 200 microseconds. Most stages of a small program are
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
    share: code.local("i32"),
    first: code.local("i32"),
    end: code.local("i32"),
    functions: shared ? { share: module.add(renderShare()), take: module.add(renderTake()) } : undefined,
  };
  code.get(table);
  code.memory(i32.load, 2, 4 * tableArenaBase);
  code.set(run.arena);
  emitScratchBase(run);
  const barrier = shared ? module.add(renderBarrier()) : undefined;
  emitStamp(run, now, 0);
  const counters = countersOf(program);
  let counter = counters.first;
  program.stages.forEach((stage, i) => {
    emitStage(run, stage, { ...counters, first: counter });
    counter += stage.calls.length;
    if (barrier !== undefined && stage.calls.length > 0) {
      code.get(table);
      code.get(threads);
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
  /** Local with the number of the share that this thread takes. */
  readonly share: number;
  /** Locals with the bounds of the chunks that this thread has taken. */
  readonly first: number;
  readonly end: number;
  /** The functions of {@link renderShare} and {@link renderTake}; without them, one thread does everything. */
  readonly functions: { readonly share: number; readonly take: number } | undefined;
}

/** Where the counters of a stage's calls begin in the table, and those of the next thread behind them. */
type Counters = ReturnType<typeof countersOf>;

function emitStage(run: Run, stage: Stage, counters: Counters): void {
  let rotation = 0;
  for (const [i, call] of stage.calls.entries()) {
    const kernel = run.program.kernels[call.kernel];
    if (kernel === undefined || kernel.chunks > maxChunks) {
      throw new EngineError(
        kernel === undefined
          ? `wasm: there is no kernel ${call.kernel}`
          : `wasm: kernel ${kernel.name} has ${kernel.chunks} chunks; at most ${maxChunks} are possible`,
      );
    }
    if (kernel.chunks === 0) continue;
    if (run.functions === undefined) {
      run.code.i32(0);
      run.code.i32(kernel.chunks);
      emitCall(run, call);
    } else if (dealsOut(kernel.chunks)) {
      emitDealing(run, run.functions.take, call, kernel.chunks, { ...counters, first: counters.first + i });
    } else {
      emitShare(run, run.functions.share, call, kernel.chunks, rotation);
      rotation += kernel.chunks;
    }
  }
}

/** Takes chunks, first of the thread's own share, as long as there are any. */
function emitDealing(run: Run, take: number, call: Call, chunks: number, { first, stride }: Counters): void {
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
    code.set(run.end);
    code.tee(run.first);
    code.get(run.end);
    code.op(i32.ltU);
    code.if(() => {
      code.get(run.first);
      code.get(run.end);
      emitCall(run, call);
      code.branch(1);
    });
  });
}

/**
 * Runs chunks [chunks * s / threads, chunks * (s + 1) / threads) for the share s of this thread. Where there are
 * enough chunks, s is the thread. Fewer chunks than threads are dealt out: every call goes on where the one before it in the
 * stage ended.
 */
function emitShare(run: Run, shareFunction: number, call: Call, chunks: number, rotation: number): void {
  const { code, share } = run;
  code.i32(chunks);
  code.i32(rotation);
  code.get(thread);
  code.get(threads);
  code.call(shareFunction);
  code.set(share);
  if (chunks === 1) {
    code.get(share);
    code.op(i32.eqz);
    code.if(() => {
      code.i32(0);
      code.i32(1);
      emitCall(run, call);
    });
    return;
  }
  const bound = (next: number): void => {
    const push = { chunks: () => code.i32(chunks), threads: () => code.get(threads) };
    emitBound(code, { ...push, share: () => code.get(share) }, next);
  };
  bound(0);
  bound(1);
  code.op(i32.ltU);
  code.if(() => {
    bound(0);
    bound(1);
    emitCall(run, call);
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

/** share(chunks, rotation, thread, threads): which share a thread takes. */
function renderShare(): Code {
  const code = new Code(["i32", "i32", "i32", "i32"], ["i32"]);
  const [chunks, rotation, self, count] = [0, 1, 2, 3];
  // With few chunks: (thread - rotation) mod threads.
  code.get(self);
  code.get(count);
  code.op(i32.add);
  code.get(rotation);
  code.get(count);
  code.op(i32.remU);
  code.op(i32.sub);
  code.get(count);
  code.op(i32.remU);
  code.get(self);
  code.get(chunks);
  code.get(count);
  code.op(i32.ltU);
  code.op(control.select);
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
 * barrier(table, threads): returns when all threads have called it. The last one to arrive sets the counter back to 0
 * and then advances the generation, which the others watch: a while awake, then asleep.
 */
function renderBarrier(): Code {
  const code = new Code(["i32", "i32"]);
  const count = 1;
  const generation = code.local("i32");
  const left = code.local("i32");
  const pushUnchanged = (): void => {
    code.get(table);
    code.memory(i32.atomicLoad, 2, generationOffset);
    code.get(generation);
    code.op(i32.eq);
  };
  code.block(() => {
    code.get(count);
    code.i32(1);
    code.op(i32.leU);
    code.branchIf(0);
    // Read before arriving: afterwards it may change at any time.
    code.get(table);
    code.memory(i32.atomicLoad, 2, generationOffset);
    code.set(generation);
    code.get(table);
    code.i32(1);
    code.memory(i32.atomicAdd, 2, counterOffset);
    code.i32(1);
    code.op(i32.add);
    code.get(count);
    code.op(i32.eq);
    code.if(
      () => emitRelease(code),
      () => {
        code.i32(spins);
        code.set(left);
        code.loop(() => {
          pushUnchanged();
          code.op(i32.eqz);
          code.branchIf(2);
          code.get(left);
          code.i32(1);
          code.op(i32.sub);
          code.tee(left);
          code.branchIf(0);
        });
        code.loop(() => {
          pushUnchanged();
          code.op(i32.eqz);
          code.branchIf(2);
          code.get(table);
          code.get(generation);
          code.i64(-1);
          code.memory(i32.atomicWait, 2, generationOffset);
          code.op(control.drop);
          code.branch(0);
        });
      },
    );
  });
  return code;
}

/** What the last thread to arrive does. The counter first: a released thread may arrive at the next barrier at once. */
function emitRelease(code: Code): void {
  code.get(table);
  code.i32(0);
  code.memory(i32.atomicStore, 2, counterOffset);
  code.get(table);
  code.i32(1);
  code.memory(i32.atomicAdd, 2, generationOffset);
  code.op(control.drop);
  code.get(table);
  code.i32(-1);
  code.memory(i32.atomicNotify, 2, generationOffset);
  code.op(control.drop);
}
