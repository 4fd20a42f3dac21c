/**
 * Renders a program as one WebAssembly module: a function for each kernel, and `run`, which calls them. A pure
 * function of its arguments: the same program gives the same bytes.
 */
import type { UnaryFn } from "../../base/scalar.ts";
import type { Kernel } from "../../kernel/ir.ts";
import { expandMath } from "../../kernel/math.ts";
import type { Program } from "../../kernel/program.ts";
import { eachExpression } from "../../kernel/rewrite.ts";
import type { RenderedWasm } from "../rendered.ts";
import { ModuleBuilder } from "./assembler.ts";
import type { MathImport } from "./emitter.ts";
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
  const kernels = program.kernels.map(expandMath);
  const module = new ModuleBuilder();
  module.importMemory("env", "memory", options.shared);
  const imports = new Map<MathImport, number>();
  for (const name of mathFunctionsOf(kernels)) {
    const parameters = name === "pow" ? (["f64", "f64"] as const) : (["f64"] as const);
    imports.set(name, module.importFunction("math", name, { parameters, results: ["f64"] }));
  }
  const now =
    program.clock === undefined
      ? undefined
      : module.importFunction("host", "now", { parameters: [], results: ["f64"] });
  const mathFunction = (name: MathImport): number => {
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

const unaryImports: Partial<Record<UnaryFn, MathImport>> = {
  exp: "exp",
  expm1: "expm1",
  log: "log",
  log1p: "log1p",
  sin: "sin",
  cos: "cos",
  tanh: "tanh",
  erf: "erf",
};

/** The math functions that float64 expressions of the kernels need, in a fixed order. */
function mathFunctionsOf(kernels: readonly Kernel[]): MathImport[] {
  const found = new Set<MathImport>();
  for (const kernel of kernels) {
    eachExpression(kernel.body, (e) => {
      if (e.type !== "f64") return;
      if (e.kind === "binary" && e.fn === "pow") found.add("pow");
      const name = e.kind === "unary" ? unaryImports[e.fn] : undefined;
      if (name !== undefined) found.add(name);
    });
  }
  return [...found].sort();
}
