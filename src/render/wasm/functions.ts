/**
 * The instructions of every scalar function, for every kind of register. A rule is one instruction applied to the
 * operands, or a function that pushes operands and result itself. What a register kind does not take is refused with
 * an error; float32 functions that are missing here are expanded into arithmetic before rendering.
 */
import { EngineError } from "../../base/errors.ts";
import type { BinaryFn, CompareFn, UnaryFn } from "../../base/scalar.ts";
import type { BinaryExpr, CompareExpr, UnaryExpr } from "../../kernel/ir.ts";
import type { MathFunction } from "../../kernel/math-f32.ts";
import { type Emitter, emitLanes, pushSplat } from "./emitter.ts";
import { emitDivision, emitVectorDivision } from "./integer-division.ts";
import { control, f32, f32x4, f64, i32, i32x4, i64, i64x2, v128 } from "./opcodes.ts";
import { type Register, registerOf } from "./registers.ts";
import { emitMaskAnd, emitVectorMax, emitVectorSum } from "./short-forms.ts";

type UnaryRule = number | ((emitter: Emitter, e: UnaryExpr) => void);
type BinaryRule = number | ((emitter: Emitter, e: BinaryExpr) => void);
type CompareRule = number | ((emitter: Emitter, e: CompareExpr) => void);

/** Pushes the result of a unary function. */
export function emitUnary(emitter: Emitter, e: UnaryExpr): void {
  const rule = unaryRules[registerOf(e)][e.fn];
  if (typeof rule === "function") {
    rule(emitter, e);
    return;
  }
  emitter.value(e.a);
  emitter.code.op(rule);
}

/** Pushes the result of a binary function. */
export function emitBinary(emitter: Emitter, e: BinaryExpr): void {
  const rule = binaryRules[registerOf(e)][e.fn];
  if (typeof rule === "function") {
    rule(emitter, e);
    return;
  }
  emitter.value(e.a);
  emitter.value(e.b);
  emitter.code.op(rule);
}

/** Pushes the result of a comparison. */
export function emitCompare(emitter: Emitter, e: CompareExpr): void {
  const rule = compareRules[registerOf(e.a)][e.fn];
  if (typeof rule === "function") {
    rule(emitter, e);
    return;
  }
  emitter.value(e.a);
  emitter.value(e.b);
  emitter.code.op(rule);
}

const refuse = (_: Emitter, e: UnaryExpr | BinaryExpr | CompareExpr): never => {
  const operand = e.kind === "compare" ? e.a : e;
  throw new EngineError(
    `wasm: ${e.fn} is not defined on ${operand.type} with ${operand.lanes} lane(s); ` +
      "float32 functions beyond arithmetic must be expanded before rendering",
    { fn: e.fn, type: operand.type, lanes: operand.lanes },
  );
};

const throughMath =
  (name: MathFunction) =>
  (emitter: Emitter, e: UnaryExpr | BinaryExpr): void => {
    emitter.value(e.a);
    if (e.kind === "binary") emitter.value(e.b);
    emitter.callMath(name);
  };

const noTranscendental = {
  exp: refuse,
  expm1: refuse,
  log: refuse,
  log1p: refuse,
  sin: refuse,
  cos: refuse,
  tanh: refuse,
  erf: refuse,
} as const;

const noUnary: Record<UnaryFn, UnaryRule> = {
  neg: refuse,
  abs: refuse,
  sign: refuse,
  floor: refuse,
  ceil: refuse,
  round: refuse,
  trunc: refuse,
  sqrt: refuse,
  reciprocal: refuse,
  not: refuse,
  ...noTranscendental,
};

