/**
 * Values that outlive a program in device memory: parameters, running statistics, optimizer state, gradients.
 */
import { byteSize, type DType } from "../base/dtype.ts";
import { type Shape, sizeOf } from "../base/shape.ts";
import { storageSource } from "../graph/build.ts";
import type { DeviceStorage, Node } from "../graph/node.ts";
import type { Device } from "../runtime/device.ts";

/** Assignments to any storage so far. */
let assignments = 0;

/** A number that stays the same as long as no storage gets another version. */
export const storageChanges = (): number => assignments;

class Storage implements DeviceStorage {
  readonly device: Device;
  readonly dtype: DType;
  readonly size: number;
  readonly address: number;
  version = 0;

  constructor(device: Device, dtype: DType, size: number) {
    this.device = device;
    this.dtype = dtype;
    this.size = size;
    this.address = device.allocate(Math.max(size * byteSize(dtype), 1));
    // Released with its last reader: graphs that mention the storage keep it alive, as does its variable.
    releases.register(this, { device, address: this.address });
  }
}

const releases = new FinalizationRegistry<{ device: Device; address: number }>(({ device, address }) => {
  device.free(address);
});

/**
 * A place whose value changes: what an in-place operation writes to. `node` is its value now, a graph until the next
 * flush carries the assignment out, the storage's contents afterwards.
 */
export class Variable {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Computed in a program of its own before anything that uses it, so that first steps look like later ones. */
  readonly initialized: boolean;
  node: Node;
  storage: DeviceStorage | null = null;
  /** Called with the node that stands for the stored value once an assignment is carried out. */
  readonly #onStored: (node: Node) => void;

  constructor(node: Node, initialized: boolean, onStored: (node: Node) => void) {
    this.node = node;
    this.shape = node.shape;
    this.dtype = node.dtype;
    this.initialized = initialized;
    this.#onStored = onStored;
  }

  /** Storage for the value, reserved at first use. */
  reserve(device: Device): DeviceStorage {
    this.storage ??= new Storage(device, this.dtype, sizeOf(this.shape));
    return this.storage;
  }

  /** Marks the pending value as stored: readers of the old value are out of date from now on. */
  commit(): void {
    const { storage } = this;
    if (storage === null) throw new Error("engine: a variable without storage was committed");
    storage.version = ++assignments;
    this.node = storageSource(storage, this.shape);
    this.#onStored(this.node);
  }
}
