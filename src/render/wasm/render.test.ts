import { describe, expect, test } from "vitest";
import { byteSize, type DType } from "../../base/dtype.ts";
import { binaryFns, compareFns, unaryFns } from "../../base/scalar.ts";
import {
  add,
  address,
  binary,
  bitcast,
  cast,
  compare,
  constant,
  extract,
  fma,
  int,
  iota,
  Locals,
  load,
  loadAt,
  loop,
  pack,
  select,
  splat,
  store,
  sub,
  unary,
  use,
  when,
} from "../../kernel/build.ts";
import { type Expr, valueTypeOf } from "../../kernel/ir.ts";
import { binaryDomain, compareDomain, unaryDomain } from "../../kernel/scalar-math.ts";
import { buffer, expectSame, programOf, runWasm } from "./render.test-helper.ts";
import { renderWasm } from "./render.ts";

type Element = "f32" | "f64" | "i32" | "bool";

const dtypeOf: Record<Element, DType> = { f32: "float32", f64: "float64", i32: "int32", bool: "bool" };

const floats = [
  0,
  -0,
  0.3,
  -0.3,
  0.5,
  -0.5,
  1,
  -1,
  1.5,
  2.5,
  -2.5,
  3,
  -3.7,
  7.25,
  100.5,
  -1234.5,
  1e-3,
  5e8,
  -5e8,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  10,
  -10,
];
const ints = [0, 1, -1, 2, -2, 3, -3, 7, -7, 31, 100, -100, 65535, 0x12345678, 2 ** 31 - 1, -(2 ** 31)];
/** sin and cos are accurate up to here, as their expansion says. */
const isModerate = (x: number): boolean => !(Math.abs(x) > 8192) || x === Number.POSITIVE_INFINITY;
const samples: Record<Element, number[]> = { f32: floats, f64: floats, i32: ints, bool: [0, 1, 1, 0] };

/** Lane counts that WebAssembly has for a type. */
const lanesOf = (type: Element): number[] => (type === "f64" ? [1] : [1, 4]);

/** Stores `make(i)` to elements i, i + lanes, ... below `count` of buffer 0. */
function expectElementwise(
  count: number,
  lanes: number,
  output: DType,
  inputs: readonly (readonly [DType, readonly number[]])[],
  make: (index: Expr) => Expr,
  tolerance = 0,
): void {
  const locals = new Locals();
  const chunk = locals.local("chunk", "i32");
  const i = locals.local("i", "i32");
  const body = [loop(i, int(0), int(count), lanes, [store(0, use(i), make(use(i)))])];
  const buffers = [
    buffer(output, count, "write"),
    ...inputs.map(([dtype, values]) => buffer(dtype, values.length)),
  ];
  expectSame(programOf(buffers, chunk, body), [undefined, ...inputs.map(([, values]) => values)], tolerance);
}

/** Every pair of two lists. */
function pairsOf(list: readonly number[]): [number[], number[]] {
  return [list.flatMap((a) => list.map(() => a)), list.flatMap(() => list)];
}