const unaryRules: Record<Register, Record<UnaryFn, UnaryRule>> = {
  f32: {
    ...noTranscendental,
    neg: f32.neg,
    abs: f32.abs,
    floor: f32.floor,
    ceil: f32.ceil,
    round: f32.nearest,
    trunc: f32.trunc,
    sqrt: f32.sqrt,
    not: refuse,
    sign: (emitter, e) => emitFloatSign(emitter, e, "f32"),
    reciprocal: (emitter, e) => {
      emitter.code.f32(1);
      emitter.value(e.a);
      emitter.code.op(f32.div);
    },
  },
  f64: {
    neg: f64.neg,
    abs: f64.abs,
    floor: f64.floor,
    ceil: f64.ceil,
    round: f64.nearest,
    trunc: f64.trunc,
    sqrt: f64.sqrt,
    not: refuse,
    exp: throughMath("exp"),
    expm1: throughMath("expm1"),
    log: throughMath("log"),
    log1p: throughMath("log1p"),
    sin: throughMath("sin"),
    cos: throughMath("cos"),
    tanh: throughMath("tanh"),
    erf: throughMath("erf"),
    sign: (emitter, e) => emitFloatSign(emitter, e, "f64"),
    reciprocal: (emitter, e) => {
      emitter.code.f64(1);
      emitter.value(e.a);
      emitter.code.op(f64.div);
    },
  },
  i32: {
    ...noUnary,
    neg: (emitter, e) => {
      emitter.code.i32(0);
      emitter.value(e.a);
      emitter.code.op(i32.sub);
    },
    abs: emitIntAbs,
    sign: emitIntSign,
    not: (emitter, e) => {
      emitter.value(e.a);
      emitter.code.i32(-1);
      emitter.code.op(i32.xor);
    },
  },
  bool: { ...noUnary, not: i32.eqz },
  f32x4: {
    ...noTranscendental,
    neg: f32x4.neg,
    abs: f32x4.abs,
    floor: f32x4.floor,
    ceil: f32x4.ceil,
    round: f32x4.nearest,
    trunc: f32x4.trunc,
    sqrt: f32x4.sqrt,
    not: refuse,
    sign: emitVectorFloatSign,
    reciprocal: (emitter, e) => {
      pushSplat(emitter.code, "f32x4", 1);
      emitter.value(e.a);
      emitter.code.op(f32x4.div);
    },
  },
  i32x4: {
    ...noUnary,
    neg: i32x4.neg,
    abs: i32x4.abs,
    not: v128.not,
    sign: emitVectorIntSign,
  },
  mask: { ...noUnary, not: v128.not },
};

const noBinary: Record<BinaryFn, BinaryRule> = {
  add: refuse,
  sub: refuse,
  mul: refuse,
  div: refuse,
  max: refuse,
  min: refuse,
  pow: refuse,
  fmod: refuse,
  idiv: refuse,
  mod: refuse,
  and: refuse,
  or: refuse,
  xor: refuse,
  shl: refuse,
  shr: refuse,
  mulhi: refuse,
};

const binaryRules: Record<Register, Record<BinaryFn, BinaryRule>> = {
  f32: {
    ...noBinary,
    add: f32.add,
    sub: f32.sub,
    mul: f32.mul,
    div: f32.div,
    max: f32.max,
    min: f32.min,
    fmod: (emitter, e) => {
      emitter.value(e.a);
      emitter.code.op(f64.promoteF32);
      emitter.value(e.b);
      emitter.code.op(f64.promoteF32);
      emitFloatModulo(emitter);
      emitter.code.op(f32.demoteF64);
    },
  },
  f64: {
    ...noBinary,
    add: f64.add,
    sub: f64.sub,
    mul: f64.mul,
    div: f64.div,
    max: f64.max,
    min: f64.min,
    pow: throughMath("pow"),
    fmod: (emitter, e) => {
      emitter.value(e.a);
      emitter.value(e.b);
      emitFloatModulo(emitter);
    },
  },
  i32: {
    ...noBinary,
    add: i32.add,
    sub: i32.sub,
    mul: i32.mul,
    and: i32.and,
    or: i32.or,
    xor: i32.xor,
    shl: i32.shl,
    shr: i32.shrU,
    max: (emitter, e) => emitIntExtreme(emitter, e, i32.gtS),
    min: (emitter, e) => emitIntExtreme(emitter, e, i32.ltS),
    idiv: emitDivision,
    mod: emitDivision,
    mulhi: emitMultiplyHigh,
  },
  bool: { ...noBinary, and: i32.and, or: i32.or, xor: i32.xor },
  f32x4: {
    ...noBinary,
    add: f32x4.add,
    sub: f32x4.sub,
    mul: f32x4.mul,
    div: f32x4.div,
    max: emitVectorMax,
    min: f32x4.min,
    fmod: (emitter, e) =>
      emitLanes(emitter, e, "f32x4", (a, b) => {
        emitter.code.get(a);
        emitter.code.op(f64.promoteF32);
        emitter.code.get(b);
        emitter.code.op(f64.promoteF32);
        emitFloatModulo(emitter);
        emitter.code.op(f32.demoteF64);
      }),
  },
  i32x4: {
    ...noBinary,
    add: emitVectorSum,
    sub: i32x4.sub,
    mul: i32x4.mul,
    max: i32x4.maxS,
    min: i32x4.minS,
    and: v128.and,
    or: v128.or,
    xor: v128.xor,
    shl: (emitter, e) => emitVectorShift(emitter, e, i32x4.shl, i32.shl),
    shr: (emitter, e) => emitVectorShift(emitter, e, i32x4.shrU, i32.shrU),
    idiv: emitVectorDivision,
    mod: emitVectorDivision,
    mulhi: emitVectorMultiplyHigh,
  },
  mask: { ...noBinary, and: emitMaskAnd, or: v128.or, xor: v128.xor },
};

