import { describe, expect, it } from "vitest";
import type { BinaryFn } from "../base/scalar.ts";
import {
  add,
  address,
  binary,
  bitcast,
  cast,
  compare,
  constant,
  define,
  extract,
  fma,
  int,
  iota,
  Locals,
  load,
  loadAt,
  loop,
  mul,
  pack,
  select,
  set,
  splat,
  store,
  unary,
  use,
  when,
} from "./build.ts";
import { interpret } from "./interpreter.ts";
import type { Expr, Kernel } from "./ir.ts";
import { launchBytes, type Program } from "./program.ts";
import { buffer, elementwise, kernelOf, runElementwise, runKernel } from "./run-kernel.test-helper.ts";
import { erf, roundHalfEven } from "./scalar-math.ts";
import { verifyProgram } from "./verify.ts";

describe("arithmetic", () => {
  it("rounds f32 after every operation and leaves f64 alone", () => {
    const sum = (dtype: "float32" | "float64"): number[] =>
      runElementwise(
        [
          [dtype, [0.1]],
          [dtype, [0.2]],
        ],
        dtype,
        1,
        (a, b) => add(a, b),
      );
    expect(sum("float32")).toEqual([Math.fround(Math.fround(0.1) + Math.fround(0.2))]);
    expect(sum("float64")).toEqual([0.1 + 0.2]);
  });

  it("rounds fma once", () => {
    const a = Math.fround(1 + 2 ** -12);
    const result = runElementwise([["float32", [a]]], "float32", 1, (x) => fma(x, x, constant(-1, "f32")));
    expect(result).toEqual([2 ** -11 + 2 ** -24]);
  });

  it("wraps i32 around", () => {
    const a = [2147483647, -2147483648, -7, 7, 1 << 30];
    const b = [1, -1, 2, -2, 4];
    // Lanes past the samples hold zeros, by which one cannot divide.
    const divisor = (y: Expr): Expr => select(compare("eq", y, int(0)), int(1), y);
    const run = (fn: BinaryFn): number[] =>
      runElementwise(
        [
          ["int32", a],
          ["int32", b],
        ],
        "int32",
        4,
        (x, y) => binary(fn, x, divisor(y)),
      );
    expect(run("add")).toEqual([-2147483648, 2147483647, -5, 5, (1 << 30) + 4]);
    expect(run("mul")).toEqual([2147483647, -2147483648, -14, -14, 0]);
    expect(run("idiv")).toEqual([2147483647, -2147483648, -4, -4, 1 << 28]);
    expect(run("mod")).toEqual([0, 0, 1, -1, 0]);
    expect(run("mulhi")).toEqual([0, 2147483647, 1, 6, 1]);
    expect(run("shl")).toEqual([-2, 0, -28, -1073741824, 0]);
    expect(run("shr")).toEqual([1073741823, 1, 1073741822, 0, 1 << 26]);
  });

  it("takes fmod's sign from the divisor and hands NaN through max and min", () => {
    const a = [5.5, -5.5, 5.5, -1, NaN, 1];
    const b = [2, 2, -2, Infinity, 1, NaN];
    const run = (fn: BinaryFn): number[] =>
      runElementwise(
        [
          ["float32", a],
          ["float32", b],
        ],
        "float32",
        1,
        (x, y) => binary(fn, x, y),
      );
    expect(run("fmod").slice(0, 4)).toEqual([1.5, 0.5, -0.5, Infinity]);
    expect(run("max")).toEqual([5.5, 2, 5.5, Infinity, NaN, NaN]);
    expect(run("min")).toEqual([2, -5.5, -2, -1, NaN, NaN]);
  });

  it("rounds half to even and gives sign 0 for zeros", () => {
    const x = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4999, -0.2, 1e15 + 0.5, Infinity];
    expect(x.map(roundHalfEven)).toEqual([0, 2, 2, -0, -2, -2, 2, -0, 1e15, Infinity]);
    expect(runElementwise([["float64", [-3, -0, 0, NaN]]], "float64", 4, (v) => unary("sign", v))).toEqual([
      -1,
      0,
      0,
      NaN,
    ]);
  });

  it("computes erf to double precision", () => {
    // Abramowitz and Stegun, table 7.1, and high-precision values.
    expect(erf(0.5)).toBeCloseTo(0.5204998778130465, 15);
    expect(erf(-1)).toBeCloseTo(-0.8427007929497149, 15);
    expect(erf(2.9999999)).toBeCloseTo(erf(3.0000001), 10);
    expect(1 - erf(3.5)).toBeCloseTo(7.430983723414128e-7, 15);
    expect(erf(1e-300)).toBeCloseTo(1.1283791670955126e-300, 310);
    expect([erf(7), erf(-Infinity), erf(NaN)]).toEqual([1, -1, NaN]);
  });
});

