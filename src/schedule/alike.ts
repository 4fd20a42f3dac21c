/**
 * Groups that compute the same, from operands that lie alike, become the same kernels: a network repeats its blocks, and
 * lowering one group takes longer than finding that another was like it.
 */
import { type Node, resolve } from "../graph/node.ts";
import { hashSignature, sameSignature, writeStructure } from "../graph/signature.ts";
import {
  type Buffer,
  changed,
  type Group,
  type LoweredCall,
  type LoweringContext,
  nodesMadeBy,
} from "./plan.ts";

/** All that lowering a group depends on. */
interface Form {
  readonly signature: readonly number[];
  /** The buffers that the group was found to touch, in the order of the signature. */
  readonly buffers: readonly Buffer[];
}

interface Lowered extends Form {
  readonly calls: readonly LoweredCall[];
  /** Buffers that were made for this group alone. */
  readonly own: readonly Buffer[];
}

/** Lowers the groups of one program. */
export class AlikeGroups {
  readonly #context: LoweringContext;
  readonly #lower: (group: Group, context: LoweringContext) => LoweredCall[];
  readonly #known = new Map<number, Lowered[]>();

  constructor(context: LoweringContext, lower: (group: Group, context: LoweringContext) => LoweredCall[]) {
    this.#context = context;
    this.#lower = lower;
  }

  lower(group: Group): LoweredCall[] {
    const form = new FormWriter(group, this.#context).form;
    const hash = hashSignature(form.signature);
    const sameHash = this.#known.get(hash) ?? [];
    const alike = sameHash.find((known) => sameSignature(known.signature, form.signature));
    if (alike !== undefined) return this.#again(alike, form);
    const own: Buffer[] = [];
    const calls = this.#lower(group, recording(this.#context, own));
    this.#known.set(hash, [...sameHash, { ...form, calls, own }]);
    return calls;
  }

  /** The kernels of one group with the buffers of another. */
  #again(known: Lowered, { buffers }: Form): LoweredCall[] {
    const now = new Map(known.buffers.map((b, i) => [b.id, buffers[i] as Buffer]));
    for (const { id, dtype, size, scratch } of known.own) {
      now.set(
        id,
        scratch === true ? this.#context.scratch(dtype, size) : this.#context.temporary(dtype, size),
      );
    }
    return known.calls.map((call) => ({
      kernel: call.kernel,
      buffers: call.buffers.map((b) => {
        const other = now.get(b.id);
        if (other === undefined)
          throw new Error("schedule: a kernel uses a buffer that its group does not mention");
        return other;
      }),
    }));
  }
}

/** The context, and a list of the buffers that it is asked for. */
function recording(context: LoweringContext, made: Buffer[]): LoweringContext {
  const keep = (buffer: Buffer): Buffer => {
    made.push(buffer);
    return buffer;
  };
  return changed(context, {
    temporary: (dtype, size) => keep(context.temporary(dtype, size)),
    scratch: (dtype, size) => keep(context.scratch(dtype, size)),
  });
}

const kindCodes: Readonly<Record<Group["kind"], number>> = {
  map: 0,
  reduce: 1,
  contraction: 2,
  scatterAdd: 3,
};

/** Writes a group down to the buffers that it reads, with nodes, buffers and slots numbered as they come. */
class FormWriter {
  readonly form: Form;
  readonly #context: LoweringContext;
  readonly #signature: number[] = [];
  readonly #buffers: Buffer[] = [];
  readonly #nodes = new Map<Node, number>();
  readonly #bufferNumbers = new Map<number, number>();
  readonly #slots = new Map<number, number>();
  /** Nodes that the group computes though they have a buffer. */
  readonly #computed: ReadonlySet<Node>;

  constructor(group: Group, context: LoweringContext) {
    this.#context = context;
    this.#computed = new Set([...group.core, ...nodesMadeBy(group, context)].map(resolve));
    this.#signature.push(kindCodes[group.kind]);
    for (const node of group.core) this.#put(node);
    this.#signature.push(-1);
    for (const { node, buffer } of group.stores) {
      this.#put(node);
      this.#putBuffer(buffer);
    }
    this.form = { signature: this.#signature, buffers: this.#buffers };
  }

  #put(asked: Node): void {
    const node = resolve(asked);
    const known = this.#nodes.get(node);
    if (known !== undefined) {
      this.#signature.push(known);
      return;
    }
    const number = this.#nodes.size;
    this.#nodes.set(node, number);
    const order = this.#context.orderOf(node);
    const bit = (is: boolean, value: number): number => (is ? value : 0);
    const c = this.#context;
    const use = bit(c.isSteady(node), 1) + bit(c.isWrittenOut(node), 2) + bit(c.isUpdate(node), 4);
    this.#signature.push(-2, use, order.length, ...order);
    const buffer = this.#context.bufferOf(node);
    if (buffer !== null) this.#putBuffer(buffer);
    const isRead = buffer !== null && !this.#computed.has(node);
    writeStructure(node, isRead, this.#signature);
    if (!isRead) for (const input of node.inputs) this.#put(input);
  }

  #putBuffer(buffer: Buffer): void {
    const known = this.#bufferNumbers.get(buffer.id);
    if (known !== undefined) {
      this.#signature.push(-3, known);
    } else {
      this.#bufferNumbers.set(buffer.id, this.#buffers.length);
      this.#buffers.push(buffer);
      this.#signature.push(-4, this.#slotNumber(buffer.slot), buffer.size);
    }
    // A value and what lies around it are in one memory.
    const { strides, start = 0 } = buffer;
    this.#signature.push(start, strides.length, ...strides);
  }

  /** Buffers of one slot are one memory. */
  #slotNumber(slot: number | null): number {
    if (slot === null) return -1;
    const known = this.#slots.get(slot) ?? this.#slots.size;
    this.#slots.set(slot, known);
    return known;
  }
}
