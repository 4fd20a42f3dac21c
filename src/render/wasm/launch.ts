/**
 * The function that runs a whole program on one thread of several: its share of the chunks of every call, stage by
 * stage, with a barrier after each stage.
 */
import { EngineError } from "../../base/errors.ts";
import type { Call, Place, Program, Stage } from "../../kernel/program.ts";
import { tableArenaBase, tableFirstSlot } from "../rendered.ts";
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
    shareFunction: shared ? module.add(renderShare()) : undefined,
  };
  code.get(table);
  code.memory(i32.load, 2, 4 * tableArenaBase);
  code.set(run.arena);
  emitScratchBase(run);
  const barrier = shared ? module.add(renderBarrier()) : undefined;
  emitStamp(run, now, 0);
  program.stages.forEach((stage, i) => {
    emitStage(run, stage);
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
  /** The function of {@link renderShare}; without it, one thread does everything. */
  readonly shareFunction: number | undefined;
}

function emitStage(run: Run, stage: Stage): void {
  let rotation = 0;
  for (const call of stage.calls) {
    const kernel = run.program.kernels[call.kernel];
    if (kernel === undefined || kernel.chunks > maxChunks) {
      throw new EngineError(
        kernel === undefined
          ? `wasm: there is no kernel ${call.kernel}`
          : `wasm: kernel ${kernel.name} has ${kernel.chunks} chunks; at most ${maxChunks} are possible`,
      );
    }
    if (kernel.chunks === 0) continue;
    if (run.shareFunction === undefined) {
      run.code.i32(0);
      run.code.i32(kernel.chunks);
      emitCall(run, call);
    } else {
      emitShare(run, run.shareFunction, call, kernel.chunks, rotation);
      rotation += kernel.chunks;
    }
  }
}

/**
 * Runs chunks [chunks * s / threads, chunks * (s + 1) / threads) for the share s of this thread. Where there are
 * enough chunks, s is the thread, so that it meets again in its cache what it wrote in the stage before. Fewer chunks
 * than threads are dealt out: every call goes on where the one before it in the stage ended.
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
  emitBound(run, chunks, 0);
  emitBound(run, chunks, 1);
  code.op(i32.ltU);
  code.if(() => {
    emitBound(run, chunks, 0);
    emitBound(run, chunks, 1);
    emitCall(run, call);
  });
}

/** Pushes ceil(chunks * (share + next) / threads), the first chunk of a share or the one after its last. */
function emitBound({ code, share }: Run, chunks: number, next: number): void {
  code.get(share);
  code.i32(next);
  code.op(i32.add);
  code.i32(chunks);
  code.op(i32.mul);
  code.get(threads);
  code.op(i32.add);
  code.i32(1);
  code.op(i32.sub);
  code.get(threads);
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
