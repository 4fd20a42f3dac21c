/**
 * A small assembler for the WebAssembly binary format: growing byte strings, function bodies with structured control
 * flow, and modules of imports, functions and exports. It knows the encoding and nothing of kernels; it checks
 * nothing, since `WebAssembly.validate` does.
 */
import { control, f32, f64, i32, i64, v128, type WasmType, wasmTypes } from "./opcodes.ts";

/** The bytes of a float on their way into a byte string. */
const floatBytes = new DataView(new ArrayBuffer(8));

/** A byte string that grows at its end. */
class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The bytes written so far; valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.view());
    this.#bytes = grown;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Unsigned LEB128 of an integer 0 to 2^32 - 1. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** Signed LEB128 of a 32-bit integer. */
  signed(value: number): void {
    let rest = value | 0;
    // The last group must carry the sign in its bit 6.
    while (rest < -0x40 || rest > 0x3f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  float32(value: number): void {
    floatBytes.setFloat32(0, value, true);
    this.append(new Uint8Array(floatBytes.buffer, 0, 4));
  }

  float64(value: number): void {
    floatBytes.setFloat64(0, value, true);
    this.append(new Uint8Array(floatBytes.buffer));
  }

  /** A name: its length in bytes, then UTF-8. */
  name(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.unsigned(bytes.length);
    this.append(bytes);
  }
}

/** The type of a function. */
export interface Signature {
  readonly parameters: readonly WasmType[];
  readonly results: readonly WasmType[];
}

/** The body of one function. Parameters are the locals 0, 1, ...; `local` adds more. */
export class Code {
  readonly signature: Signature;
  readonly #locals: WasmType[] = [];
  readonly #body = new ByteWriter();

  constructor(parameters: readonly WasmType[], results: readonly WasmType[] = []) {
    this.signature = { parameters, results };
  }

  /** Adds a local and returns its index. */
  local(type: WasmType): number {
    this.#locals.push(type);
    return this.signature.parameters.length + this.#locals.length - 1;
  }

  /** An instruction without immediates. */
  op(opcode: number): void {
    if (opcode > 0xff) {
      this.#body.byte(opcode >> 16);
      this.#body.unsigned(opcode & 0xffff);
    } else this.#body.byte(opcode);
  }

  /** A load, store or atomic access; `alignment` is the logarithm of the bytes that the address is a multiple of. */
  memory(opcode: number, alignment: number, byteOffset: number): void {
    this.op(opcode);
    this.#body.unsigned(alignment);
    this.#body.unsigned(byteOffset);
  }

  /** A load or store of one lane of a vector. */
  memoryLane(opcode: number, alignment: number, byteOffset: number, lane: number): void {
    this.memory(opcode, alignment, byteOffset);
    this.#body.byte(lane);
  }

  /** An instruction with a lane number. */
  lane(opcode: number, lane: number): void {
    this.op(opcode);
    this.#body.byte(lane);
  }

  /** Moves bytes of two vectors: byte i of the result is byte `indices[i]` of their 32. */
  shuffle(indices: readonly number[]): void {
    this.op(v128.shuffle);
    for (const index of indices) this.#body.byte(index);
  }

  get(local: number): void {
    this.#body.byte(control.localGet);
    this.#body.unsigned(local);
  }

  set(local: number): void {
    this.#body.byte(control.localSet);
    this.#body.unsigned(local);
  }

  tee(local: number): void {
    this.#body.byte(control.localTee);
    this.#body.unsigned(local);
  }

  call(functionIndex: number): void {
    this.#body.byte(control.call);
    this.#body.unsigned(functionIndex);
  }

  i32(value: number): void {
    this.#body.byte(i32.const);
    this.#body.signed(value);
  }

  /** A 64-bit constant that fits in 32 bits. */
  i64(value: number): void {
    this.#body.byte(i64.const);
    this.#body.signed(value);
  }

  f32(value: number): void {
    this.#body.byte(f32.const);
    this.#body.float32(value);
  }

  f64(value: number): void {
    this.#body.byte(f64.const);
    this.#body.float64(value);
  }

  /** A vector constant from its 16 bytes. */
  v128(bytes: Uint8Array): void {
    this.op(v128.const);
    this.#body.append(bytes);
  }

  /** Code that `branch(0)` inside leaves. */
  block(body: () => void): void {
    this.#nested(control.block, body);
  }

  /** Code that `branch(0)` inside starts again. */
  loop(body: () => void): void {
    this.#nested(control.loop, body);
  }

  /** Runs `then` when the i32 on the stack is not 0, else `otherwise`. */
  if(then: () => void, otherwise?: () => void): void {
    this.#nested(control.if, () => {
      then();
      if (otherwise === undefined) return;
      this.#body.byte(control.else);
      otherwise();
    });
  }

  #nested(opcode: number, body: () => void): void {
    this.#body.byte(opcode);
    this.#body.byte(control.emptyBlock);
    body();
    this.#body.byte(control.end);
  }

  branch(depth: number): void {
    this.#body.byte(control.br);
    this.#body.unsigned(depth);
  }

  branchIf(depth: number): void {
    this.#body.byte(control.brIf);
    this.#body.unsigned(depth);
  }

  /** The function as the code section wants it, without its size. */
  encode(): Uint8Array {
    const out = new ByteWriter();
    const runs: { type: WasmType; count: number }[] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    out.unsigned(runs.length);
    for (const run of runs) {
      out.unsigned(run.count);
      out.byte(wasmTypes[run.type]);
    }
    out.append(this.#body.view());
    out.byte(control.end);
    return out.view();
  }
}

