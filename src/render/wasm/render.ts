/**
 * Renders a program as one WebAssembly module: a function for each kernel, and `run`, which calls them. A pure
 * function of its arguments: the same program gives the same bytes.
 */
import { expandMath, type MathUse, mathUse } from "../../kernel/math.ts";
import type { MathFunction } from "../../kernel/math-f32.ts";
import type { Program } from "../../kernel/program.ts";
import type { RenderedWasm } from "../rendered.ts";
import { ModuleBuilder } from "./assembler.ts";
import { renderKernel } from "./kernel-function.ts";
import { addRun } from "./launch.ts";

/** What the host offers. */
export interface WasmOptions {
  /** Whether memory is shared and several threads run the program. Without, `threads` must be 1. */
  readonly shared: boolean;
  /** Whether the host has relaxed SIMD; multiply-add of vectors is then one instruction, rounded once. */
  readonly relaxed: boolean;
}

/**
 * Renders a program.
 *
 * @throws EngineError when a kernel asks for registers or functions that WebAssembly lacks: float32 and int32 come
 * with 1 or 4 lanes, float64 with 1
 */
export function renderWasm(program: Program, options: WasmOptions): RenderedWasm {
  const uses = program.kernels.map(mathUse);
  const kernels = program.kernels.map((kernel, i) => expandMath(kernel, uses[i]));
  const module = new ModuleBuilder();
  module.importMemory("env", "memory", options.shared);
  const imports = new Map<MathFunction, number>();
  for (const name of importsFor(uses)) {
    const parameters = name === "pow" ? (["f64", "f64"] as const) : (["f64"] as const);
    imports.set(name, module.importFunction("math", name, { parameters, results: ["f64"] }));
  }
  const now =
    program.clock === undefined
      ? undefined
      : module.importFunction("host", "now", { parameters: [], results: ["f64"] });
  const mathFunction = (name: MathFunction): number => {
    const index = imports.get(name);
    if (index === undefined) throw new RangeError(`math function ${name} was not imported`);
    return index;
  };
  const functions = kernels.map((kernel) =>
    module.add(renderKernel(kernel, { relaxed: options.relaxed, mathFunction })),
  );
  module.export("run", addRun(module, program, { functions, shared: options.shared, now }));
  return { kind: "wasm", bytes: module.encode(), mathImports: [...imports.keys()] };
}

/** The math functions that float64 expressions need, in a fixed order. */
function importsFor(uses: readonly MathUse[]): MathFunction[] {
  return [...new Set(uses.flatMap((use) => [...use.double]))].sort();
}
