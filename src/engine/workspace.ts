/**
 * The device memory that programs work in, apart from variables: the arena of intermediates, the staging areas of inputs
 * and outputs, and host values that are used again and again.
 */
import { allocate, type DType, type TypedArray } from "../base/dtype.ts";
import { EngineError } from "../base/errors.ts";
import type { HostValue, Node } from "../graph/node.ts";
import type { Device } from "../runtime/device.ts";
import { align } from "./staging.ts";

/**
 * Which of the two staging areas a program has: while one runs, the inputs of the next are brought to the other.
 */
export type Side = 0 | 1;

export const otherSide = (side: Side): Side => (side === 0 ? 1 : 0);

/** Host values of this size or more stay on the device from their second use on. */
const residentBytes = 4096;

/** So many elements, as those of a loss, are copied sooner one by one. */
const fewElements = 8;

interface Area {
  readonly address: number;
  readonly bytes: number;
}

const none: Area = { address: 0, bytes: 0 };

export class Workspace {
  readonly #device: Device;
  #arena = none;
  readonly #staging: [Area, Area] = [none, none];
  readonly #resident = new WeakMap<HostValue, number>();
  readonly #releases: FinalizationRegistry<number>;

  constructor(device: Device) {
    this.#device = device;
    this.#releases = new FinalizationRegistry((address) => device.free(address));
  }

  /** Byte address of the arena. */
  get arena(): number {
    return this.#arena.address;
  }

  /** Makes room for a program. What lay in the areas before, its own and the arena, may be lost. */
  reserve(arenaBytes: number, stagingBytes: number, side: Side): void {
    this.#grow(this.#arena, arenaBytes, (area) => {
      this.#arena = area;
    });
    this.#grow(this.#staging[side], stagingBytes, (area) => {
      this.#staging[side] = area;
    });
  }

  /** Whether the arena has room for a program as it is. */
  hasRoom(arenaBytes: number): boolean {
    return this.#arena.bytes >= arenaBytes;
  }

  /** Puts an area of at least so many bytes in the place of a smaller one; none where there is no memory. */
  #grow(area: Area, bytes: number, put: (area: Area) => void): void {
    if (area.bytes >= bytes) return;
    put(none);
    if (area.bytes > 0) this.#device.free(area.address);
    const rounded = align(bytes);
    put({ address: this.#device.allocate(rounded), bytes: rounded });
  }

  /** Byte address of a place in a staging area. */
  staged(offset: number, side: Side): number {
    return this.#staging[side].address + offset;
  }

  /** A copy of elements in a staging area. */
  read(dtype: DType, offset: number, length: number, side: Side): TypedArray {
    const staged = this.#device.view(dtype, this.staged(offset, side), length);
    if (length > fewElements) return staged.slice();
    const copy = allocate(dtype, length);
    for (let i = 0; i < length; i++) copy[i] = staged[i] as number;
    return copy;
  }

  /** Brings an input to the device, at the latest to its place in the staging area, and returns its address. */
  place(leaf: Node, offset: number, side: Side): number {
    const { value, op } = leaf;
    const address = this.staged(offset, side);
    if (op.kind === "scalar") {
      this.#device.view(leaf.dtype, address, 1)[0] = op.value;
      return address;
    }
    if (value === null) throw new Error("engine: a leaf without a value");
    if (value.kind === "storage") return value.storage.address;
    const { data } = value;
    if (data === null) throw new EngineError("an operand comes from a program that failed");
    const resident = this.#resident.get(value);
    if (resident !== undefined) return resident;
    value.uses++;
    if (value.uses > 1 && data.byteLength >= residentBytes) {
      const kept = this.#device.allocate(data.byteLength);
      this.#resident.set(value, kept);
      this.#releases.register(value, kept);
      this.#device.view(leaf.dtype, kept, data.length).set(data);
      return kept;
    }
    this.#device.view(leaf.dtype, address, data.length).set(data);
    return address;
  }
}
