import { describe, expect, it } from "vitest";
import { add, binary, define, int, Locals, load, mul, store, unary, use } from "./build.ts";
import type { Expr, Kernel, Stmt } from "./ir.ts";
import { expandMath } from "./math.ts";
import type { MathFunction } from "./math-f32.ts";
import { mapChildren, mapStmt } from "./rewrite.ts";
import { buffer, kernelOf, runElementwise, runKernel } from "./run-kernel.test-helper.ts";
import { floatBinary, floatUnary } from "./scalar-math.ts";

type UnaryName = Exclude<MathFunction, "pow">;

/**
 * Distance in units of the last place of the exact value; `floor` is the least size that counts as such a
 * unit.
 */
function ulps(actual: number, exact: number, floor = 2 ** -149): number {
  if (Object.is(actual, exact) || (Number.isNaN(actual) && Number.isNaN(exact))) return 0;
  if (actual === Math.fround(exact)) return actual === 0 && exact === 0 ? Infinity : 0.5;
  if (Number.isNaN(actual) || !Number.isFinite(exact)) return Infinity;
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(exact))));
  // An infinite result stands for 2^128, the next number after the largest.
  const finite = Math.abs(actual) === Infinity ? Math.sign(actual) * 2 ** 128 : actual;
  return Math.abs(finite - exact) / Math.max(2 ** (exponent - 23), floor);
}

/** Evenly spaced samples, and as many with evenly spaced exponents on both sides of 0. */
function samples(low: number, high: number, count: number): Float32Array {
  const values: number[] = [];
  for (let i = 0; i <= count; i++) {
    values.push(low + ((high - low) * i) / count);
    const size = 2 ** (-148 + (276 * i) / count);
    for (const x of [size, -size]) if (x >= low && x <= high) values.push(x);
  }
  return Float32Array.from(values);
}

const specials = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  2,
  -2,
  3,
  -3,
  1e-45,
  -1e-45,
  1e-40,
  2 ** -126,
  2 ** -24,
  -(2 ** -24),
  2 ** -25,
  1e-5,
  88.7,
  88.72284,
  -87.3,
  -87.4,
  -100,
  -103.9,
  -104,
  -105,
  89,
  128,
  1e10,
  -1e10,
  3.4028234e38,
  -3.4028234e38,
  Infinity,
  -Infinity,
  NaN,
];

/** Replaces fma by a product and a sum, each rounded: targets may compute it so. */
function withoutFma(kernel: Kernel): Kernel {
  const expr = (e: Expr): Expr => {
    const inner = mapChildren(e, expr);
    return inner.kind === "fma" ? add(mul(inner.a, inner.b), inner.c) : inner;
  };
  const block = (body: readonly Stmt[]): readonly Stmt[] => body.map((stmt) => mapStmt(stmt, expr, block));
  return { ...kernel, body: block(kernel.body) };
}

const targets: readonly (readonly [string, (kernel: Kernel) => Kernel])[] = [
  ["one rounding", expandMath],
  ["two roundings", (kernel) => withoutFma(expandMath(kernel))],
];

function worst(
  inputs: readonly Float32Array[],
  lanes: number,
  fn: (...args: Expr[]) => Expr,
  exact: (...args: number[]) => number,
  rewrite: (kernel: Kernel) => Kernel,
  floor?: number,
): { error: number; at: string } {
  const results = runElementwise(
    inputs.map((x) => ["float32", x] as const),
    "float32",
    lanes,
    fn,
    rewrite,
  );
  let found = { error: 0, at: "" };
  results.forEach((actual, i) => {
    const args = inputs.map((x) => x[i] as number);
    const error = ulps(actual, exact(...args), floor);
    if (!(error <= found.error))
      found = { error, at: `f(${args.join(", ")}) = ${actual}, not ${exact(...args)}` };
  });
  return found;
}

/**
 * Arguments, and the least unit of error: a zero of sin or cos is only known as well as pi / 2 is subtracted.
 */
type Range = readonly [low: number, high: number, floor?: number];

const ranges: Record<UnaryName, Range> = {
  exp: [-105, 90],
  expm1: [-25, 90],
  log: [0, 100],
  log1p: [-1, 100],
  tanh: [-12, 12],
  erf: [-5, 5],
  sin: [-8192, 8192, 2 ** -44],
  cos: [-8192, 8192, 2 ** -44],
};

const nearZero: Partial<Record<UnaryName, Range>> = {
  expm1: [-1.5, 1.5],
  log: [0.4, 2.5],
  log1p: [-0.7, 1.5],
  tanh: [-1, 1],
  erf: [-1.5, 1.5],
  sin: [-7, 7, 2 ** -54],
  cos: [-7, 7, 2 ** -54],
};