const compareRules: Record<Register, Record<CompareFn, CompareRule>> = {
  f32: { eq: f32.eq, ne: f32.ne, lt: f32.lt, le: f32.le },
  f64: { eq: f64.eq, ne: f64.ne, lt: f64.lt, le: f64.le },
  i32: { eq: i32.eq, ne: i32.ne, lt: i32.ltS, le: i32.leS },
  bool: { eq: i32.eq, ne: i32.ne, lt: refuse, le: refuse },
  f32x4: { eq: f32x4.eq, ne: f32x4.ne, lt: f32x4.lt, le: f32x4.le },
  i32x4: { eq: i32x4.eq, ne: i32x4.ne, lt: i32x4.ltS, le: i32x4.leS },
  mask: { eq: i32x4.eq, ne: i32x4.ne, lt: refuse, le: refuse },
};

/** -1, 0 or 1, and NaN for NaN: (0 < x) - (x < 0), unless x is not equal to itself. */
function emitFloatSign(emitter: Emitter, e: UnaryExpr, type: "f32" | "f64"): void {
  const { code } = emitter;
  const ops = type === "f32" ? f32 : f64;
  emitter.value(e.a);
  emitter.scratch([type], (x) => {
    code.tee(x);
    pushZero();
    code.op(ops.gt);
    code.get(x);
    pushZero();
    code.op(ops.lt);
    code.op(i32.sub);
    code.op(ops.convertI32S);
    code.get(x);
    code.get(x);
    code.get(x);
    code.op(ops.eq);
    code.op(control.select);
  });
  function pushZero(): void {
    if (type === "f32") code.f32(0);
    else code.f64(0);
  }
}

/** As the scalar one; a true lane is -1, hence (x < 0) - (0 < x). */
function emitVectorFloatSign(emitter: Emitter, e: UnaryExpr): void {
  const { code } = emitter;
  emitter.value(e.a);
  emitter.scratch(["v128"], (x) => {
    code.tee(x);
    pushSplat(code, "f32x4", 0);
    code.op(f32x4.lt);
    pushSplat(code, "f32x4", 0);
    code.get(x);
    code.op(f32x4.lt);
    code.op(i32x4.sub);
    code.op(f32x4.convertI32x4S);
    code.get(x);
    code.get(x);
    code.get(x);
    code.op(f32x4.eq);
    code.op(v128.bitselect);
  });
}

function emitIntSign(emitter: Emitter, e: UnaryExpr): void {
  const { code } = emitter;
  emitter.value(e.a);
  emitter.scratch(["i32"], (x) => {
    code.tee(x);
    code.i32(0);
    code.op(i32.gtS);
    code.get(x);
    code.i32(0);
    code.op(i32.ltS);
    code.op(i32.sub);
  });
}