describe("scalar functions", () => {
  for (const fn of unaryFns) {
    for (const type of unaryDomain[fn]) {
      test.each(lanesOf(type))(`${fn} of ${type}, %i lanes`, (lanes) => {
        const periodic = type === "f32" && (fn === "sin" || fn === "cos");
        const values = periodic ? samples[type].filter(isModerate).slice(0, 20) : samples[type];
        expectElementwise(
          values.length,
          lanes,
          dtypeOf[type],
          [[dtypeOf[type], values]],
          (index) => unary(fn, load(1, dtypeOf[type], index, lanes)),
          type === "f32" ? 1e-6 : 0,
        );
      });
    }
  }

  for (const fn of binaryFns) {
    for (const type of binaryDomain[fn]) {
      test.each(lanesOf(type))(`${fn} of ${type}, %i lanes`, (lanes) => {
        const divides = fn === "idiv" || fn === "mod";
        // A quotient that rounds to a whole number is beyond the formula of the f64 remainder.
        const inputs =
          fn === "fmod" ? samples[type].filter((x) => x % 0.25 === 0 || !Number.isFinite(x)) : samples[type];
        const [a, b] = pairsOf(inputs);
        const divisors = divides ? b.map((x) => (x === 0 ? 5 : x)) : b;
        const dtype = dtypeOf[type];
        // pow of f32 is an expansion.
        const tolerance = fn === "pow" && type === "f32" ? 1e-6 : 0;
        expectElementwise(
          a.length,
          lanes,
          dtype,
          [
            [dtype, a],
            [dtype, divisors],
          ],
          (index) => binary(fn, load(1, dtype, index, lanes), load(2, dtype, index, lanes)),
          tolerance,
        );
      });
    }
  }

  for (const fn of compareFns) {
    for (const type of compareDomain[fn]) {
      test.each(lanesOf(type as Element))(`${fn} of ${type}, %i lanes`, (lanes) => {
        const [a, b] = pairsOf(samples[type as Element]);
        const dtype = dtypeOf[type as Element];
        expectElementwise(
          a.length,
          lanes,
          "bool",
          [
            [dtype, a],
            [dtype, b],
          ],
          (index) => compare(fn, load(1, dtype, index, lanes), load(2, dtype, index, lanes)),
        );
      });
    }
  }

  test.each(["idiv", "mod"] as const)("%s by a constant", (fn) => {
    for (const divisor of [1, 2, 3, 8, 10, -1, -4, -7]) {
      for (const lanes of [1, 4]) {
        expectElementwise(ints.length, lanes, "int32", [["int32", ints]], (index) =>
          binary(fn, load(1, "int32", index, lanes), constant(divisor, "i32", lanes)),
        );
        expectElementwise(ints.length, lanes, "int32", [["int32", ints]], (index) =>
          splat(binary(fn, add(index, int(100)), int(divisor)), lanes),
        );
      }
    }
  });

  test("integer division never traps", () => {
    const locals = new Locals();
    const chunk = locals.local("chunk", "i32");
    const quotient = binary("idiv", load(1, "int32", int(0)), load(1, "int32", int(1)));
    const rest = binary("mod", load(1, "int32", int(0)), load(1, "int32", int(1)));
    const buffers = [buffer("int32", 2, "write"), buffer("int32", 2)];
    const program = programOf(buffers, chunk, [store(0, int(0), quotient), store(0, int(1), rest)]);
    for (const [a, b] of [
      [7, 0],
      [-(2 ** 31), -1],
    ] as const) {
      const [out] = runWasm(program, [undefined, [a, b]], { shared: false, relaxed: false });
      expect([...(out ?? [])]).toEqual([b === 0 ? 0 : -(2 ** 31), b === 0 ? 7 - 7 : 0]);
    }
  });

  test("shift of a vector by one count", () => {
    for (const fn of ["shl", "shr"] as const) {
      expectElementwise(ints.length, 4, "int32", [["int32", ints]], (index) =>
        binary(fn, load(1, "int32", index, 4), splat(load(1, "int32", int(5)), 4)),
      );
      expectElementwise(ints.length, 4, "int32", [["int32", ints]], (index) =>
        binary(fn, load(1, "int32", index, 4), constant(13, "i32", 4)),
      );
    }
  });
});