describe.each(targets)("expandMath, fma with %s", (_, rewrite) => {
  for (const name of Object.keys(ranges) as UnaryName[]) {
    it(`${name} stays within 2 ulp`, () => {
      for (const [low, high, floor] of [ranges[name], nearZero[name] ?? ranges[name]]) {
        const result = worst(
          [samples(low, high, 20_000)],
          4,
          (x) => unary(name, x),
          floatUnary[name],
          rewrite,
          floor,
        );
        expect(result.error, result.at).toBeLessThanOrEqual(2);
      }
    });
  }

  it.each([
    [64, 3],
    [150, 5],
  ])("pow gives results within 2^+-%i to %i ulp", (orders, bound) => {
    const x: number[] = [];
    const y: number[] = [];
    for (let i = 0; i < 20_000; i++) {
      const u = (i * 0.754877666) % 1;
      const v = (i * 0.569840291) % 1;
      // Bases of all magnitudes and moderate ones; the exponents spread the results over the orders asked
      // for.
      const base = Math.fround(i % 2 === 0 ? 2 ** (-149 + 277 * u) : 0.3 + 3 * u);
      x.push(base);
      y.push((-orders + (Math.min(orders, 129) + orders) * v) / Math.log2(base));
    }
    const inputs = [Float32Array.from(x), Float32Array.from(y)];
    const result = worst(inputs, 4, (a, b) => binary("pow", a, b), floatBinary.pow, rewrite);
    expect(result.error, result.at).toBeLessThanOrEqual(bound);
  });

  it("squares and cubes by pow are almost as good as products", () => {
    const x = samples(-50, 50, 5000).filter((v) => Math.abs(v) > 1e-9 && Math.abs(v) < 1e9);
    for (const exponent of [2, 3]) {
      const inputs = [x, new Float32Array(x.length).fill(exponent)];
      const result = worst(inputs, 1, (a, b) => binary("pow", a, b), floatBinary.pow, rewrite);
      expect(result.error, result.at).toBeLessThanOrEqual(1.1);
    }
  });
});

describe("expandMath on special values", () => {
  const values = Float32Array.from(specials);

  it.each(Object.keys(ranges) as UnaryName[])("%s, one lane and four", (name) => {
    const periodic = name === "sin" || name === "cos";
    const inputs = periodic ? values.filter((x) => !(Math.abs(x) > 8192 && Number.isFinite(x))) : values;
    for (const lanes of [1, 4]) {
      const result = worst([inputs], lanes, (x) => unary(name, x), floatUnary[name], expandMath);
      expect(result.error, result.at).toBeLessThanOrEqual(2);
    }
  });

  it("pow, one lane and four", () => {
    const exponents = [
      0,
      -0,
      1,
      -1,
      2,
      3,
      -2,
      -3,
      0.5,
      -0.5,
      1 / 3,
      16777217,
      16777215,
      1e10,
      1e30,
      -1e30,
      1e-30,
      Infinity,
      -Infinity,
      NaN,
    ];
    const x = Float32Array.from(specials.flatMap((base) => exponents.map(() => base)));
    const y = Float32Array.from(specials.flatMap(() => exponents));
    for (const lanes of [1, 4]) {
      const result = worst([x, y], lanes, (a, b) => binary("pow", a, b), floatBinary.pow, expandMath);
      expect(result.error, result.at).toBeLessThanOrEqual(4);
    }
  });

  it("sin and cos of large arguments stay within -1..1", () => {
    const x = samples(-3.4e38, 3.4e38, 3000).filter((v) => Math.abs(v) > 8192);
    for (const name of ["sin", "cos"] as const) {
      const results = runElementwise([["float32", x]], "float32", 4, (v) => unary(name, v), expandMath);
      expect(results.every((v) => Math.abs(v) <= 1)).toBe(true);
    }
  });
});

describe("expandMath as a rewrite", () => {
  const locals = new Locals();
  const chunk = locals.local("chunk", "i32");

  it("leaves float64, other functions and whole kernels without any as they are", () => {
    const body = [store(1, int(0), unary("exp", unary("sqrt", load(0, "float64", int(0)))))];
    const kernel = kernelOf([buffer("float64", 1), buffer("float64", 1, "write")], body, chunk);
    expect(expandMath(kernel)).toBe(kernel);
  });

  it("puts the locals right before the statement, in every block, with new ids", () => {
    const value = locals.local("value", "f32");
    const x = load(0, "float32", use(chunk));
    const nested: Stmt = {
      kind: "if",
      condition: { kind: "compare", type: "bool", lanes: 1, fn: "lt", a: x, b: unary("exp", x) },
      then: [store(0, use(chunk), unary("log", use(value)))],
      otherwise: [],
    };
    const body = [
      define(value, unary("exp", unary("tanh", x))),
      store(0, use(chunk), unary("exp", use(value))),
      nested,
    ];
    const kernel = expandMath(kernelOf([buffer("float32", 2, "readwrite")], body, chunk, 2));
    // runKernel verifies scopes and ids.
    const [result] = runKernel(kernel, [[0.5, -2]]);
    const expected = [0.5, -2].map((v) => {
      const e = Math.exp(Math.tanh(v));
      const stored = Math.exp(e);
      return stored < Math.exp(stored) ? Math.tanh(v) : stored;
    });
    for (const [i, v] of expected.entries()) expect(result?.[i]).toBeCloseTo(v, 5);
  });

  it("grows linearly when functions are nested or shared", () => {
    let e = load(0, "float32", int(0));
    for (let i = 0; i < 40; i++) e = unary("tanh", add(e, e));
    const kernel = kernelOf(
      [buffer("float32", 1), buffer("float32", 1, "write")],
      [store(1, int(0), e)],
      chunk,
    );
    const expanded = expandMath(kernel);
    expect(expanded.body.length).toBeLessThan(40 * 20);
    expect(runKernel(expanded, [[0.1]])[1]?.[0]).toBeGreaterThan(0.9);
  });
});
