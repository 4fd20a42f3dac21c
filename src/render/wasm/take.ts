/**
 * The functions by which a thread takes chunks of a call, see `dealingOf`.
 */
import { pieces } from "../rendered.ts";
import { Code } from "./assembler.ts";
import { control, i32 } from "./opcodes.ts";

/** Locals that both functions have: what they were called with, and the share that is looked at with its counter. */
type Locals = Readonly<Record<"counters" | "stride" | "chunks" | "threads" | "share" | "counter", number>>;

/** Takes the number of a thread, or more, from the stack: which share that is, and where its counter lies. */
function emitShare(code: Code, { counters, stride, threads, share, counter }: Locals): void {
  code.get(threads);
  code.op(i32.remU);
  code.tee(share);
  code.get(stride);
  code.op(i32.mul);
  code.get(counters);
  code.op(i32.add);
  code.set(counter);
}

/** Pushes ceil(chunks * (share + next) / threads), the first chunk of a share or the one after its last. */
function emitBound(code: Code, { chunks, share, threads }: Locals, next: number): void {
  code.get(share);
  code.i32(next);
  code.op(i32.add);
  code.get(chunks);
  code.op(i32.mul);
  code.get(threads);
  code.op(i32.add);
  code.i32(1);
  code.op(i32.sub);
  code.get(threads);
  code.op(i32.divU);
}

/**
 * claim(counters, stride, chunks, share, threads): the bounds of a whole share; the second is the first where it is empty or
 * somebody has taken it.
 */
export function renderClaim(): Code {
  const code = new Code(["i32", "i32", "i32", "i32", "i32"], ["i32", "i32"]);
  const share = 3;
  const locals = { counters: 0, stride: 1, chunks: 2, share, threads: 4, counter: code.local("i32") };
  const { counter } = locals;
  code.get(share);
  emitShare(code, locals);
  emitBound(code, locals, 0);
  emitBound(code, locals, 1);
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
        emitBound(code, locals, 0);
        emitBound(code, locals, 1);
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
export function renderTake(): Code {
  const code = new Code(["i32", "i32", "i32", "i32", "i32"], ["i32", "i32"]);
  const [self, threads] = [3, 4];
  const [tried, share, at] = [code.local("i32"), code.local("i32"), code.local("i32")];
  const [size, piece, counter] = [code.local("i32"), code.local("i32"), code.local("i32")];
  const locals = { counters: 0, stride: 1, chunks: 2, threads, share, counter };
  const bound = (next: number): void => emitBound(code, locals, next);
  code.loop(() => {
    code.get(self);
    code.get(tried);
    code.op(i32.add);
    emitShare(code, locals);
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
    code.get(threads);
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
