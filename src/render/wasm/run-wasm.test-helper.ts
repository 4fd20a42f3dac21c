/** Runs a program as WebAssembly. */
import v8 from "node:v8";
import type { TypedArray } from "../../base/dtype.ts";
import type { Program } from "../../kernel/program.ts";
import { erf, power } from "../../kernel/scalar-math.ts";
import { type Contents, fill, layOut } from "../render.test-helper.ts";
import { renderWasm, type WasmOptions } from "./render.ts";

// Before the first module is compiled; later versions have it on and ignore the flag.
v8.setFlagsFromString("--experimental-wasm-relaxed-simd");

const mathImports: WebAssembly.ModuleImports = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  erf,
  pow: power,
};

/** Runs a program on one thread and returns the contents of all slots. */
export function runWasm(program: Program, contents: Contents, options: WasmOptions): TypedArray[] {
  const { bytes } = renderWasm(program, options);
  const initial = Math.ceil(layOut(program).bytes / 65536);
  const memory = new WebAssembly.Memory(
    options.shared ? { initial, maximum: 65536, shared: true } : { initial },
  );
  const views = fill(program, contents, memory.buffer);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), {
    env: { memory },
    math: mathImports,
  });
  (instance.exports.run as (table: number, thread: number, threads: number) => void)(0, 0, 1);
  return views;
}
