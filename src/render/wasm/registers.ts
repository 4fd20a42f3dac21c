/** How values of the kernel IR lie in WebAssembly: which registers there are, and their wasm types. */
import { EngineError } from "../../base/errors.ts";
import type { ValueType } from "../../kernel/ir.ts";
import type { WasmType } from "./opcodes.ts";

/**
 * Kind of a register. A scalar bool is an i32 0 or 1; a vector of bool ("mask") has all bits of a lane equal. A
 * pointer is an i32 byte address.
 */
export type Register = "f32" | "f64" | "i32" | "bool" | "f32x4" | "i32x4" | "mask";

const scalars: Record<ValueType, Register> = { f32: "f32", f64: "f64", i32: "i32", bool: "bool", ptr: "i32" };

const vectors: Record<ValueType, Register | undefined> = {
  f32: "f32x4",
  i32: "i32x4",
  bool: "mask",
  f64: undefined,
  ptr: undefined,
};

/** @throws EngineError when WebAssembly has no such register. */
export function registerOf(value: { readonly type: ValueType; readonly lanes: number }): Register {
  const register = value.lanes === 1 ? scalars[value.type] : vectors[value.type];
  if (register === undefined || (value.lanes !== 1 && value.lanes !== 4)) {
    throw new EngineError(
      `wasm: a register of ${value.lanes} lanes of ${value.type} does not exist; ` +
        "schedule float32, int32 and bool with 1 or 4 lanes, float64 with 1",
      { type: value.type, lanes: value.lanes },
    );
  }
  return register;
}

const types: Record<Register, WasmType> = {
  f32: "f32",
  f64: "f64",
  i32: "i32",
  bool: "i32",
  f32x4: "v128",
  i32x4: "v128",
  mask: "v128",
};

/** The wasm type of the local that holds such a register. */
export function wasmTypeOf(register: Register): WasmType {
  return types[register];
}
