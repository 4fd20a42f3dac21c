/**
 * Algorithms for float32 functions, as expressions of the kernel IR: range reduction by exact steps (Cody and
 * Waite, 1980), a polynomial fitted for least maximal relative error, and selects for special values.
 *
 * Nothing here relies on `fma` rounding once. A comparison with NaN is false everywhere, so "select(x <
 * limit, ...)" decides on which side NaN falls. Arguments must be locals or constants, since they are used
 * several times.
 */
import { add, binary, bitcast, cast, compare, constant, fma, mul, select, sub, unary } from "./build.ts";
import type { Expr } from "./ir.ts";

/** The functions that are spelled out here. */
export type MathFunction = "exp" | "expm1" | "log" | "log1p" | "sin" | "cos" | "tanh" | "erf" | "pow";

const signBit = -0x80000000;
const minNormal = 2 ** -126;
/** Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits of the sum. */
const rounder = 1.5 * 2 ** 23;
const rounderBits = 0x4b400000;
/** ln 2 in two parts; the first has 9 bits, so that its product with an exponent is exact. */
const ln2High = 0.693359375;
const ln2Low = -2.121944417e-4;
/** 1 / ln 2 in two parts; the first has 12 bits. */
const log2eHigh = 1.4423828125;
const log2eLow = 0.000312228396;
/**
 * pi / 2 in four parts; the first three have 11 bits, so that products with integers up to 2^13 are exact.
 */
const halfPi = [1.5703125, 0.00048351287841796875, 3.1385570764541626e-7, 6.077100506e-11] as const;

/** (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2. */
const expCoefficients = [0.5, 0.1666654199, 0.04166627675, 0.00836675521, 0.001394674066];
/** (2^r - 1) / r for |r| <= 1/2. */
const exp2Coefficients = [
  0.6931471825, 0.2402265072, 0.05550327525, 0.009618002921, 0.001340040239, 0.0001547644642,
];
/** (log(1 + f) - f + f^2 / 2) / f^3 for sqrt(1/2) <= 1 + f <= sqrt(2). */
const logCoefficients = [
  0.3333331645, -0.250008136, 0.2000228167, -0.1662443131, 0.1418123245, -0.1313012987, 0.1288183928,
  -0.07855779678,
];
/** (log((1 + s) / (1 - s)) / s - 2) / s^2, a polynomial in s^2, for |s| <= 0.1716. */
const atanhCoefficients = [0.6666666269, 0.4000097215, 0.2849879265, 0.2427885383];
/** (sin(r) / r - 1) / r^2, in r^2, for |r| <= pi / 4. */
const sinCoefficients = [-0.1666665524, 0.008332188241, -0.0001951800805];
/** (cos(r) - 1 + r^2 / 2) / r^4, in r^2, for |r| <= pi / 4. */
const cosCoefficients = [0.04166664556, -0.001388730831, 2.443210178e-5];
/** (tanh(x) / x - 1) / x^2, in x^2, for |x| <= 0.625. */
const tanhCoefficients = [-0.3333328366, 0.1333147883, -0.05374217033, 0.02064555325, -0.005710788071];
/** erf(x) / x - 1, in x^2, for |x| <= 0.92. */
const erfCoefficients = [
  0.1283791661, -0.3761262894, 0.1128362417, -0.02685558796, 0.005191947799, -0.0008043837734, 7.96964232e-5,
];
/** log(erfc(x)) for 0.92 <= x <= 4. */
const logErfcCoefficients = [
  -0.0001956932683, -1.127675533, -0.6371824145, -0.1039314717, 0.02222688869, -0.003043220378,
  0.0001959384535,
];

const lt = (a: Expr, b: Expr): Expr => compare("lt", a, b);
const le = (a: Expr, b: Expr): Expr => compare("le", a, b);
const eq = (a: Expr, b: Expr): Expr => compare("eq", a, b);
const and = (a: Expr, b: Expr): Expr => binary("and", a, b);
const or = (a: Expr, b: Expr): Expr => binary("or", a, b);
const xor = (a: Expr, b: Expr): Expr => binary("xor", a, b);
const not = (a: Expr): Expr => unary("not", a);
const abs = (a: Expr): Expr => unary("abs", a);
const div = (a: Expr, b: Expr): Expr => binary("div", a, b);

/**
 * Builds the functions for one number of lanes; `bind` makes a local of a value that is used more than once.
 */
export class F32Math {
  readonly #lanes: number;
  readonly #bind: (e: Expr, name: string) => Expr;

  constructor(lanes: number, bind: (e: Expr, name: string) => Expr) {
    this.#lanes = lanes;
    this.#bind = bind;
  }

  exp(x: Expr): Expr {
    // Beyond these bounds the result is 0 or infinite, which the scaling below finds by itself.
    const { n, r } = this.#reduceExp(this.#clamp(x, -104, 89));
    return this.#scale(add(this.#expm1Near0(r), this.#f(1)), n);
  }