/** Ids of the sections, in the order in which they must stand. */
const section = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const externalKind = { function: 0, memory: 2 } as const;

/** A module: imported functions come first, then the added ones, in one index space. */
export class ModuleBuilder {
  readonly #types = new Map<string, number>();
  readonly #typeSection = new ByteWriter();
  readonly #imports = new ByteWriter();
  #importCount = 0;
  #importedFunctions = 0;
  readonly #functions: Code[] = [];
  readonly #exports: { name: string; index: number }[] = [];

  #typeIndex(signature: Signature): number {
    const key = `${signature.parameters.join()}:${signature.results.join()}`;
    const known = this.#types.get(key);
    if (known !== undefined) return known;
    const index = this.#types.size;
    this.#types.set(key, index);
    this.#typeSection.byte(0x60);
    for (const list of [signature.parameters, signature.results]) {
      this.#typeSection.unsigned(list.length);
      for (const type of list) this.#typeSection.byte(wasmTypes[type]);
    }
    return index;
  }

  /** Imports a memory of any size; a shared one may have up to 65536 pages. */
  importMemory(module: string, name: string, shared: boolean): void {
    this.#importCount++;
    this.#imports.name(module);
    this.#imports.name(name);
    this.#imports.byte(externalKind.memory);
    this.#imports.byte(shared ? 3 : 0);
    this.#imports.unsigned(0);
    if (shared) this.#imports.unsigned(65536);
  }

  /** Imports a function; all imports must stand before the first `add`. Returns its index. */
  importFunction(module: string, name: string, signature: Signature): number {
    this.#importCount++;
    this.#imports.name(module);
    this.#imports.name(name);
    this.#imports.byte(externalKind.function);
    this.#imports.unsigned(this.#typeIndex(signature));
    return this.#importedFunctions++;
  }

  /** Adds a function and returns its index. */
  add(code: Code): number {
    this.#functions.push(code);
    return this.#importedFunctions + this.#functions.length - 1;
  }

  export(name: string, functionIndex: number): void {
    this.#exports.push({ name, index: functionIndex });
  }

  /** The module in the binary format. */
  encode(): Uint8Array {
    const functions = new ByteWriter();
    const code = new ByteWriter();
    for (const body of this.#functions) {
      functions.unsigned(this.#typeIndex(body.signature));
      const bytes = body.encode();
      code.unsigned(bytes.length);
      code.append(bytes);
    }
    const exports = new ByteWriter();
    for (const entry of this.#exports) {
      exports.name(entry.name);
      exports.byte(externalKind.function);
      exports.unsigned(entry.index);
    }
    const out = new ByteWriter();
    out.append(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    writeSection(out, section.type, this.#types.size, this.#typeSection);
    writeSection(out, section.import, this.#importCount, this.#imports);
    writeSection(out, section.function, this.#functions.length, functions);
    writeSection(out, section.export, this.#exports.length, exports);
    writeSection(out, section.code, this.#functions.length, code);
    return out.view().slice();
  }
}

function writeSection(out: ByteWriter, id: number, count: number, content: ByteWriter): void {
  const head = new ByteWriter();
  head.unsigned(count);
  out.byte(id);
  out.unsigned(head.length + content.length);
  out.append(head.view());
  out.append(content.view());
}
