/**
 * The device of the plain-JS interpreter: slow, obviously right, the same everywhere. It is what every
 * other device is tested against. Everything runs on the calling thread.
 */
import { type DType, type TypedArray, viewOf } from "../base/dtype.ts";
import { EngineError } from "../base/errors.ts";
import { interpret } from "../kernel/interpreter.ts";
import type { Program, Target } from "../kernel/program.ts";
import { Allocator } from "./allocator.ts";
import type { Device, Executable } from "./device.ts";

/** Options of the interpreter device. */
export interface InterpreterDeviceOptions {
  /** Vector width that programs are scheduled for: 1, 4 (default) or 16 float32 lanes, or any other. */
  readonly lanes?: number;
}

/** The device that runs programs by interpreting their kernels. */
export function createInterpreterDevice(options: InterpreterDeviceOptions = {}): Device {
  return new InterpreterDevice(options.lanes ?? 4);
}

const initialBytes = 65536;

class InterpreterDevice implements Device {
  readonly name = "interpreter";
  readonly canWait = true;
  readonly threads = 1;
  readonly target: Target;
  readonly notes: readonly string[] = ["Programs are interpreted in plain JavaScript: right, but very slow."];
  #memory = new ArrayBuffer(initialBytes);
  readonly #allocator: Allocator;
  #closed = false;

  constructor(lanes: number) {
    this.target = { lanes, registers: lanes === 16 ? 32 : 16, fma: false, prefetch: lanes === 16 };
    this.#allocator = new Allocator({
      start: 64, // so that no block has address 0
      end: initialBytes,
      grow: (end) => this.#grow(end),
    });
  }

  allocate(bytes: number): number {
    const address = this.#allocator.allocate(bytes);
    new Uint8Array(this.#memory, address, bytes).fill(0);
    return address;
  }

  free(address: number): void {
    this.#allocator.free(address);
  }

  get bytesInUse(): number {
    return this.#allocator.bytesInUse;
  }

  view(dtype: DType, address: number, length: number): TypedArray {
    return viewOf(dtype, this.#memory, address, length);
  }

  compile(program: Program): Executable {
    return { program, compileMs: 0, codeBytes: 0, dispose: () => {} };
  }

  async run(executable: Executable, arena: number, slots: readonly number[]): Promise<void> {
    this.runSync(executable, arena, slots);
  }

  runSync(executable: Executable, arena: number, slots: readonly number[]): void {
    if (this.#closed) throw new EngineError("the device is closed; create another one");
    interpret(executable.program, this.#memory, arena, slots);
  }

  waitSync(): void {}

  async close(): Promise<void> {
    this.#closed = true;
  }

  #grow(end: number): number {
    try {
      const larger = new ArrayBuffer(Math.max(end, 2 * this.#memory.byteLength));
      new Uint8Array(larger).set(new Uint8Array(this.#memory));
      this.#memory = larger;
      return larger.byteLength;
    } catch (cause) {
      throw new EngineError(
        `out of memory: an array of ${end} bytes cannot be had`,
        { needed: end },
        { cause },
      );
    }
  }
}
