/** Broadcasting of elementwise operations: shapes, values and types, and the pairs that must be refused. */
import * as fc from "fast-check";
import type { DType } from "../../src/base/dtype.ts";
import type { Shape } from "../../src/base/shape.ts";
import { where } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { fromCoordinates, type Plain, read } from "../conformance/plain.ts";
import {
  type Draw,
  drawFrom,
  numbers,
  pick,
  properties,
  refused,
  seeds,
  shapes,
  tensorOf,
} from "./harness.test-helper.ts";

/** The common shape, or null where there is none: aligned at the end, equal or 1. */
function common(list: readonly Shape[]): Shape | null {
  const ndim = Math.max(...list.map((s) => s.length));
  const out: number[] = [];
  for (let d = 0; d < ndim; d++) {
    let size = 1;
    for (const s of list) {
      const own = s[d - ndim + s.length];
      if (own === undefined || own === 1) continue;
      if (size !== 1 && size !== own) return null;
      size = own;
    }
    out.push(size);
  }
  return out;
}

/** The element that stands at a place of the common shape. */
function at(x: Plain, index: readonly number[]): number {
  const own = index.slice(index.length - x.shape.length);
  return read(
    x,
    own.map((v, d) => (x.shape[d] === 1 ? 0 : v)),
  );
}

/** A shape that mostly broadcasts with another: leading axes left out, some axes 1, now and then another size. */
function partner(shape: Shape, draw: Draw): Shape {
  const kept = shape.slice(draw(2) === 0 ? 0 : draw(shape.length + 1));
  return kept.map((s) => (draw(3) === 0 ? 1 : draw(20) === 0 ? s + 1 : s));
}

const types = ["uint8", "int32", "float32", "float64"] as const;

/** What arithmetic in a type makes of an exact result. */
const rounded: Record<DType, (v: number) => number> = {
  float32: Math.fround,
  float64: (v) => v,
  int32: (v) => v | 0,
  uint8: (v) => v & 255,
  bool: (v) => Number(v !== 0),
};

interface Operation {
  readonly name: string;
  readonly apply: (a: Tensor, b: Tensor) => Tensor;
  readonly plain: (a: number, b: number) => number;
  readonly result: "number" | "float" | "bool";
}

const operation = (
  name: keyof Tensor & string,
  plain: Operation["plain"],
  result: Operation["result"],
): Operation => ({
  name,
  apply: (a, b) => (a[name] as (other: Tensor) => Tensor).call(a, b),
  plain,
  result,
});

const operations: readonly Operation[] = [
  operation("add", (a, b) => a + b, "number"),
  operation("sub", (a, b) => a - b, "number"),
  operation("mul", (a, b) => a * b, "number"),
  operation("maximum", Math.max, "number"),
  operation("minimum", Math.min, "number"),
  operation("div", (a, b) => a / b, "float"),
  operation("eq", (a, b) => Number(a === b), "bool"),
  operation("ne", (a, b) => Number(a !== b), "bool"),
  operation("lt", (a, b) => Number(a < b), "bool"),
  operation("le", (a, b) => Number(a <= b), "bool"),
  operation("gt", (a, b) => Number(a > b), "bool"),
  operation("ge", (a, b) => Number(a >= b), "bool"),
  operation("logicalAnd", (a, b) => Number(a !== 0 && b !== 0), "bool"),
  operation("logicalOr", (a, b) => Number(a !== 0 || b !== 0), "bool"),
  operation("logicalXor", (a, b) => Number((a !== 0) !== (b !== 0)), "bool"),
];

/** What two bools give is a bool; PyTorch has no difference and no remainder of them, and a quotient of floats. */
const ofBools = operations.filter(({ name }) => name !== "sub" && name !== "div");

/** The message of these names the operation that they are made of. */
const calledOtherwise: Record<string, string> = { logicalAnd: "And", logicalOr: "Or", logicalXor: "Xor" };

function typed(shape: Shape, dtype: DType, draw: Draw): Plain {
  return numbers(shape, draw, dtype === "uint8" || dtype === "bool" ? 0 : -4, dtype === "bool" ? 1 : 4);
}

properties("broadcasting", (holds) => {
  holds("of two operands", fc.tuple(shapes(0, 5), seeds), ([shape, seed]) => {
    const draw = drawFrom(seed);
    const { name, apply, plain, result } = pick(operations, draw);
    const [ta, tb] = [pick(types, draw), pick(types, draw)];
    const [a, b] = [typed(partner(shape, draw), ta, draw), typed(partner(shape, draw), tb, draw)];
    const to = common([a.shape, b.shape]);
    if (to === null) {
      refused(() => apply(tensorOf(a, ta), tensorOf(b, tb)), calledOtherwise[name] ?? name);
      return [];
    }
    const highest = types[Math.max(types.indexOf(ta), types.indexOf(tb))] as DType;
    const isFloat = highest === "float32" || highest === "float64";
    const dtype: DType = result === "bool" ? "bool" : result === "float" && !isFloat ? "float32" : highest;
    const want = fromCoordinates(to, (i) => rounded[dtype](plain(at(a, i), at(b, i))));
    return [{ got: apply(tensorOf(a, ta), tensorOf(b, tb)), want, dtype }];
  });

  holds("of two bools", fc.tuple(shapes(0, 5), seeds), ([shape, seed]) => {
    const draw = drawFrom(seed);
    const { apply, plain } = pick(ofBools, draw);
    const a = typed(shape, "bool", draw);
    const b = typed(
      shape.map((s) => (draw(3) === 0 ? 1 : s)),
      "bool",
      draw,
    );
    const want = fromCoordinates(shape, (i) => rounded.bool(plain(at(a, i), at(b, i))));
    return [{ got: apply(tensorOf(a, "bool"), tensorOf(b, "bool")), want, dtype: "bool" }];
  });

  holds("of a condition and two operands", fc.tuple(shapes(0, 4), seeds), ([shape, seed]) => {
    const draw = drawFrom(seed);
    const [c, a, b] = [
      numbers(partner(shape, draw), draw, 0, 1),
      numbers(partner(shape, draw), draw),
      numbers(partner(shape, draw), draw),
    ];
    const call = (): Tensor => where(tensorOf(c, "bool"), tensorOf(a), tensorOf(b));
    const to = common([c.shape, a.shape, b.shape]);
    if (to === null) {
      refused(call, "where");
      return [];
    }
    return [{ got: call(), want: fromCoordinates(to, (i) => (at(c, i) === 1 ? at(a, i) : at(b, i))) }];
  });
});
