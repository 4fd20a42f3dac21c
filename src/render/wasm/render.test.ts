import { describe, expect, test } from "vitest";
import { byteSize, type DType } from "../../base/dtype.ts";
import { constant, int, Locals, load, store, unary, when } from "../../kernel/build.ts";
import { buffer, programOf } from "../render.test-helper.ts";
import { rendererSuite } from "../renderer-suite.test-helper.ts";
import { renderWasm } from "./render.ts";
import { runWasm } from "./run-wasm.test-helper.ts";

rendererSuite({
  lanes: [1, 4],
  libraryTolerance: 0,
  prepare:
    () =>
    ({ program, contents }) =>
      [false, true].flatMap((shared) =>
        [false, true].map((relaxed) => ({
          how: `shared ${shared}, relaxed ${relaxed}`,
          slots: runWasm(program, contents, { shared, relaxed }),
        })),
      ),
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
