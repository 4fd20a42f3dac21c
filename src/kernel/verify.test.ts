import { describe, expect, it } from "vitest";
import {
  add,
  address,
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
  prefetch,
  select,
  set,
  shuffle,
  splat,
  store,
  unary,
  use,
  when,
} from "./build.ts";
import type { BufferDecl, Expr, Kernel, Local, Stmt } from "./ir.ts";
import type { Place, Program } from "./program.ts";
import { buffer, elementwise, kernelOf, programOf } from "./run-kernel.test-helper.ts";
import { verifyKernel, verifyProgram } from "./verify.ts";

const locals = new Locals();
const chunk = locals.local("chunk", "i32");
const x = locals.local("x", "f32");
const v = locals.local("v", "f32", 4);
const i = locals.local("i", "i32");
const sum = locals.variable("sum", "f32");
const p = locals.variable("p", "ptr");
const f = (value: number, lanes = 1): Expr => constant(value, "f32", lanes);

const buffers: readonly BufferDecl[] = [
  buffer("float32", 8),
  buffer("float32", 8, "write"),
  buffer("int32", 8, "readwrite"),
  buffer("float64", 8),
];
const kernel = (...body: readonly Stmt[]): Kernel => kernelOf(buffers, body, chunk);
/** A kernel whose only statement evaluates `e`. */
const evaluating = (e: Expr): Kernel => {
  const local: Local = { id: 99, name: "e", type: e.type, lanes: e.lanes, mutable: false };
  return kernel(define(local, e));
};

