/**
 * The end of a stage: a function that every thread calls there.
 */
import { Code } from "./assembler.ts";
import { control, i32 } from "./opcodes.ts";

/** Words of the table that the barrier works on, as byte offsets. */
const doneOffset = 0;
const stagesOffset = 4;

/**
 * Reads of the stages done before a thread goes to sleep: some 200 microseconds. Most stages of a small program are
 * shorter, and putting a thread to sleep and waking it again takes longer than they do.
 */
const spins = 100_000;

/** Parameter of the function: the address of the program's table. */
const table = 0;

/**
 * barrier(table, threads, stage, chunks, own): returns when all chunks of the stage are done, with the thread's own. The one
 * that completes them sets their number back to 0 and then advances the stages done, which the others watch: a while
 * awake, then asleep.
 */
export function renderBarrier(): Code {
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