describe("expressions", () => {
  const types: readonly Element[] = ["f32", "f64", "i32", "bool"];
  const casts = types.flatMap((from) => types.map((to) => [from, to] as const));
  test.each(casts)("cast %s to %s", (from, to) => {
    for (const lanes of lanesOf(from).filter((n) => lanesOf(to).includes(n))) {
      const values = [...samples[from], 3e9, -3e9, 1e20, 0.99].slice(0, from === "bool" ? 4 : undefined);
      expectElementwise(values.length, lanes, dtypeOf[to], [[dtypeOf[from], values]], (index) =>
        cast(load(1, dtypeOf[from], index, lanes), to),
      );
    }
  });

  test.each([1, 4])("bitcast, %i lanes", (lanes) => {
    const numbers = floats.filter((x) => !Number.isNaN(x));
    expectElementwise(numbers.length - 3, lanes, "int32", [["float32", numbers]], (index) =>
      bitcast(load(1, "float32", index, lanes), "i32"),
    );
    expectElementwise(ints.length, lanes, "float32", [["int32", ints]], (index) =>
      bitcast(load(1, "int32", index, lanes), "f32"),
    );
  });

  test.each(types)("select of %s", (type) => {
    const values = samples[type];
    const mask = values.map((_, i) => (i % 3 === 0 ? 1 : 0));
    const dtype = dtypeOf[type];
    const inputs = [
      ["bool", mask],
      [dtype, values],
      [dtype, [...values].reverse()],
    ] as const;
    for (const lanes of lanesOf(type)) {
      const choose = (index: Expr, condition: Expr): Expr =>
        select(condition, load(2, dtype, index, lanes), load(3, dtype, index, lanes));
      expectElementwise(values.length, lanes, dtype, inputs, (i) => choose(i, load(1, "bool", i, lanes)));
      expectElementwise(values.length, lanes, dtype, inputs, (i) => choose(i, load(1, "bool", i)));
    }
  });

  test.each(["f32", "i32", "bool"] as const)("splat, pack, extract and iota of %s", (type) => {
    const values = samples[type];
    const dtype = dtypeOf[type];
    const from = (index: Expr): Expr => load(1, dtype, index);
    expectElementwise(values.length, 4, dtype, [[dtype, values]], (i) => splat(from(i), 4));
    expectElementwise(values.length, 4, dtype, [[dtype, values]], (i) =>
      splat(extract(load(1, dtype, i, 4), 2), 4),
    );
    expectElementwise(values.length, 4, dtype, [[dtype, values]], (i) =>
      pack([from(add(i, int(3))), from(i), constant(1, type), extract(load(1, dtype, i, 4), 1)]),
    );
    expectElementwise(8, 4, "int32", [], (i) => add(splat(i, 4), iota(4)));
  });

  test("constants of every register", () => {
    for (const type of types) {
      for (const lanes of lanesOf(type)) {
        const values = type === "bool" ? [0, 1] : type === "i32" ? ints : floats;
        for (const value of values) {
          expectElementwise(4, lanes, dtypeOf[type], [], () => constant(value, type, lanes));
        }
      }
    }
  });

  test.each(["f32", "f64", "i32"] as const)("multiply-add of %s", (type) => {
    const values = [1.5, -2, 3.25, 100, 0.1, -7, 12, 9].map((x) => (type === "i32" ? Math.trunc(x) : x));
    const dtype = dtypeOf[type];
    for (const lanes of lanesOf(type)) {
      const at = (index: Expr): Expr => load(1, dtype, index, lanes);
      expectElementwise(8, lanes, dtype, [[dtype, values]], (i) => fma(at(i), at(i), at(i)), 1e-6);
    }
  });

  test.each(["float32", "float64", "int32", "uint8", "bool"] as const)("memory of %s", (dtype) => {
    const type = valueTypeOf(dtype) as Element;
    const values = dtype === "uint8" ? [0, 1, 127, 128, 255, 7, 200, 33] : samples[type].slice(0, 8);
    for (const lanes of lanesOf(type)) {
      const count = values.length;
      expectElementwise(count, lanes, dtype, [[dtype, values]], (i) => load(1, dtype, i, lanes));
      expectElementwise(count, lanes, dtype, [[dtype, values]], (i) =>
        loadAt(address(1, int(1)), dtype, sub(i, int(1)), lanes),
      );
    }
  });

  test("an integer stored to uint8 keeps its low byte", () => {
    for (const lanes of [1, 4]) {
      expectElementwise(ints.length, lanes, "uint8", [["int32", ints]], (i) => load(1, "int32", i, lanes));
    }
  });
});

describe("the module", () => {
  const locals = new Locals();
  const chunk = locals.local("chunk", "i32");
  const one = (dtype: DType, fn: "exp" | "sqrt") =>
    programOf([buffer(dtype, 8, "readwrite")], chunk, [store(0, int(0), unary(fn, load(0, dtype, int(0))))]);

  test("imports only the functions that it calls", () => {
    const options = { shared: false, relaxed: false };
    expect(renderWasm(one("float64", "exp"), options).mathImports).toEqual(["exp"]);
    expect(renderWasm(one("float64", "sqrt"), options).mathImports).toEqual([]);
    expect(renderWasm(one("float32", "exp"), options).mathImports).toEqual([]);
  });

  test("is the same for the same program", () => {
    const render = () => renderWasm(one("float64", "exp"), { shared: true, relaxed: true }).bytes;
    expect(render()).toEqual(render());
  });

  test("refuses vectors that do not exist", () => {
    for (const [dtype, lanes] of [
      ["float32", 8],
      ["float64", 2],
    ] as const) {
      const value = load(0, dtype, int(0), lanes);
      const program = programOf([buffer(dtype, 8, "readwrite")], chunk, [store(0, int(0), value)]);
      expect(() => renderWasm(program, { shared: false, relaxed: false })).toThrow(
        /lanes of f(32|64) does not exist/,
      );
    }
  });

  test("an address beyond 2^27 elements needs no more than the offset field", () => {
    expect(byteSize("float32") * 2 ** 27).toBeLessThan(2 ** 31);
    const program = programOf([buffer("float32", 8, "readwrite")], chunk, [
      when(constant(0, "bool"), [store(0, int(2 ** 27), constant(1, "f32"))]),
    ]);
    expect(
      WebAssembly.validate(renderWasm(program, { shared: false, relaxed: false }).bytes as BufferSource),
    ).toBe(true);
  });
});
