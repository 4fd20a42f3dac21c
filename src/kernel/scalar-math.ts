/**
 * What every scalar function of the IR means, on JavaScript numbers: exact integer arithmetic on i32, double
 * precision on floats (f32 is the double result rounded once). The interpreter computes with these tables,
 * and a renderer takes from them what its host lacks for float64, such as `erf`.
 */
import type { BinaryFn, CompareFn, UnaryFn } from "../base/scalar.ts";

/** Rounds to the nearest integer, ties to the even one, keeping the sign of zero. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  // x is infinite or NaN where rest is NaN; x itself also keeps the zero's sign of -0.
  if (rest === 0 || Number.isNaN(rest)) return x;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  if (!up) return floor;
  return x < 0 ? -Math.abs(floor + 1) : floor + 1;
}

/**
 * The error function 2 / sqrt(pi) * integral of exp(-t^2) over 0..x, to about 1e-16.
 *
 * Below 3, erf(x) = 2 / sqrt(pi) * exp(-x^2) * sum of 2^n x^(2n+1) / (1 * 3 * ... * (2n+1)), whose terms are
 * all positive (Abramowitz and Stegun, 1964, 7.1.6); above, 1 - erfc(x) with the continued fraction 7.1.14.
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x) || a === 0) return x;
  if (a >= 6) return Math.sign(x);
  if (a < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-18; n++) {
      term *= (2 * a * a) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-a * a) * sum;
  }
  let fraction = a;
  for (let n = 60; n >= 1; n--) fraction = a + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * fraction));
}

/** x to the power y as C and PyTorch define it: 1 to any power and (-1) to an infinite one are 1. */
export function power(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

/** Remainder with the sign of the divisor, as Python's % and `torch.remainder`. */
function floatModulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** High 32 bits of the unsigned 64-bit product, as i32. */
function multiplyHigh(a: number, b: number): number {
  return Number((BigInt(a >>> 0) * BigInt(b >>> 0)) >> 32n) | 0;
}

/** Conversion to i32: truncates and saturates; NaN gives 0. */
export function toInt32(x: number): number {
  if (Number.isNaN(x)) return 0;
  return Math.max(-2147483648, Math.min(2147483647, Math.trunc(x))) | 0;
}

/** Which value types (other than `ptr`) a function takes. */
export type Domain = readonly ("f32" | "f64" | "i32" | "bool")[];

const floats: Domain = ["f32", "f64"];
const numbers: Domain = ["f32", "f64", "i32"];
const integers: Domain = ["i32"];
const bits: Domain = ["i32", "bool"];

/** Types that each function of one argument takes; the result has the same type. */
export const unaryDomain: Record<UnaryFn, Domain> = {
  neg: numbers,
  abs: numbers,
  sign: numbers,
  not: bits,
  floor: floats,
  ceil: floats,
  round: floats,
  trunc: floats,
  sqrt: floats,
  reciprocal: floats,
  exp: floats,
  expm1: floats,
  log: floats,
  log1p: floats,
  sin: floats,
  cos: floats,
  tanh: floats,
  erf: floats,
};

/** Types that each function of two arguments takes; both have one type, which is the result's. */
export const binaryDomain: Record<BinaryFn, Domain> = {
  add: numbers,
  sub: numbers,
  mul: numbers,
  max: numbers,
  min: numbers,
  div: floats,
  pow: floats,
  fmod: floats,
  idiv: integers,
  mod: integers,
  shl: integers,
  shr: integers,
  mulhi: integers,
  and: bits,
  or: bits,
  xor: bits,
};

/** Types that each comparison takes; a mask has no order. */
export const compareDomain: Record<CompareFn, Domain> = {
  eq: ["f32", "f64", "i32", "bool"],
  ne: ["f32", "f64", "i32", "bool"],
  lt: numbers,
  le: numbers,
};

type Unary = (a: number) => number;
type Binary = (a: number, b: number) => number;

/** Functions of one argument on floats, in double precision. */
export const floatUnary: Record<Exclude<UnaryFn, "not">, Unary> = {
  neg: (a) => -a,
  abs: Math.abs,
  sign: (a) => (a === 0 ? 0 : Math.sign(a)),
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
  trunc: Math.trunc,
  sqrt: Math.sqrt,
  reciprocal: (a) => 1 / a,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  erf,
};

/** Functions of two arguments on floats, in double precision. `Math.max` and `Math.min` hand NaN on. */
export const floatBinary: Record<"add" | "sub" | "mul" | "div" | "max" | "min" | "pow" | "fmod", Binary> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  max: Math.max,
  min: Math.min,
  pow: power,
  fmod: floatModulo,
};

/** Functions of one argument on i32, wrapping around. */
export const intUnary: Record<"neg" | "abs" | "sign" | "not", Unary> = {
  neg: (a) => -a | 0,
  abs: (a) => Math.abs(a) | 0,
  sign: Math.sign,
  not: (a) => ~a,
};

/**
 * Functions of two arguments on i32, wrapping around; shifts take the low five bits of the count. Quotient and
 * remainder of a division by 0 are 0: the lanes of a vector that stand for no element must not trap.
 */
export const intBinary: Record<Exclude<BinaryFn, "div" | "pow" | "fmod">, Binary> = {
  add: (a, b) => (a + b) | 0,
  sub: (a, b) => (a - b) | 0,
  mul: Math.imul,
  mulhi: multiplyHigh,
  max: Math.max,
  min: Math.min,
  idiv: (a, b) => (b === 0 ? 0 : Math.floor(a / b) | 0),
  mod: (a, b) => (b === 0 ? 0 : (a - Math.floor(a / b) * b) | 0),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << (b & 31),
  shr: (a, b) => (a >>> (b & 31)) | 0,
};

/** Comparisons; 1 for true, 0 for false. Only `ne` holds when an argument is NaN. */
export const comparison: Record<CompareFn, Binary> = {
  eq: (a, b) => (a === b ? 1 : 0),
  ne: (a, b) => (a !== b ? 1 : 0),
  lt: (a, b) => (a < b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
};