describe("verifyKernel", () => {
  it("accepts what is well formed", () => {
    const fine = kernel(
      define(sum, f(0)),
      define(p, address(0, int(0))),
      loop(i, int(0), int(8), 4, [
        define(v, loadAt(use(p), "float32", use(i), 4)),
        set(sum, add(use(sum), extract(use(v), 3))),
        store(1, use(i), use(v)),
      ]),
      when(compare("lt", use(sum), f(1)), [define(x, f(NaN)), store(1, int(0), use(x))]),
      store(2, use(chunk), add(load(2, "int32", int(0)), cast(use(sum), "i32"))),
    );
    expect(() => verifyKernel(fine)).not.toThrow();
  });

  const odd = (e: Expr, change: object): Expr => ({ ...e, ...change }) as Expr;
  const bad: readonly (readonly [string, Kernel, string])[] = [
    [
      "types of operands",
      evaluating(odd(add(f(1), f(2)), { b: int(2) })),
      "first argument of add is f32, but the second is i32",
    ],
    [
      "lanes of operands",
      evaluating(odd(add(f(1), f(2)), { a: f(1, 4) })),
      "first argument of add is f32x4, but the second is f32",
    ],
    [
      "result type",
      evaluating(odd(add(f(1), f(2)), { type: "f64" })),
      "add is f64, but its first argument is f32",
    ],
    ["domain", evaluating(unary("exp", int(1))), "exp does not take i32, only f32, f64"],
    [
      "order of masks",
      evaluating(compare("lt", constant(1, "bool"), constant(0, "bool"))),
      "lt does not take bool",
    ],
    ["fma lanes", evaluating(fma(f(1), f(1), f(1, 4))), "fma is f32x4, but one of its arguments is f32"],
    ["select condition", evaluating(select(int(1), f(1), f(2))), "select's condition is i32, not bool"],
    ["let type", kernel(define(x, int(1))), "body[0] (let): value is i32, but local x is f32"],
    ["undefined local", kernel(store(1, int(0), use(x))), "body[0] (store): local x (id 1) is not defined"],
    ["own definition", kernel(define(x, use(x))), "local x (id 1) is not defined"],
    [
      "scope of a block",
      kernel(when(constant(1, "bool"), [define(x, f(1))]), store(1, int(0), use(x))),
      "local x (id 1) is out of scope",
    ],
    [
      "scope of a loop",
      kernel(loop(i, int(0), int(1), 1, []), store(2, use(i), int(0))),
      "local i (id 3) is out of scope",
    ],
    [
      "nested statement",
      kernel(loop(i, int(0), int(1), 1, [set(sum, f(1))])),
      "body[0].body[0] (set): local sum (id 4) is not defined",
    ],
    ["set of immutable", kernel(define(x, f(1)), set(x, f(2))), "local x is immutable"],
    ["set of loop variable", kernel(loop(i, int(0), int(1), 1, [set(i, int(1))])), "local i is immutable"],
    [
      "use as another local",
      kernel(define(x, f(1)), store(1, int(0), use({ ...x, mutable: true }))),
      'local x is used with another "mutable"',
    ],
    [
      "declared twice",
      kernel(define(x, f(1)), define(x, f(1))),
      "local x has id 1, which local x has already",
    ],
    ["step", kernel(loop(i, int(0), int(1), 0, [])), "step is 0, not a positive integer"],
    ["loop bound", kernel(loop(i, f(0), int(1), 1, [])), "start is f32, not i32"],
    ["if condition", kernel(when(int(1), [])), "condition is i32, not bool"],
    ["buffer index", evaluating(load(4, "float32", int(0))), "buffer 4 of 4 does not exist"],
    [
      "prefetch to write what is read",
      kernel(prefetch(0, int(0), "write")),
      'stores to buffer 0, which is declared "read"',
    ],
    ["prefetch at a float", kernel(prefetch(0, f(1), "read")), "index is f32, not i32"],
    ["store to read", kernel(store(0, int(0), f(1))), 'stores to buffer 0, which is declared "read"'],
    ["load of write", evaluating(load(1, "float32", int(0))), 'reads buffer 1, which is declared "write"'],
    ["load type", evaluating(load(2, "float32", int(0))), "loads buffer 2 of int32 as f32, not i32"],
    ["store type", kernel(store(1, int(0), int(1))), "stores to buffer 1 of float32 as i32, not f32"],
    ["vector index", evaluating(load(0, "float32", iota(4))), "load index is i32x4, not i32"],
    ["i32 constant", evaluating(int(2 ** 31)), "constant 2147483648 does not fit i32"],
    ["i32 fraction", evaluating(int(0.5)), "constant 0.5 does not fit i32"],
    ["f32 constant", evaluating(f(1e39)), "constant 1e+39 does not fit f32"],
    ["bool constant", evaluating(constant(2, "bool")), "constant 2 does not fit bool"],
    ["bitcast", evaluating(bitcast(constant(1, "f64"), "i32")), "bitcast of f64 to i32, not of 32 bits"],
    ["splat of a vector", evaluating(odd(splat(use(x), 4), { a: f(1, 4) })), "splat of f32x4 is f32"],
    ["extract", evaluating(extract(f(1, 4), 4)), "extract of lane 4 from f32x4"],
    [
      "shuffle beyond both",
      evaluating(shuffle(f(1, 4), f(2, 4), [0, 4, 8, 1])),
      "shuffle of two vectors of 4 lanes picks 0, 4, 8, 1",
    ],
    ["short shuffle", evaluating(shuffle(f(1, 4), f(2, 4), [0, 4])), "of 4 lanes picks 0, 4"],
    ["address of write", kernel(define(p, address(1, int(0)))), 'reads buffer 1, which is declared "write"'],
    [
      "pointer type",
      evaluating(loadAt(address(0, int(0)), "int32", int(0))),
      "pointer to float32 used as a pointer to int32",
    ],
    [
      "pointer moved",
      kernel(define(p, address(0, int(0))), set(p, address(2, int(0)))),
      "pointer to int32 used as a pointer to float32",
    ],
    [
      "loadAt without pointer",
      evaluating(loadAt(int(0), "float32", int(0))),
      "loadAt goes through i32, not a ptr",
    ],
    ["pointer arithmetic", evaluating(cast(address(0, int(0)), "i32")), "cast of ptr to i32"],
    ["chunks", { ...kernel(), chunks: 0 }, "chunks is 0, not a positive integer"],
    ["buffer size", kernelOf([buffer("float32", 1.5)], [], chunk), "buffer 0 has size 1.5"],
  ];

  it.each(bad)("%s", (_, wrong, message) => {
    expect(() => verifyKernel(wrong)).toThrow(message);
    expect(() => verifyKernel(wrong)).toThrow('kernel "test", ');
  });

  it("takes time linear in shared expressions", () => {
    let e = load(0, "float32", int(0));
    for (let n = 0; n < 60; n++) e = add(e, e);
    expect(() => verifyKernel(evaluating(e))).not.toThrow();
  });
});