function emitVectorIntSign(emitter: Emitter, e: UnaryExpr): void {
  const { code } = emitter;
  emitter.value(e.a);
  emitter.scratch(["v128"], (x) => {
    code.tee(x);
    pushSplat(code, "i32x4", 0);
    code.op(i32x4.ltS);
    code.get(x);
    pushSplat(code, "i32x4", 0);
    code.op(i32x4.gtS);
    code.op(i32x4.sub);
  });
}

function emitIntAbs(emitter: Emitter, e: UnaryExpr): void {
  const { code } = emitter;
  emitter.value(e.a);
  emitter.scratch(["i32"], (x) => {
    code.set(x);
    code.i32(0);
    code.get(x);
    code.op(i32.sub);
    code.get(x);
    code.get(x);
    code.i32(0);
    code.op(i32.ltS);
    code.op(control.select);
  });
}

/** `a` where `better` holds for (a, b), else `b`. */
function emitIntExtreme(emitter: Emitter, e: BinaryExpr, better: number): void {
  const { code } = emitter;
  emitter.value(e.a);
  emitter.value(e.b);
  emitter.scratch(["i32", "i32"], (a, b) => {
    code.set(b);
    code.tee(a);
    code.get(b);
    code.get(a);
    code.get(b);
    code.op(better);
    code.op(control.select);
  });
}

function emitMultiplyHigh(emitter: Emitter, e: BinaryExpr): void {
  const { code } = emitter;
  emitter.value(e.a);
  code.op(i64.extendI32U);
  emitter.value(e.b);
  code.op(i64.extendI32U);
  code.op(i64.mul);
  code.i64(32);
  code.op(i64.shrU);
  code.op(i32.wrapI64);
}

function emitVectorMultiplyHigh(emitter: Emitter, e: BinaryExpr): void {
  const { code } = emitter;
  emitter.value(e.a);
  emitter.value(e.b);
  emitter.scratch(["v128", "v128"], (a, b) => {
    code.set(b);
    code.tee(a);
    code.get(b);
    code.op(i64x2.extmulLowI32x4U);
    code.get(a);
    code.get(b);
    code.op(i64x2.extmulHighI32x4U);
    // The upper four bytes of each of the four products.
    code.shuffle([4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31]);
  });
}

/** The instruction takes one count for all lanes; a vector of different counts goes lane by lane. */
function emitVectorShift(emitter: Emitter, e: BinaryExpr, vectorOp: number, scalarOp: number): void {
  const { code } = emitter;
  if (e.b.kind === "const" || e.b.kind === "splat") {
    emitter.value(e.a);
    if (e.b.kind === "const") code.i32(e.b.value);
    else emitter.value(e.b.a);
    code.op(vectorOp);
    return;
  }
  emitLanes(emitter, e, "i32x4", (a, b) => {
    code.get(a);
    code.get(b);
    code.op(scalarOp);
  });
}

/**
 * From f64 `x` and `y` on the stack, x - floor(x / y) * y. It is exact for float32 values whose quotient is below
 * 2^29; for float64 it is off by one y where the quotient rounds to a whole number. With an infinite y the formula
 * would give NaN; the result is then x, or y where the signs differ.
 */
function emitFloatModulo(emitter: Emitter): void {
  const { code } = emitter;
  emitter.scratch(["f64", "f64"], (x, y) => {
    code.set(y);
    code.set(x);
    // y infinite: x where the signs agree, else y; adding x - x gives NaN for an x that is infinite or NaN.
    code.get(x);
    code.get(y);
    code.get(x);
    code.f64(0);
    code.op(f64.lt);
    code.get(y);
    code.f64(0);
    code.op(f64.lt);
    code.op(i32.eq);
    code.get(x);
    code.f64(0);
    code.op(f64.eq);
    code.op(i32.or);
    code.op(control.select);
    code.get(x);
    code.get(x);
    code.op(f64.sub);
    code.op(f64.add);
    // y finite.
    code.get(x);
    code.get(x);
    code.get(y);
    code.op(f64.div);
    code.op(f64.floor);
    code.get(y);
    code.op(f64.mul);
    code.op(f64.sub);
    code.get(y);
    code.op(f64.abs);
    code.f64(Number.POSITIVE_INFINITY);
    code.op(f64.eq);
    code.op(control.select);
  });
}