describe("division of integers", () => {
  it("by zero gives 0, without a trap", () => {
    for (const fn of ["idiv", "mod"] as const) {
      const inputs: Parameters<typeof runElementwise>[0] = [
        ["int32", [7, -7]],
        ["int32", [0, 0]],
      ];
      expect([...runElementwise(inputs, "int32", 2, (x, y) => binary(fn, x, y))]).toEqual([0, 0]);
    }
  });
});

describe("conversions", () => {
  it("casts as declared", () => {
    const x = [1.9, -1.9, 3e9, -3e9, NaN, 0];
    expect(runElementwise([["float32", x]], "int32", 4, (v) => cast(v, "i32"))).toEqual([
      1, -1, 2147483647, -2147483648, 0, 0,
    ]);
    expect(runElementwise([["float32", x]], "bool", 1, (v) => cast(v, "bool"))).toEqual([1, 1, 1, 1, 1, 0]);
    expect(runElementwise([["bool", [0, 1]]], "float32", 1, (v) => cast(unary("not", v), "f32"))).toEqual([
      1, 0,
    ]);
  });

  it("keeps the low byte in uint8 and the bits in a bitcast", () => {
    expect(runElementwise([["int32", [-1, 256, 77]]], "uint8", 1, (v) => v)).toEqual([255, 0, 77]);
    expect(runElementwise([["float32", [1, -0]]], "int32", 4, (v) => bitcast(v, "i32"))).toEqual([
      0x3f800000, -2147483648,
    ]);
  });

  it("moves lanes", () => {
    const locals = new Locals();
    const chunk = locals.local("chunk", "i32");
    const v = locals.local("v", "i32", 4);
    const body = [
      define(v, add(mul(iota(4), splat(int(10), 4)), pack([int(1), int(2), int(3), int(4)]))),
      store(0, int(0), use(v)),
      store(0, int(4), extract(use(v), 2)),
    ];
    expect([...(runKernel(kernelOf([buffer("int32", 5, "write")], body, chunk), [])[0] ?? [])]).toEqual([
      1, 12, 23, 34, 23,
    ]);
  });
});

/** out[chunk] = sum of the even chunks' or odd chunks' input, chosen by a pointer. */
function pointerKernel(): Kernel {
  const locals = new Locals();
  const chunk = locals.local("chunk", "i32");
  const even = locals.local("even", "bool");
  const pointer = locals.local("pointer", "ptr");
  const sum = locals.variable("sum", "f32");
  const i = locals.local("i", "i32");
  const body = [
    define(even, compare("eq", binary("mod", use(chunk), int(2)), int(0))),
    define(pointer, select(use(even), address(0, int(1)), address(1, int(0)))),
    define(sum, constant(0, "f32")),
    loop(i, int(0), int(3), 1, [set(sum, add(use(sum), loadAt(use(pointer), "float32", use(i))))]),
    when(use(even), [store(2, use(chunk), use(sum))], [store(2, use(chunk), unary("neg", use(sum)))]),
  ];
  return kernelOf(
    [buffer("float32", 4), buffer("float32", 3), buffer("float32", 3, "write")],
    body,
    chunk,
    3,
  );
}