  expm1(x: Expr): Expr {
    const { n, r } = this.#reduceExp(this.#clamp(x, -20, 89));
    // 2^n (1 + q) - 1 with half the factor, since 2^128 is infinite.
    const half = this.#bind(this.#powerOf2(sub(n, this.#i(1))), "half");
    const halved = fma(half, this.#expm1Near0(r), sub(half, this.#f(0.5)));
    const result = add(this.#bind(halved, "halved"), halved);
    return select(lt(abs(x), this.#f(2 ** -25)), x, result);
  }

  log(x: Expr): Expr {
    const { k, f } = this.#splitLog(x);
    return this.#logDomain(x, x, this.#logOf(k, f, undefined));
  }

  log1p(x: Expr): Expr {
    const one = this.#f(1);
    const u = this.#bind(add(x, one), "u");
    // What the sum lost (Knuth's two-sum), scaled like the mantissa.
    const added = this.#bind(sub(u, one), "added");
    const lost = add(sub(one, sub(u, added)), sub(x, added));
    const { k, f, exponent } = this.#splitLog(u);
    const scaled = mul(lost, this.#powerOf2(binary("max", unary("neg", exponent), this.#i(-126))));
    // log(m + d) = log(m) + d / m; d is so small that 2 - m is near enough to 1 / m = 1 / (1 + f).
    const correction = mul(scaled, sub(one, f));
    const near0 = this.#bind(eq(k, this.#f(0)), "near0");
    const mantissa = this.#bind(select(near0, x, f), "f");
    const tail = select(near0, this.#f(0), correction);
    const result = this.#logDomain(u, x, this.#logOf(k, mantissa, tail));
    return select(eq(x, this.#f(0)), x, result);
  }

  sin(x: Expr): Expr {
    // The sum inside loses the sign of zero.
    return select(eq(x, this.#f(0)), x, this.#sinCos(x, 0));
  }

  cos(x: Expr): Expr {
    return this.#sinCos(x, 1);
  }

  tanh(x: Expr): Expr {
    const a = this.#bind(abs(x), "a");
    // 1 - 2 / (e^2a + 1) is 1 from 9.1 on.
    const e = this.#expBounded(this.#clampAbove(add(a, a), 20));
    const far = sub(this.#f(1), div(this.#f(2), add(e, this.#f(1))));
    const z = this.#bind(mul(x, x), "z");
    const near = mul(x, fma(z, this.#polynomial(z, tanhCoefficients), this.#f(1)));
    return select(lt(a, this.#f(0.625)), near, this.#copySign(far, x));
  }

  erf(x: Expr): Expr {
    const a = this.#bind(abs(x), "a");
    const t = this.#bind(this.#clampAbove(a, 4), "t");
    const far = sub(this.#f(1), this.#expBounded(this.#bind(this.#polynomial(t, logErfcCoefficients), "l")));
    const near = fma(x, this.#polynomial(this.#bind(mul(x, x), "z"), erfCoefficients), x);
    return select(lt(a, this.#f(0.92)), near, this.#copySign(far, x));
  }

  /** 2^(y log2|x|) with the logarithm and the product in two parts each, then C's special cases. */
  pow(x: Expr, y: Expr): Expr {
    const zero = this.#f(0);
    const infinity = this.#f(Infinity);
    const ax = this.#bind(abs(x), "ax");
    // So large an exponent acts as an infinite one, but its product with log2(1) = 0 is not NaN.
    const bounded = this.#bind(this.#clamp(y, -(2 ** 100), 2 ** 100), "y");
    const magnitude = this.#powPositive(ax, bounded);

    const integer = this.#bind(eq(unary("floor", bounded), bounded), "integer");
    const half = this.#bind(mul(bounded, this.#f(0.5)), "half");
    const odd = and(integer, compare("ne", unary("floor", half), half));
    const sign = select(odd, and(bitcast(x, "i32"), this.#i(signBit)), this.#i(0));
    const signed = bitcast(xor(bitcast(magnitude, "i32"), sign), "f32");

    const undefinedRoot = and(and(lt(x, zero), lt(ax, infinity)), not(integer));
    const one = or(eq(x, this.#f(1)), eq(y, zero));
    return select(one, this.#f(1), select(undefinedRoot, this.#f(NaN), signed));
  }

  #f(value: number): Expr {
    return constant(value, "f32", this.#lanes);
  }

  #i(value: number): Expr {
    return constant(value, "i32", this.#lanes);
  }

  /** c[0] + c[1] x + c[2] x^2 + ... by Horner's rule. */
  #polynomial(x: Expr, coefficients: readonly number[]): Expr {
    return coefficients.map((c) => this.#f(c)).reduceRight((sum, c) => fma(sum, x, c));
  }

  /** NaN stays NaN. */
  #clampAbove(x: Expr, high: number): Expr {
    const bound = this.#bind(x, "x");
    return select(lt(this.#f(high), bound), this.#f(high), bound);
  }

  #clamp(x: Expr, low: number, high: number): Expr {
    const capped = this.#bind(this.#clampAbove(x, high), "capped");
    return select(lt(capped, this.#f(low)), this.#f(low), capped);
  }

  #copySign(magnitude: Expr, sign: Expr): Expr {
    const bit = and(bitcast(sign, "i32"), this.#i(signBit));
    return bitcast(or(bitcast(magnitude, "i32"), bit), "f32");
  }

  /** Nearest integer of |x| < 2^22, as float and as i32. */
  #nearest(sum: Expr): { float: Expr; int: Expr } {
    const shifted = this.#bind(sum, "shifted");
    return {
      float: this.#bind(sub(shifted, this.#f(rounder)), "n"),
      int: this.#bind(sub(bitcast(shifted, "i32"), this.#i(rounderBits)), "i"),
    };
  }

  /** x = n ln 2 + r with |r| <= ln 2 / 2. */
  #reduceExp(x: Expr): { n: Expr; r: Expr } {
    const bound = this.#bind(x, "x");
    const n = this.#nearest(fma(bound, this.#f(Math.LOG2E), this.#f(rounder)));
    const high = fma(n.float, this.#f(-ln2High), bound);
    return { n: n.int, r: this.#bind(fma(n.float, this.#f(-ln2Low), high), "r") };
  }

  /** e^r - 1 for |r| <= ln 2 / 2. */
  #expm1Near0(r: Expr): Expr {
    return fma(mul(r, r), this.#polynomial(r, expCoefficients), r);
  }

  /** 2^n for -126 <= n <= 127; 0 for n = -127. */
  #powerOf2(n: Expr): Expr {
    return bitcast(binary("shl", add(n, this.#i(127)), this.#i(23)), "f32");
  }

  /** p 2^n in two steps, so that it overflows to infinity and rounds to a denormal as it should. */
  #scale(p: Expr, n: Expr): Expr {
    const half = sub(binary("shr", add(n, this.#i(256)), this.#i(1)), this.#i(128));
    const first = this.#bind(half, "half");
    return mul(mul(p, this.#powerOf2(first)), this.#powerOf2(sub(n, first)));
  }

  /** e^x for |x| <= 80, where one scaling step is enough. */
  #expBounded(x: Expr): Expr {
    const { n, r } = this.#reduceExp(x);
    return mul(add(this.#expm1Near0(r), this.#f(1)), this.#powerOf2(n));
  }

  /** x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), for finite positive x; k as float and as i32. */
  #splitLog(x: Expr): { k: Expr; f: Expr; exponent: Expr } {
    const sqrtHalf = 0x3f3504f3;
    const tiny = this.#bind(lt(x, this.#f(minNormal)), "tiny");
    const normal = select(tiny, mul(x, this.#f(2 ** 25)), x);
    const bits = this.#bind(add(bitcast(normal, "i32"), this.#i(0x3f800000 - sqrtHalf)), "bits");
    const bias = select(tiny, this.#i(127 + 25), this.#i(127));
    const exponent = this.#bind(sub(binary("shr", bits, this.#i(23)), bias), "exponent");
    const mantissa = bitcast(add(and(bits, this.#i(0x7fffff)), this.#i(sqrtHalf)), "f32");
    return {
      k: this.#bind(cast(exponent, "f32"), "k"),
      f: this.#bind(sub(mantissa, this.#f(1)), "f"),
      exponent,
    };
  }

  /** k ln 2 + log(1 + f) + tail, smallest terms first. */
  #logOf(k: Expr, f: Expr, tail: Expr | undefined): Expr {
    const z = this.#bind(mul(f, f), "z");
    const cubic = mul(mul(f, z), this.#polynomial(f, logCoefficients));
    const small = fma(k, this.#f(ln2Low), tail === undefined ? cubic : add(cubic, tail));
    const mantissa = add(f, fma(z, this.#f(-0.5), small));
    return fma(k, this.#f(ln2High), mantissa);
  }

  /**
   * `result` where `positive` is positive and finite; -infinity at 0, NaN below, infinity and NaN as `x` has
   * it.
   */
  #logDomain(positive: Expr, x: Expr, result: Expr): Expr {
    const zero = this.#f(0);
    const finite = select(lt(positive, this.#f(Infinity)), result, x);
    const edge = select(eq(positive, zero), this.#f(-Infinity), this.#f(NaN));
    return select(lt(zero, positive), finite, edge);
  }

  /** sin(x + quarter pi / 2). */
  #sinCos(x: Expr, quarter: number): Expr {
    const n = this.#nearest(fma(x, this.#f(2 / Math.PI), this.#f(rounder)));
    const exact = fma(n.float, this.#f(-halfPi[1]), fma(n.float, this.#f(-halfPi[0]), x));
    const rest = this.#minusTwoParts(this.#bind(exact, "exact"), n.float, halfPi[2], halfPi[3]);
    // For arguments too large to be reduced: it keeps the polynomials, and so the result, within -1..1.
    const r = this.#bind(this.#clamp(rest, -0.7854, 0.7854), "r");
    const z = this.#bind(mul(r, r), "z");
    const sine = fma(mul(r, z), this.#polynomial(z, sinCoefficients), r);
    const square = mul(z, z);
    const cosine = add(fma(z, this.#f(-0.5), mul(square, this.#polynomial(z, cosCoefficients))), this.#f(1));
    const turn = this.#bind(add(n.int, this.#i(quarter)), "turn");
    const swap = eq(and(turn, this.#i(1)), this.#i(1));
    const sign = binary("shl", and(turn, this.#i(2)), this.#i(30));
    return bitcast(xor(bitcast(select(swap, cosine, sine), "i32"), sign), "f32");
  }

  /** x - n a - n b, rounded as if once: what subtracting n a loses is found again. `n a` must be exact. */
  #minusTwoParts(x: Expr, n: Expr, a: number, b: number): Expr {
    const product = this.#bind(mul(n, this.#f(a)), "product");
    const high = this.#bind(sub(x, product), "high");
    const lost = sub(sub(x, high), product);
    return add(high, fma(n, this.#f(-b), lost));
  }

  /** The upper 12 bits of the significand: products of two such values are exact. */
  #upper(x: Expr): Expr {
    return this.#bind(bitcast(and(bitcast(x, "i32"), this.#i(-0x1000)), "f32"), "upper");
  }

  /** log2(x) for x > 0 as the sum of two parts, right to about 2^-30 of it; x must be finite and not 0. */
  #log2Parts(x: Expr): { high: Expr; low: Expr } {
    const one = this.#f(1);
    const { k, f } = this.#splitLog(x);
    // s = f / (2 + f) in two parts, then log(1 + f) = log((1 + s) / (1 - s)).
    const m = this.#bind(add(f, one), "m");
    const u = this.#bind(add(m, one), "u");
    const s = this.#bind(div(f, u), "s");
    const sHigh = this.#upper(s);
    const uHigh = this.#upper(u);
    const uLow = sub(m, sub(uHigh, one));
    const sLow = div(sub(sub(f, mul(sHigh, uHigh)), mul(sHigh, uLow)), u);
    const z = this.#bind(mul(s, s), "z");
    const logHigh = this.#bind(add(sHigh, sHigh), "logHigh");
    const cubic = mul(mul(s, z), this.#polynomial(z, atanhCoefficients));
    const logLow = fma(sLow, this.#f(2), cubic);
    const product = this.#bind(mul(logHigh, this.#f(log2eHigh)), "product");
    const rest = fma(logHigh, this.#f(log2eLow), mul(logLow, this.#f(Math.LOG2E)));
    const sum = this.#bind(add(k, product), "sum");
    const low = this.#bind(add(sub(product, sub(sum, k)), rest), "low");
    const high = this.#bind(add(sum, low), "high");
    return { high, low: sub(low, sub(high, sum)) };
  }

  /** x^y for x >= 0 and finite y; at 0 and infinity, too, except that y = 0 gives NaN there. */
  #powPositive(x: Expr, y: Expr): Expr {
    const { high, low } = this.#log2Parts(x);
    const finite = select(lt(x, this.#f(Infinity)), high, x);
    const logarithm = select(eq(x, this.#f(0)), this.#f(-Infinity), finite);
    const p = this.#bind(mul(y, logarithm), "p");
    // Within these bounds the exponent is computed in two parts; beyond, the result is 0 or infinite (or
    // NaN).
    const exact = this.#bind(and(le(this.#f(-152), p), le(p, this.#f(129))), "exact");
    const yHigh = this.#upper(y);
    const lHigh = this.#upper(high);
    const lLow = add(sub(high, lHigh), low);
    const pHigh = this.#bind(select(exact, mul(yHigh, lHigh), this.#clamp(p, -152, 129)), "pHigh");
    const pLow = select(exact, fma(yHigh, lLow, mul(sub(y, yHigh), high)), this.#f(0));
    const rest = this.#bind(pLow, "pLow");
    const n = this.#nearest(add(add(pHigh, rest), this.#f(rounder)));
    const r = this.#bind(add(sub(pHigh, n.float), rest), "r");
    return this.#scale(fma(r, this.#polynomial(r, exp2Coefficients), this.#f(1)), n.int);
  }
}
