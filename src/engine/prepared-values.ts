/**
 * What preparations have computed, kept on the device until an operand changes or memory for it gets scarce.
 */
import type { Node } from "../graph/node.ts";
import type { Device } from "../runtime/device.ts";
import type { Form } from "./forms.ts";

/** Bytes for all programs together, unless one alone needs more: a program for each size of a batch has its own. */
const mostBytes = 256 * 2 ** 20;

interface Memory {
  readonly address: number;
  readonly bytes: number;
  /** What the values were computed from; null if they are not. */
  operands: readonly number[] | null;
}

export class PreparedValues {
  readonly #device: Device;
  /** The least recently used first. */
  readonly #memory = new Map<Form, Memory>();
  #bytes = 0;

  constructor(device: Device) {
    this.#device = device;
  }

  /**
   * The address of what a form's preparation leaves, and whether it must run first. It is taken to run then: what it leaves
   * counts as computed from these leaves.
   */
  place(
    form: Form,
    leaves: readonly Node[],
  ): { address: number; operands: readonly number[] | null; outdated: boolean } {
    if (form.preparation === null) return { address: 0, operands: null, outdated: false };
    const operands = form.preparation.leaves.map((leaf) => stateOf(leaves[leaf] as Node));
    const memory = this.#memory.get(form) ?? this.#reserve(form.preparation.bytes);
    this.#use(form, memory);
    const outdated = memory.operands === null || operands.some((o, i) => o !== memory.operands?.[i]);
    memory.operands = operands;
    return { address: memory.address, operands, outdated };
  }

  /** Whether what a form's preparation leaves is still that of these operands, which `place` gave, and where it was. */
  isCurrent(form: Form, operands: readonly number[] | null): boolean {
    if (form.preparation === null) return true;
    const memory = this.#memory.get(form);
    if (memory === undefined || operands === null || memory.operands !== operands) return false;
    this.#use(form, memory);
    return true;
  }

  #use(form: Form, memory: Memory): void {
    this.#memory.delete(form);
    this.#memory.set(form, memory);
  }

  /** Has a form's preparation run again, because it may not have ended. */
  outdate(form: Form): void {
    const memory = this.#memory.get(form);
    if (memory !== undefined) memory.operands = null;
  }

  /** Gives a form's memory back. */
  release(form: Form): void {
    const memory = this.#memory.get(form);
    if (memory === undefined) return;
    this.#memory.delete(form);
    this.#bytes -= memory.bytes;
    this.#device.free(memory.address);
  }

  #reserve(bytes: number): Memory {
    for (const form of this.#memory.keys()) {
      if (this.#bytes + bytes <= mostBytes) break;
      this.release(form);
    }
    const memory = { address: this.#device.allocate(bytes), bytes, operands: null };
    this.#bytes += bytes;
    return memory;
  }
}

/** A number that is another one when the value is: versions are never given twice. */
function stateOf({ value, op }: Node): number {
  if (value?.kind === "storage") return value.version;
  return op.kind === "scalar" ? op.value : Number.NaN;
}
