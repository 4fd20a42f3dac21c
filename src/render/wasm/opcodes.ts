/**
 * WebAssembly instructions that the renderer uses, by their names in the specification. An instruction behind a
 * prefix byte (0xfc saturating, 0xfd SIMD, 0xfe atomic) is `prefix * 65536 + code`; {@link Code.op} splits it.
 */

/** A value type of WebAssembly, as its byte in the binary format. */
export const wasmTypes = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type WasmType = keyof typeof wasmTypes;

export const control = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  call: 0x10,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  /** Block type "no parameters, no results". */
  emptyBlock: 0x40,
} as const;

export const i32 = {
  load: 0x28,
  load8U: 0x2d,
  store: 0x36,
  store8: 0x3a,
  const: 0x41,
  eqz: 0x45,
  eq: 0x46,
  ne: 0x47,
  ltS: 0x48,
  ltU: 0x49,
  gtS: 0x4a,
  gtU: 0x4b,
  leS: 0x4c,
  leU: 0x4d,
  geS: 0x4e,
  geU: 0x4f,
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  divS: 0x6d,
  divU: 0x6e,
  remS: 0x6f,
  remU: 0x70,
  and: 0x71,
  or: 0x72,
  xor: 0x73,
  shl: 0x74,
  shrS: 0x75,
  shrU: 0x76,
  wrapI64: 0xa7,
  reinterpretF32: 0xbc,
  truncSatF32S: 0xfc0000,
  truncSatF64S: 0xfc0002,
  atomicLoad: 0xfe0010,
  atomicStore: 0xfe0017,
  atomicAdd: 0xfe001e,
  atomicNotify: 0xfe0000,
  atomicWait: 0xfe0001,
} as const;

export const i64 = { const: 0x42, mul: 0x7e, shrU: 0x88, extendI32U: 0xad } as const;

export const f32 = {
  load: 0x2a,
  store: 0x38,
  const: 0x43,
  eq: 0x5b,
  ne: 0x5c,
  lt: 0x5d,
  gt: 0x5e,
  le: 0x5f,
  ge: 0x60,
  abs: 0x8b,
  neg: 0x8c,
  ceil: 0x8d,
  floor: 0x8e,
  trunc: 0x8f,
  nearest: 0x90,
  sqrt: 0x91,
  add: 0x92,
  sub: 0x93,
  mul: 0x94,
  div: 0x95,
  min: 0x96,
  max: 0x97,
  convertI32S: 0xb2,
  demoteF64: 0xb6,
  reinterpretI32: 0xbe,
} as const;

export const f64 = {
  load: 0x2b,
  store: 0x39,
  const: 0x44,
  eq: 0x61,
  ne: 0x62,
  lt: 0x63,
  gt: 0x64,
  le: 0x65,
  ge: 0x66,
  abs: 0x99,
  neg: 0x9a,
  ceil: 0x9b,
  floor: 0x9c,
  trunc: 0x9d,
  nearest: 0x9e,
  sqrt: 0x9f,
  add: 0xa0,
  sub: 0xa1,
  mul: 0xa2,
  div: 0xa3,
  min: 0xa4,
  max: 0xa5,
  convertI32S: 0xb7,
  promoteF32: 0xbb,
} as const;

export const v128 = {
  load: 0xfd0000,
  load32Splat: 0xfd0009,
  load32Zero: 0xfd005c,
  store: 0xfd000b,
  store32Lane: 0xfd005a,
  const: 0xfd000c,
  shuffle: 0xfd000d,
  not: 0xfd004d,
  and: 0xfd004e,
  or: 0xfd0050,
  xor: 0xfd0051,
  bitselect: 0xfd0052,
} as const;

export const i8x16 = { narrowI16x8U: 0xfd0066 } as const;

export const i16x8 = { narrowI32x4U: 0xfd0086, extendLowI8x16U: 0xfd0089 } as const;

export const i32x4 = {
  splat: 0xfd0011,
  extractLane: 0xfd001b,
  replaceLane: 0xfd001c,
  eq: 0xfd0037,
  ne: 0xfd0038,
  ltS: 0xfd0039,
  gtS: 0xfd003b,
  leS: 0xfd003d,
  geS: 0xfd003f,
  abs: 0xfd00a0,
  neg: 0xfd00a1,
  extendLowI16x8U: 0xfd00a9,
  shl: 0xfd00ab,
  shrU: 0xfd00ad,
  add: 0xfd00ae,
  sub: 0xfd00b1,
  mul: 0xfd00b5,
  minS: 0xfd00b6,
  maxS: 0xfd00b8,
  truncSatF32x4S: 0xfd00f8,
} as const;

export const i64x2 = { extmulLowI32x4U: 0xfd00de, extmulHighI32x4U: 0xfd00df } as const;

export const f32x4 = {
  splat: 0xfd0013,
  extractLane: 0xfd001f,
  replaceLane: 0xfd0020,
  eq: 0xfd0041,
  ne: 0xfd0042,
  lt: 0xfd0043,
  le: 0xfd0045,
  ceil: 0xfd0067,
  floor: 0xfd0068,
  trunc: 0xfd0069,
  nearest: 0xfd006a,
  abs: 0xfd00e0,
  neg: 0xfd00e1,
  sqrt: 0xfd00e3,
  add: 0xfd00e4,
  sub: 0xfd00e5,
  mul: 0xfd00e6,
  div: 0xfd00e7,
  min: 0xfd00e8,
  max: 0xfd00e9,
  convertI32x4S: 0xfd00fa,
  relaxedMadd: 0xfd0105,
} as const;