describe("kernels and programs", () => {
  it("runs loops, branches, pointers and chunks", () => {
    const result = runKernel(pointerKernel(), [
      [100, 1, 2, 3],
      [10, 20, 30],
    ]);
    expect([...(result[2] ?? [])]).toEqual([6, -60, 6]);
  });

  it("names kernel, buffer and index of an access out of bounds", () => {
    const over = elementwise(["float32"], "float32", 8, 4, (x) => x);
    const short = { ...over, buffers: [buffer("float32", 6), buffer("float32", 8, "write")] };
    expect(() => runKernel(short, [])).toThrow(
      'kernel "test": load from buffer 0 of size 6 at indices 4 to 7',
    );
    const outside = { ...over, buffers: [buffer("float32", 8), buffer("float32", 4, "write")] };
    expect(() => runKernel(outside, [])).toThrow(
      'kernel "test": store to buffer 1 of size 4 at indices 4 to 7',
    );
    const pointers = {
      ...pointerKernel(),
      buffers: [buffer("float32", 3), buffer("float32", 3), buffer("float32", 3, "write")],
    };
    expect(() => runKernel(pointers, [])).toThrow("load from buffer 0 of size 3 at index 3");
  });

  it("runs stages in order, through arena and slots", () => {
    const double = elementwise(["float32"], "float32", 4, 4, (x) => add(x, x));
    const program: Program = {
      kernels: [double],
      stages: [
        {
          calls: [
            {
              kernel: 0,
              places: [
                { kind: "slot", slot: 0 },
                { kind: "arena", byteOffset: 64 },
              ],
            },
          ],
        },
        {
          calls: [
            {
              kernel: 0,
              places: [
                { kind: "arena", byteOffset: 64 },
                { kind: "slot", slot: 1 },
              ],
            },
          ],
        },
      ],
      slots: [
        { dtype: "float32", size: 4 },
        { dtype: "float32", size: 4 },
      ],
      arenaBytes: 128,
    };
    verifyProgram(program);
    const memory = new ArrayBuffer(512);
    new Float32Array(memory, 0, 4).set([1, 2, 3, 4]);
    interpret(program, memory, 128, [0, 64]);
    expect([...new Float32Array(memory, 64, 4)]).toEqual([4, 8, 12, 16]);
    expect([...new Float32Array(memory, 192, 4)]).toEqual([2, 4, 6, 8]);
  });

  it("has scratch memory behind the arena, and leaves in it what was written last", () => {
    const locals = new Locals();
    const chunk = locals.local("chunk", "i32");
    const body = [
      store(1, int(2), cast(add(use(chunk), int(1)), "f32")),
      store(0, use(chunk), mul(load(1, "float32", int(2)), constant(10, "f32"))),
    ];
    const kernel = kernelOf([buffer("float32", 3, "write"), buffer("float32", 4, "scratch")], body, chunk, 3);
    const places = [
      { kind: "slot", slot: 0 },
      { kind: "scratch", byteOffset: 64 },
    ] as const;
    const program: Program = {
      kernels: [kernel],
      stages: [{ calls: [{ kernel: 0, places }] }],
      slots: [{ dtype: "float32", size: 3 }],
      arenaBytes: 128,
      scratchBytes: 128,
    };
    verifyProgram(program);
    const arena = 64;
    const memory = new ArrayBuffer(arena + launchBytes(program, 1));
    const all = new Float32Array(memory).fill(-1);
    interpret(program, memory, arena, [0]);
    expect([...all.subarray(0, 3)]).toEqual([10, 20, 30]);
    expect(all[(arena + 128 + 64) / 4 + 2]).toBe(3);
    expect(all.filter((v) => v !== -1)).toHaveLength(4);
    const short = memory.slice(0, arena + launchBytes(program, 1) - 64);
    expect(() => interpret(program, short, arena, [0])).toThrow(
      'kernel "test": buffer 1 at byte 256 ends outside',
    );
  });
});

describe("launchBytes", () => {
  const program: Program = { kernels: [], stages: [], slots: [], arenaBytes: 192 };

  it("is the arena, and the scratch memory of each thread", () => {
    expect(launchBytes(program, 3)).toBe(192);
    expect(launchBytes({ ...program, scratchBytes: 64 }, 1)).toBe(256);
    expect(launchBytes({ ...program, scratchBytes: 64 }, 3)).toBe(384);
  });
});
