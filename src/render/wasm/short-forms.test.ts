/** The short forms give what the general instructions do, bit by bit. */
import { expect, test } from "vitest";
import { binary, cast, compare, constant, int, Locals, load, select, store } from "../../kernel/build.ts";
import type { Expr } from "../../kernel/ir.ts";
import { buffer, programOf } from "../render.test-helper.ts";
import { runWasm } from "./run-wasm.test-helper.ts";

const inputs = [-0, 0, Number.NaN, -3, 2, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 1];

/** What a function of four lanes at a time makes of the inputs. */
function evaluated(body: (x: Expr) => Expr, result: "float32" | "int32", relaxed = false): number[] {
  const chunk = new Locals().local("chunk", "i32");
  const at = [0, 4];
  const stores = at.map((i) => store(1, int(i), body(load(0, "float32", int(i), 4))));
  const program = programOf([buffer("float32", 8, "read"), buffer(result, 8, "write")], chunk, stores);
  const out = result === "int32" ? new Int32Array(8) : new Float32Array(8);
  const slots = runWasm(program, [Float32Array.from(inputs), out], { shared: false, relaxed });
  return Array.from(slots[1] as ArrayLike<number>);
}

test.each([0, -0, 1, -1, Number.NEGATIVE_INFINITY])("the larger of a value and %s", (bound) => {
  const found = evaluated((x) => binary("max", x, constant(bound, "f32", 4)), "float32");
  // Math.max has NaN and zeros as WebAssembly has.
  const wanted = inputs.map((x) => Math.max(x, bound));
  expect(found.map((x) => Object.is(x, -0))).toEqual(wanted.map((x) => Object.is(x, -0)));
  expect(found).toEqual(wanted);
});

test("a sum with a condition counts", () => {
  const seven = constant(7, "i32", 4);
  const found = evaluated(
    (x) => binary("add", seven, cast(compare("lt", x, constant(1, "f32", 4)), "i32")),
    "int32",
  );
  expect(found).toEqual(inputs.map((x) => 7 + Number(x < 1)));
});

const four = (value: number): Expr => constant(value, "f32", 4);

test.each([
  ["0 where it does not hold", four(0), false],
  ["0 where it holds", four(0), true],
  ["-0 where it does not hold", four(-0), false],
  ["-0 where it holds", four(-0), true],
  ["another value", four(5), false],
] as const)("a choice by a condition: %s", (_, other, holds) => {
  const condition = (x: Expr): Expr => compare("lt", x, four(1));
  const chosen = (x: Expr): Expr => (holds ? select(condition(x), other, x) : select(condition(x), x, other));
  const value = other.kind === "const" ? other.value : Number.NaN;
  const wanted = inputs.map((x) => (x < 1 === holds ? value : x));
  for (const relaxed of [false, true]) {
    const found = evaluated(chosen, "float32", relaxed);
    expect(found.map((x) => Object.is(x, -0))).toEqual(wanted.map((x) => Object.is(x, -0)));
    expect(found).toEqual(wanted);
  }
});
