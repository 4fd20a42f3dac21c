/** What the tables of instructions need from the code generator of a kernel, and the pieces that several use. */
import type { BinaryExpr, Expr } from "../../kernel/ir.ts";
import type { MathFunction } from "../../kernel/math-f32.ts";
import type { Ranges } from "../../kernel/ranges.ts";
import type { Code } from "./assembler.ts";
import { f32x4, i32x4, type WasmType } from "./opcodes.ts";

export interface Emitter {
  readonly code: Code;
  readonly ranges: Ranges;
  /** Pushes the value of an expression. */
  value(e: Expr): void;
  /** Runs `use` with scratch locals of the given types; their values are undefined at first and lost afterwards. */
  scratch<const T extends readonly WasmType[]>(
    types: T,
    use: (...locals: { readonly [K in keyof T]: number }) => void,
  ): void;
  /** Calls an imported function with the f64 arguments on the stack. */
  callMath(name: MathFunction): void;
}

/** The 16 bytes of a vector constant on their way into the code; one for all, since constants are many. */
const vectorBytes = new DataView(new ArrayBuffer(16));

/** Pushes a vector of four 32-bit floats or integers; a true lane of a mask is -1. */
export function pushLanes(code: Code, register: "f32x4" | "i32x4", values: readonly number[]): void {
  for (const [i, value] of values.entries()) {
    if (register === "f32x4") vectorBytes.setFloat32(4 * i, value, true);
    else vectorBytes.setInt32(4 * i, value, true);
  }
  code.v128(new Uint8Array(vectorBytes.buffer));
}

/** Pushes a vector with one value in all four lanes. */
export function pushSplat(code: Code, register: "f32x4" | "i32x4", value: number): void {
  pushLanes(code, register, [value, value, value, value]);
}

const laneAccess = {
  f32x4: { scalar: "f32", splat: f32x4.splat, extract: f32x4.extractLane, replace: f32x4.replaceLane },
  i32x4: { scalar: "i32", splat: i32x4.splat, extract: i32x4.extractLane, replace: i32x4.replaceLane },
} as const;

/** Pushes a vector whose lanes are computed one by one; `scalar` pushes the result for two scalar locals. */
export function emitLanes(
  emitter: Emitter,
  e: BinaryExpr,
  register: "f32x4" | "i32x4",
  scalar: (a: number, b: number) => void,
): void {
  const { code } = emitter;
  const access = laneAccess[register];
  emitter.value(e.a);
  emitter.value(e.b);
  emitter.scratch(["v128", "v128", access.scalar, access.scalar], (va, vb, a, b) => {
    code.set(vb);
    code.set(va);
    for (let lane = 0; lane < 4; lane++) {
      code.get(va);
      code.lane(access.extract, lane);
      code.set(a);
      code.get(vb);
      code.lane(access.extract, lane);
      code.set(b);
      scalar(a, b);
      if (lane === 0) code.op(access.splat);
      else code.lane(access.replace, lane);
    }
  });
}