describe("verifyProgram", () => {
  const copy = elementwise(["float32"], "float32", 16, 4, (a) => a);
  const arena = (byteOffset: number): Place => ({ kind: "arena", byteOffset });
  const slot = (n: number): Place => ({ kind: "slot", slot: n });
  const staged = (...calls: readonly (readonly Place[])[]): Program => ({
    ...programOf(copy),
    arenaBytes: 256,
    stages: [{ calls: calls.map((places) => ({ kernel: 0, places })) }],
  });

  it("accepts calls that only share what they read", () => {
    expect(() =>
      verifyProgram(staged([slot(0), arena(0)], [slot(0), arena(64)], [slot(0), slot(1)])),
    ).not.toThrow();
  });

  /** The second call of the first stage fills up what the first one writes. */
  const filled = (...calls: readonly (readonly Place[])[]): Program => ({
    ...staged(...calls),
    stages: [
      {
        calls: calls.map((places, i) => ({ kernel: 0, places, ...(i === 1 && { fillsUp: true as const }) })),
      },
    ],
  });

  it("accepts a call that fills up what another one writes", () => {
    expect(() => verifyProgram(filled([slot(0), arena(64)], [slot(1), arena(64)]))).not.toThrow();
  });

  const bad: readonly (readonly [string, Program, string])[] = [
    [
      "kernel",
      { ...staged(), stages: [{ calls: [{ kernel: 1, places: [] }] }] },
      "stage 0, call 0: kernel 1 of 1 does not exist",
    ],
    ["places", staged([slot(0)]), "1 places for 2 buffers"],
    ["missing slot", staged([slot(2), slot(1)]), "buffer 0 is float32[16], but slot 2 is missing"],
    [
      "slot size",
      { ...staged([slot(0), slot(1)]), slots: [{ dtype: "float32", size: 15 }] },
      "but slot 0 is float32[15]",
    ],
    [
      "slot dtype",
      { ...staged([slot(0), slot(1)]), slots: [{ dtype: "int32", size: 16 }] },
      "but slot 0 is int32[16]",
    ],
    ["alignment", staged([slot(0), arena(32)]), "buffer 1 lies at byte 32, not a multiple of 64"],
    ["arena end", staged([slot(0), arena(256)]), "buffer 1 takes bytes 256 to 320 of an arena of 256"],
    [
      "both write",
      staged([slot(0), arena(0)], [slot(0), arena(0)]),
      'call 0 ("test") writes its buffer 1, which overlaps buffer 1 of call 1',
    ],
    [
      "one reads",
      staged([slot(0), arena(0)], [arena(0), slot(1)]),
      'call 0 ("test") writes its buffer 1, which overlaps buffer 0 of call 1',
    ],
    [
      "fills up what is read",
      filled([arena(64), arena(0)], [slot(0), arena(64)]),
      "overlaps buffer 0 of call 0",
    ],
    ["fills up beside", filled([slot(0), arena(0)], [arena(0), arena(64)]), "overlaps buffer 0 of call 1"],
    ["same slot", staged([slot(0), slot(1)], [slot(1), arena(0)]), "overlaps buffer 0 of call 1"],
    ["within a call", staged([arena(0), arena(0)]), "overlaps buffer 0 of call 0"],
  ];

  it.each(bad)("%s", (_, wrong, message) => {
    expect(() => verifyProgram(wrong)).toThrow(message);
  });

  describe("of scratch memory", () => {
    const declared = [
      buffer("float32", 16),
      buffer("float32", 16, "scratch"),
      buffer("float32", 16, "scratch"),
    ];
    const store16 = store(1, int(0), load(0, "float32", int(0)));
    const user = kernelOf(declared, [store16], chunk);
    const scratch = (byteOffset: number): Place => ({ kind: "scratch", byteOffset });
    const calling = (...calls: readonly (readonly Place[])[]): Program => ({
      ...programOf(user),
      stages: [{ calls: calls.map((places) => ({ kernel: 0, places })) }],
      arenaBytes: 128,
      scratchBytes: 128,
    });

    it("accepts two buffers side by side, and the same memory in the next call of a stage", () => {
      const places = [slot(0), scratch(0), scratch(64)];
      expect(() => verifyProgram(calling(places, places))).not.toThrow();
    });

    it.each([
      ["one buffer over another", [slot(0), scratch(0), scratch(0)], "overlaps buffer 2 of call 0"],
      ["alignment", [slot(0), scratch(0), scratch(96)], "buffer 2 lies at byte 96, not a multiple of 64"],
      ["end", [slot(0), scratch(0), scratch(128)], "buffer 2 takes bytes 128 to 192 of a scratch of 128"],
      ["scratch in the arena", [slot(0), scratch(0), arena(0)], "buffer 2, scratch, lies in the arena"],
      ["scratch in a slot", [slot(0), scratch(0), slot(2)], "buffer 2, scratch, lies in a slot"],
      ["an operand in scratch", [scratch(0), scratch(64), scratch(0)], "buffer 0, read, lies in the scratch"],
    ] as const)("%s", (_, places, message) => {
      expect(() => verifyProgram(calling(places))).toThrow(message);
    });

    it("refuses scratch memory that a program has not", () => {
      const { scratchBytes: _, ...without } = calling([slot(0), scratch(0), scratch(64)]);
      expect(() => verifyProgram(without)).toThrow("buffer 1 takes bytes 0 to 64 of a scratch of 0");
    });

    it("lets kernels read and write it", () => {
      const both = kernelOf(declared, [store16, store(2, int(0), load(1, "float32", int(0)))], chunk);
      expect(() => verifyKernel(both)).not.toThrow();
    });
  });
});
