import { describe, expect, test } from "vitest";
import { findCompiler } from "../../../test/setup/neighbours.ts";
import type { TypedArray } from "../../base/dtype.ts";
import { constant, define, fma, int, Locals, load, loop, set, store, use } from "../../kernel/build.ts";
import type { Call, Place, Program } from "../../kernel/program.ts";
import { Compiler } from "../../runtime/native/compiler.ts";
import { loadPool } from "../../runtime/native/library.ts";
import { buffer, fill, layOut, programOf, type Sample } from "../render.test-helper.ts";
import { rendererSuite } from "../renderer-suite.test-helper.ts";
import { renderC } from "./render.ts";

const { missing } = findCompiler();
const machine = missing === undefined ? new Compiler().target : { lanes: 0 };

/** All programs as one: each compilation costs a tenth of a second, however small the program. */
function merged(samples: readonly Sample[]): Program {
  let slots = 0;
  const calls = samples.flatMap(({ program }, kernel) => {
    const first = slots;
    slots += program.slots.length;
    const placesOf = ({ places }: Call): Place[] =>
      places.map((place) => (place.kind === "slot" ? { kind: "slot", slot: first + place.slot } : place));
    return program.stages.flatMap((stage) => stage.calls.map((call) => ({ kernel, places: placesOf(call) })));
  });
  return {
    kernels: samples.flatMap(({ program }) => program.kernels),
    stages: [{ calls }],
    slots: samples.flatMap(({ program }) => program.slots),
    arenaBytes: 0,
    scratchBytes: Math.max(...samples.map(({ program }) => program.scratchBytes ?? 0)),
  };
}

/** Compiles and runs all samples at once; gives the slots of each. */
function runAll(samples: readonly Sample[], compiler: Compiler): Map<Sample, TypedArray[]> {
  const program = merged(samples);
  const memory = new SharedArrayBuffer(layOut(program).bytes);
  const contents = samples.flatMap((s) => s.program.slots.map((_, i) => s.contents[i]));
  const views = fill(program, contents, memory);
  const library = loadPool(compiler);
  const pool = library.pool(new Uint8Array(memory), 1);
  const code = library.load(compiler.compileSync(renderC(program).source));
  library.launch(pool, code, 0, 1);
  library.unload(code);
  library.close(pool);
  return new Map(samples.map((sample) => [sample, views.splice(0, sample.program.slots.length)]));
}

/**
 * The processor that this runs on with all vectors, and lesser ones with the vectors that a schedule makes for them:
 * what they lack must be made up for.
 */
const processors = [
  { name: "this processor", flags: undefined, lanes: [1, 4, 8, 16], needs: 0 },
  { name: "AVX2 and FMA", flags: ["-mavx2", "-mfma"], lanes: [4, 8], needs: 8 },
  { name: "SSE 4.2", flags: ["-msse4.2"], lanes: [1, 4], needs: 0 },
].filter(({ flags }) => flags === undefined || process.arch === "x64");

describe.each(processors)("on $name", ({ flags, lanes, needs }) => {
  const lacks = machine.lanes < needs ? "this processor has not the instructions" : undefined;
  rendererSuite({
    lanes,
    libraryTolerance: 1e-15,
    missing: missing ?? lacks,
    prepare: (samples) => {
      const slots = runAll(samples, new Compiler(flags));
      return (sample) => [{ how: "C", slots: slots.get(sample) ?? [] }];
    },
  });
});

describe("the text", () => {
  test("is the same for the same program", () => {
    const render = (): string => {
      const chunk = new Locals().local("chunk", "i32");
      const body = [store(0, int(1), load(0, "float32", int(0)))];
      return renderC(programOf([buffer("float32", 8, "readwrite")], chunk, body)).source;
    };
    expect(render()).toBe(render());
  });

  test("takes letters and digits of names, and nothing else", () => {
    const locals = new Locals();
    const chunk = locals.local("chunk", "i32");
    const local = locals.local("x; system(0) /*", "f32");
    const body = [define(local, load(0, "float32", int(0))), store(0, int(1), use(local))];
    const program = programOf([buffer("float32", 8, "readwrite")], chunk, body);
    const kernels = program.kernels.map((k) => ({ ...k, name: 'a"b\n#c' }));
    const { source } = renderC({ ...program, kernels });
    expect(source).toContain("void k0_abc(");
    expect(source).toContain("f32 xsystem0_");
    expect(source).not.toContain("system(");
  });

  test.each([
    ["a long sum over a tile, which is unrolled", 8, 256, true],
    ["a short one, which is not", 8, 64, false],
    ["a long one over a few sums", 4, 256, false],
  ])("has %s", (_, sums, length, isUnrolled) => {
    const locals = new Locals();
    const [chunk, k] = [locals.local("chunk", "i32"), locals.local("k", "i32")];
    const totals = Array.from({ length: sums }, () => locals.variable("c", "f32", 4));
    const row = load(0, "float32", use(k), 4);
    const body = [
      ...totals.map((c) => define(c, constant(0, "f32", 4))),
      loop(
        k,
        int(0),
        int(length),
        1,
        totals.map((c) => set(c, fma(row, row, use(c)))),
      ),
      ...totals.map((c, i) => store(0, int(4 * i), use(c))),
    ];
    const { source } = renderC(programOf([buffer("float32", length + 4, "readwrite")], chunk, body));
    expect(source.includes("#pragma GCC unroll 4\n")).toBe(isUnrolled);
  });

  test("has no vectors of float64", () => {
    const chunk = new Locals().local("chunk", "i32");
    const body = [store(0, int(0), load(0, "float64", int(0), 2))];
    expect(() => renderC(programOf([buffer("float64", 8, "readwrite")], chunk, body))).toThrow(
      /no vector of f64; schedule it with 1 lane/,
    );
  });

  test("calls kernels that exist, with all their buffers", () => {
    const chunk = new Locals().local("chunk", "i32");
    const program = programOf([buffer("float32", 8, "readwrite")], chunk, []);
    const calling = (kernel: number): Program => ({
      ...program,
      stages: [{ calls: [{ kernel, places: [] }] }],
    });
    expect(() => renderC(calling(7))).toThrow("there is no kernel 7");
    expect(() => renderC(calling(0))).toThrow("kernel 0 is called with 0 buffers");
  });
});
