/** Conversions by value between register kinds, and the movements between scalars and vectors. */
import { EngineError } from "../../base/errors.ts";
import type {
  BitcastExpr,
  CastExpr,
  ConstExpr,
  ExtractExpr,
  PackExpr,
  ShuffleExpr,
  SplatExpr,
} from "../../kernel/ir.ts";
import { type Emitter, pushLanes, pushSplat } from "./emitter.ts";
import { f32, f32x4, f64, i32, i32x4, v128 } from "./opcodes.ts";
import { type Register, registerOf } from "./registers.ts";

/** Turns the value on the stack into another. */
type Conversion = (emitter: Emitter) => void;

const op =
  (opcode: number): Conversion =>
  ({ code }) =>
    code.op(opcode);

const nothing: Conversion = () => {};

/** Conversions of scalars; on the diagonal nothing happens. */
const scalarCasts: Record<
  "f32" | "f64" | "i32" | "bool",
  Record<"f32" | "f64" | "i32" | "bool", Conversion>
> = {
  f32: {
    f32: nothing,
    f64: op(f64.promoteF32),
    i32: op(i32.truncSatF32S),
    bool: ({ code }) => {
      code.f32(0);
      code.op(f32.ne);
    },
  },
  f64: {
    f32: op(f32.demoteF64),
    f64: nothing,
    i32: op(i32.truncSatF64S),
    bool: ({ code }) => {
      code.f64(0);
      code.op(f64.ne);
    },
  },
  i32: {
    f32: op(f32.convertI32S),
    f64: op(f64.convertI32S),
    i32: nothing,
    bool: ({ code }) => {
      code.i32(0);
      code.op(i32.ne);
    },
  },
  bool: { f32: op(f32.convertI32S), f64: op(f64.convertI32S), i32: nothing, bool: nothing },
};

const vectorCasts: Record<"f32x4" | "i32x4" | "mask", Record<"f32x4" | "i32x4" | "mask", Conversion>> = {
  f32x4: {
    f32x4: nothing,
    i32x4: op(i32x4.truncSatF32x4S),
    mask: ({ code }) => {
      pushSplat(code, "f32x4", 0);
      code.op(f32x4.ne);
    },
  },
  i32x4: {
    f32x4: op(f32x4.convertI32x4S),
    i32x4: nothing,
    mask: ({ code }) => {
      pushSplat(code, "i32x4", 0);
      code.op(i32x4.ne);
    },
  },
  mask: {
    f32x4: ({ code }) => {
      pushSplat(code, "f32x4", 1);
      code.op(v128.and);
    },
    i32x4: op(i32x4.neg),
    mask: nothing,
  },
};

const isVector = (register: Register): register is "f32x4" | "i32x4" | "mask" =>
  register === "f32x4" || register === "i32x4" || register === "mask";

/** Pushes a converted value. @throws EngineError between a scalar and a vector. */
export function emitCast(emitter: Emitter, e: CastExpr): void {
  const from = registerOf(e.a);
  const to = registerOf(e);
  if (isVector(from) !== isVector(to)) {
    throw new EngineError(
      `wasm: cast from ${from} to ${to} changes the number of lanes; splat or extract first`,
    );
  }
  emitter.value(e.a);
  if (isVector(from) && isVector(to)) vectorCasts[from][to](emitter);
  else if (!isVector(from) && !isVector(to)) scalarCasts[from][to](emitter);
}

/** Pushes the same bits read as another type; a vector register has no type of its own. */
export function emitBitcast(emitter: Emitter, e: BitcastExpr): void {
  emitter.value(e.a);
  if (e.lanes === 1 && e.type !== e.a.type) {
    emitter.code.op(e.type === "f32" ? f32.reinterpretI32 : i32.reinterpretF32);
  }
}

/** Pushes a constant. */
export function emitConstant({ code }: Emitter, e: ConstExpr): void {
  switch (registerOf(e)) {
    case "f32":
      code.f32(e.value);
      break;
    case "f64":
      code.f64(e.value);
      break;
    case "i32":
    case "bool":
      code.i32(e.value);
      break;
    case "f32x4":
      pushSplat(code, "f32x4", e.value);
      break;
    case "i32x4":
      pushSplat(code, "i32x4", e.value);
      break;
    case "mask":
      pushSplat(code, "i32x4", e.value === 0 ? 0 : -1);
      break;
  }
}

/** Pushes a scalar; a bool as the lane of a mask, 0 or -1. */
function pushLane(emitter: Emitter, e: SplatExpr["a"]): void {
  if (e.type === "bool") emitter.code.i32(0);
  emitter.value(e);
  if (e.type === "bool") emitter.code.op(i32.sub);
}

/** Pushes a scalar in every lane. */
export function emitSplat(emitter: Emitter, e: SplatExpr): void {
  pushLane(emitter, e.a);
  emitter.code.op(registerOf(e) === "f32x4" ? f32x4.splat : i32x4.splat);
}

/** Pushes the lane numbers. */
export function emitIota({ code }: Emitter): void {
  pushLanes(code, "i32x4", [0, 1, 2, 3]);
}

/** Pushes a vector made of one scalar per lane. */
export function emitPack(emitter: Emitter, e: PackExpr): void {
  const ops = registerOf(e) === "f32x4" ? f32x4 : i32x4;
  for (const [lane, element] of e.elements.entries()) {
    pushLane(emitter, element);
    if (lane === 0) emitter.code.op(ops.splat);
    else emitter.code.lane(ops.replaceLane, lane);
  }
}

/** Pushes one lane as a scalar. */
export function emitExtract(emitter: Emitter, e: ExtractExpr): void {
  const { code } = emitter;
  emitter.value(e.a);
  if (e.a.lanes === 1) return;
  code.lane(registerOf(e.a) === "f32x4" ? f32x4.extractLane : i32x4.extractLane, e.lane);
  if (e.type === "bool") {
    code.i32(1);
    code.op(i32.and);
  }
}

/** Pushes lanes of two vectors. */
export function emitShuffle(emitter: Emitter, e: ShuffleExpr): void {
  registerOf(e);
  emitter.value(e.a);
  emitter.value(e.b);
  emitter.code.shuffle(e.picks.flatMap((pick) => [0, 1, 2, 3].map((byte) => 4 * pick + byte)));
}
