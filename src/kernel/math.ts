/**
 * Replaces the transcendental functions of float32 by arithmetic on the IR, so that every renderer vectorises
 * them and all give the same algorithm. float64 is left alone: renderers call their host.
 */
import { define, Locals, use } from "./build.ts";
import type { Expr, Kernel, Stmt } from "./ir.ts";
import { F32Math, type MathFunction } from "./math-f32.ts";
import { eachExpression, localsOf, mapChildren, mapStmt } from "./rewrite.ts";

const functions: ReadonlySet<string> = new Set<MathFunction>([
  "exp",
  "expm1",
  "log",
  "log1p",
  "sin",
  "cos",
  "tanh",
  "erf",
  "pow",
]);

/** The transcendental functions that a kernel has. */
export interface MathUse {
  /** Whether it has any of float32. */
  readonly single: boolean;
  /** Those of float64. */
  readonly double: ReadonlySet<MathFunction>;
}

/** Finds the transcendental functions of a kernel. */
export function mathUse(kernel: Kernel): MathUse {
  let single = false;
  const double = new Set<MathFunction>();
  eachExpression(kernel.body, (e) => {
    if ((e.kind !== "unary" && e.kind !== "binary") || !isMath(e.fn)) return;
    if (e.type === "f32") single = true;
    else if (e.type === "f64") double.add(e.fn);
  });
  return { single, double };
}

/**
 * The kernel with exp, expm1, log, log1p, sin, cos, tanh, erf and pow on f32 (any lanes) spelled out. Values
 * used more than once become locals, declared right before the statement that uses them.
 *
 * Errors stay within 2 ulp, denormals included; those of pow within 3 where the result lies in 2^-64..2^64, 5
 * beyond. sin and cos keep to it where |x| <= 8192, down to an absolute error of 2^-43 beside a zero; for
 * larger x they lose accuracy gradually but stay within -1..1.
 */
export function expandMath(kernel: Kernel, { single }: MathUse = mathUse(kernel)): Kernel {
  // Most kernels have none of them, and a look costs less than a rewrite.
  if (!single) return kernel;
  const highest = localsOf(kernel).reduce((max, local) => Math.max(max, local.id), 0);
  const locals = new Locals(highest + 1);
  return { ...kernel, body: expandBlock(kernel.body, locals) };
}

/** Whether a function is one that takes some twenty instructions. */
export function isMath(fn: string): fn is MathFunction {
  return functions.has(fn);
}

function expandBlock(body: readonly Stmt[], locals: Locals): readonly Stmt[] {
  const out: Stmt[] = [];
  for (const stmt of body) {
    // Shared expressions are expanded once per statement; further apart, a store or set may lie between.
    const done = new Map<Expr, Expr>();
    const bind = (e: Expr, name: string): Expr => {
      if (e.kind === "local" || e.kind === "const") return e;
      const local = locals.local(name, e.type, e.lanes);
      out.push(define(local, e));
      return use(local);
    };
    const expand = (e: Expr): Expr => {
      let result = done.get(e);
      if (result === undefined) {
        result = expandOne(mapChildren(e, expand), bind);
        done.set(e, result);
      }
      return result;
    };
    // The blocks inside are expanded after the statement's own expressions and hoist into themselves.
    const rewritten = mapStmt(stmt, expand, (block) => expandBlock(block, locals));
    out.push(rewritten);
  }
  return out.length === body.length && out.every((stmt, i) => stmt === body[i]) ? body : out;
}

function expandOne(e: Expr, bind: (e: Expr, name: string) => Expr): Expr {
  if ((e.kind !== "unary" && e.kind !== "binary") || e.type !== "f32" || !isMath(e.fn)) return e;
  const math = new F32Math(e.lanes, bind);
  const a = bind(e.a, "x");
  const result = e.kind === "binary" ? math.pow(a, bind(e.b, "y")) : math[e.fn](a);
  return bind(result, e.fn);
}
