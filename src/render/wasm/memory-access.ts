/** Loads and stores of every element type. The address is on the stack, below the value for a store. */
import type { DType } from "../../base/dtype.ts";
import { EngineError } from "../../base/errors.ts";
import { type Emitter, pushSplat } from "./emitter.ts";
import { f32, f64, i8x16, i16x8, i32, i32x4, v128 } from "./opcodes.ts";

/** Replaces the address on the stack by the element, or by four elements, behind it. */
export function emitLoad(emitter: Emitter, dtype: DType, lanes: number, offset: number): void {
  (lanes === 1 ? scalarLoads : vectorLoads)[dtype](emitter, offset);
}

/** Replaces the address on the stack by a vector of the first elements behind it, 1 to 3, and zeros. */
export function emitPartialLoad(emitter: Emitter, active: number, offset: number): void {
  const { code } = emitter;
  if (active < 3) {
    code.memory(active === 1 ? v128.load32Zero : v128.load64Zero, 2, offset);
    return;
  }
  emitter.scratch(["i32"], (address) => {
    code.tee(address);
    code.get(address);
    code.memory(v128.load64Zero, 2, offset);
    code.memoryLane(v128.load32Lane, 2, offset + 8, 2);
  });
}

/** Writes the first lanes, 1 to 3, of the vector on the stack to the address below it. */
export function emitPartialStore(emitter: Emitter, active: number, offset: number): void {
  const { code } = emitter;
  if (active < 3) {
    code.memoryLane(active === 1 ? v128.store32Lane : v128.store64Lane, 2, offset, 0);
    return;
  }
  emitter.scratch(["i32", "v128"], (address, value) => {
    code.set(value);
    code.tee(address);
    code.get(value);
    code.memoryLane(v128.store64Lane, 2, offset, 0);
    code.get(address);
    code.get(value);
    code.memoryLane(v128.store32Lane, 2, offset + 8, 2);
  });
}

/** Writes the value on the stack, one element or four, to the address below it. */
export function emitStore(emitter: Emitter, dtype: DType, lanes: number, offset: number): void {
  (lanes === 1 ? scalarStores : vectorStores)[dtype](emitter, offset);
}

/** Whether {@link emitLoadSplat} takes elements of this type. */
export function canLoadSplat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "int32";
}

/** Replaces the address on the stack by a vector with the element behind it in every lane. */
export function emitLoadSplat({ code }: Emitter, offset: number): void {
  code.memory(v128.load32Splat, 2, offset);
}

type Access = (emitter: Emitter, offset: number) => void;

const plain =
  (opcode: number, alignment: number): Access =>
  ({ code }, offset) =>
    code.memory(opcode, alignment, offset);

const noVector: Access = () => {
  throw new EngineError("wasm: float64 has no vectors; schedule it with 1 lane");
};

const scalarLoads: Record<DType, Access> = {
  float32: plain(f32.load, 2),
  float64: plain(f64.load, 3),
  int32: plain(i32.load, 2),
  uint8: plain(i32.load8U, 0),
  bool: ({ code }, offset) => {
    code.memory(i32.load8U, 0, offset);
    code.i32(0);
    code.op(i32.ne);
  },
};

/** Four bytes, widened to i32 lanes. */
const fourBytes: Access = ({ code }, offset) => {
  code.memory(v128.load32Zero, 0, offset);
  code.op(i16x8.extendLowI8x16U);
  code.op(i32x4.extendLowI16x8U);
};

const vectorLoads: Record<DType, Access> = {
  float32: plain(v128.load, 2),
  float64: noVector,
  int32: plain(v128.load, 2),
  uint8: fourBytes,
  bool: (emitter, offset) => {
    fourBytes(emitter, offset);
    pushSplat(emitter.code, "i32x4", 0);
    emitter.code.op(i32x4.gtS);
  },
};

const scalarStores: Record<DType, Access> = {
  float32: plain(f32.store, 2),
  float64: plain(f64.store, 3),
  int32: plain(i32.store, 2),
  uint8: plain(i32.store8, 0),
  bool: plain(i32.store8, 0),
};

/** The low bits of four i32 lanes as bytes; `mask` keeps the narrowing from saturating. */
const narrowed =
  (mask: number): Access =>
  ({ code }, offset) => {
    pushSplat(code, "i32x4", mask);
    code.op(v128.and);
    pushSplat(code, "i32x4", 0);
    code.op(i16x8.narrowI32x4U);
    pushSplat(code, "i32x4", 0);
    code.op(i8x16.narrowI16x8U);
    code.memoryLane(v128.store32Lane, 0, offset, 0);
  };

const vectorStores: Record<DType, Access> = {
  float32: plain(v128.store, 2),
  float64: noVector,
  int32: plain(v128.store, 2),
  uint8: narrowed(0xff),
  bool: narrowed(1),
};
