import { describe, expect, it } from "vitest";
import {
  add,
  address,
  cast,
  compare,
  constant,
  define,
  extract,
  int,
  iota,
  Locals,
  load,
  loadAt,
  loop,
  mul,
  select,
  set,
  splat,
  store,
  unary,
  use,
  when,
} from "./build.ts";
import type { Expr, Kernel, Stmt } from "./ir.ts";
import { kernelKey, printKernel, printProgram } from "./print.ts";
import { buffer, kernelOf, programOf } from "./run-kernel.test-helper.ts";

/** A kernel with one of nearly everything; ids start at `firstId`. */
function sample(firstId = 0, name = "sample"): Kernel {
  const locals = new Locals(firstId);
  const chunk = locals.local("chunk", "i32");
  const i = locals.local("i", "i32");
  const row = locals.local("row", "ptr");
  const acc = locals.variable("acc", "f32", 4);
  const body: Stmt[] = [
    define(row, address(0, mul(use(chunk), int(8)))),
    define(acc, constant(-0, "f32", 4)),
    loop(i, int(0), int(8), 4, [
      set(acc, add(use(acc), unary("exp", loadAt(use(row), "float32", use(i), 4)))),
    ]),
    when(
      compare("lt", extract(use(acc), 0), constant(0.5, "f32")),
      [store(1, mul(use(chunk), int(4)), use(acc))],
      [
        store(
          1,
          mul(use(chunk), int(4)),
          select(compare("eq", iota(4), int(2)), use(acc), splat(load(0, "float32", int(0)), 4)),
        ),
      ],
    ),
  ];
  return {
    ...kernelOf([buffer("float32", 16), buffer("float32", 8, "write")], body, chunk, 2, name),
    flops: 48,
  };
}

const listing = `kernel sample: 2 chunks, 48 flops
  b0: read float32[16]
  b1: write float32[8]
  chunk chunk.0
  let row.1: ptr = &b0[(chunk.0 * 8)]
  var acc.2: f32x4 = f32x4(-0)
  loop i.3 in 0..8 step 4
    acc.2 = (acc.2 + exp(row.1.float32[i.3:4]))
  if (acc.2.0 < f32(0.5))
    b1[(chunk.0 * 4):4] = acc.2
  else
    b1[(chunk.0 * 4):4] = select((iota4 == i32x4(2)), acc.2, splat4(b0[0]))`;

describe("printKernel", () => {
  it("lists a kernel", () => {
    expect(printKernel(sample())).toBe(listing);
    expect(printKernel(sample(70))).toBe(listing);
  });
});

describe("printProgram", () => {
  it("lists slots, stages, calls and kernels", () => {
    const program = programOf(sample());
    const places = [
      { kind: "slot", slot: 0 },
      { kind: "arena", byteOffset: 64 },
    ] as const;
    expect(printProgram({ ...program, arenaBytes: 128, stages: [{ calls: [{ kernel: 0, places }] }] })).toBe(
      `program: arena of 128 bytes
  slot 0: float32[16]
  slot 1: float32[8]
  stage 0
    0 sample(slot 0, arena+64)

0 ${listing}`,
    );
  });

  it("lists scratch memory", () => {
    const chunk = new Locals().local("chunk", "i32");
    const body = [store(0, int(0), constant(1, "f32"))];
    const kernel = kernelOf([buffer("float32", 16, "scratch")], body, chunk);
    const calls = [{ kernel: 0, places: [{ kind: "scratch", byteOffset: 64 } as const] }];
    const program = { kernels: [kernel], stages: [{ calls }], slots: [], arenaBytes: 256, scratchBytes: 128 };
    expect(printProgram(program)).toBe(`program: arena of 256 bytes, scratch of 128 for each thread
  stage 0
    0 test(scratch+64)

0 kernel test: 1 chunks, 0 flops
  b0: scratch float32[16]
  chunk chunk.0
  b0[0] = f32(1)`);
  });
});

describe("kernelKey", () => {
  const keyOf = (e: Expr): string => {
    const chunk = new Locals().local("chunk", "i32");
    return kernelKey(
      kernelOf([buffer("float32", 8), buffer("float32", 8, "write")], [store(1, int(0), e)], chunk),
    );
  };

  it("ignores names, ids and flops", () => {
    expect(kernelKey({ ...sample(30, "other"), flops: 1 })).toBe(kernelKey(sample()));
  });

  it("tells apart whatever changes code", () => {
    const f = (value: number, lanes = 1): Expr => constant(value, "f32", lanes);
    const base = sample();
    const keys = [
      kernelKey(base),
      kernelKey({ ...base, chunks: 3 }),
      kernelKey({ ...base, buffers: [buffer("float32", 17), buffer("float32", 8, "write")] }),
      kernelKey({ ...base, buffers: [buffer("float32", 16), buffer("float32", 8, "readwrite")] }),
      kernelKey({ ...base, buffers: [buffer("float32", 16), buffer("float32", 8, "scratch")] }),
      kernelKey({ ...base, body: base.body.slice(0, 3) }),
      keyOf(f(0)),
      keyOf(f(-0)),
      keyOf(f(0, 4)),
      keyOf(constant(0, "f64")),
      keyOf(int(0)),
      keyOf(f(NaN)),
      keyOf(constant(0, "bool")),
      keyOf(cast(int(0), "f32")),
      keyOf(splat(cast(int(0), "f32"), 4)),
      keyOf(load(0, "float32", int(0))),
      keyOf(load(0, "float32", int(0), 4)),
      keyOf(load(1, "float32", int(0))),
      keyOf(add(f(1), add(f(2), f(3)))),
      keyOf(add(add(f(1), f(2)), f(3))),
      keyOf(add(f(2), f(1))),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
