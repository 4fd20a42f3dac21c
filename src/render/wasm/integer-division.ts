/**
 * Integer division and remainder, rounded towards minus infinity. The common case, an index divided by a constant,
 * takes one unsigned instruction. The general one never traps, since a trap would leave the other threads waiting:
 * dividing by 0 gives 0, and -2^31 divided by -1 wraps around.
 */
import type { BinaryExpr } from "../../kernel/ir.ts";
import { type Emitter, emitLanes } from "./emitter.ts";
import { control, i32 } from "./opcodes.ts";

/** Pushes the scalar quotient ("idiv") or remainder ("mod"). */
export function emitDivision(emitter: Emitter, e: BinaryExpr): void {
  const { code, ranges } = emitter;
  const wantsQuotient = e.fn === "idiv";
  const positive = ranges.of(e.b).lo > 0;
  const power = e.b.kind === "const" && positive ? Math.log2(e.b.value) : Number.NaN;
  emitter.value(e.a);
  if (Number.isInteger(power)) {
    // On two's complement, shift and mask round towards minus infinity by themselves.
    code.i32(wantsQuotient ? power : 2 ** power - 1);
    code.op(wantsQuotient ? i32.shrS : i32.and);
    return;
  }
  emitter.value(e.b);
  if (positive && ranges.nonNegative(e.a)) code.op(wantsQuotient ? i32.divU : i32.remU);
  else {
    emitter.scratch(["i32", "i32"], (a, b) => {
      code.set(b);
      code.set(a);
      emitFloorDivision(emitter, wantsQuotient, a, b);
    });
  }
}

/** Pushes quotient or remainder of two vectors, lane by lane: there is no such instruction. */
export function emitVectorDivision(emitter: Emitter, e: BinaryExpr): void {
  emitLanes(emitter, e, "i32x4", (a, b) => emitFloorDivision(emitter, e.fn === "idiv", a, b));
}

/** Pushes quotient or remainder of two locals that may have any values. */
function emitFloorDivision(emitter: Emitter, wantsQuotient: boolean, a: number, b: number): void {
  const { code } = emitter;
  emitter.scratch(["i32", "i32", "i32"], (safe, rest, opposite) => {
    // 0 and -1, on which the instruction may trap, become 1.
    code.i32(1);
    code.get(b);
    code.get(b);
    code.i32(1);
    code.op(i32.add);
    code.i32(1);
    code.op(i32.leU);
    code.op(control.select);
    code.set(safe);
    code.get(a);
    code.get(safe);
    code.op(i32.remS);
    code.tee(rest);
    code.i32(0);
    code.op(i32.ne);
    code.get(rest);
    code.get(safe);
    code.op(i32.xor);
    code.i32(0);
    code.op(i32.ltS);
    code.op(i32.and);
    code.set(opposite);
    if (wantsQuotient) {
      code.get(a);
      code.get(safe);
      code.op(i32.divS);
      code.get(opposite);
      code.op(i32.sub);
      // Where the divisor became 1, multiplying by the true one gives 0 and -a.
      code.i32(1);
      code.get(b);
      code.get(b);
      code.get(safe);
      code.op(i32.eq);
      code.op(control.select);
      code.op(i32.mul);
    } else {
      code.get(rest);
      code.get(safe);
      code.i32(0);
      code.get(opposite);
      code.op(control.select);
      code.op(i32.add);
    }
  });
}
