/** Wasm locals of one function, handed out and taken back by type, so that a long kernel declares few. */
import type { Code } from "./assembler.ts";
import type { WasmType } from "./opcodes.ts";

export class LocalPool {
  readonly #code: Code;
  readonly #free = new Map<WasmType, number[]>();
  readonly #types = new Map<number, WasmType>();

  constructor(code: Code) {
    this.#code = code;
  }

  /** A local whose value is undefined until it is set. */
  take(type: WasmType): number {
    const free = this.#free.get(type)?.pop();
    if (free !== undefined) return free;
    const local = this.#code.local(type);
    this.#types.set(local, type);
    return local;
  }

  /** Gives a local back that `take` returned. */
  give(local: number): void {
    const type = this.#types.get(local);
    if (type === undefined) throw new RangeError(`local ${local} was not taken from this pool`);
    const free = this.#free.get(type);
    if (free === undefined) this.#free.set(type, [local]);
    else free.push(local);
  }
}
