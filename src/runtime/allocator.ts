/**
 * Places blocks in a linear address space: best fit over free lists segregated by size, neighbours merged
 * when they are freed. It only calculates; it reads and writes no memory. Addresses and sizes are in bytes,
 * multiples of 64, so that a block never shares a cache line and every vector access to its start is
 * aligned.
 */
import { ArgumentError, EngineError } from "../base/errors.ts";

/** Every address and every size is a multiple of this many bytes. */
export const alignment = 64;

/** The least multiple of `alignment` that is not below `bytes`. */
export function alignUp(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

/** A stretch of the address space; blocks form a list in address order without gaps. */
interface Block {
  address: number;
  size: number;
  free: boolean;
  previous: Block | undefined;
  next: Block | undefined;
}

/** Where an allocator may place blocks. */
export interface AllocatorOptions {
  /** First usable address. */
  readonly start: number;
  /** End (exclusive) of what is usable at once. */
  readonly end: number;
  /** Makes the address space reach at least `end` and returns the new end. @throws when it cannot. */
  readonly grow: (end: number) => number;
}

/** Free list of a block size: sizes of the same power of two share a list. */
const listOf = (size: number): number => Math.floor(Math.log2(size / alignment));

/** Hands out and takes back stretches of one linear address space. */
export class Allocator {
  readonly #grow: (end: number) => number;
  readonly #lists: Set<Block>[] = [];
  readonly #used = new Map<number, Block>();
  #last: Block | undefined;
  #end: number;
  #bytesInUse = 0;
  #highWater: number;

  constructor(options: AllocatorOptions) {
    this.#grow = options.grow;
    this.#end = alignUp(options.start);
    this.#highWater = this.#end;
    this.#extend(options.end);
  }

  /** Bytes in blocks that are handed out, rounding included. */
  get bytesInUse(): number {
    return this.#bytesInUse;
  }

  /** End of the highest block ever handed out: nothing at or above this address was ever used. */
  get highWater(): number {
    return this.#highWater;
  }

  /**
   * Reserves a block and returns its address. 0 bytes take a block of their own too.
   * @throws ArgumentError when `bytes` is no size; whatever `grow` throws when the space is full.
   */
  allocate(bytes: number): number {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new ArgumentError(`allocate: ${bytes} is not a number of bytes; give an integer of 0 or more`, {
        bytes,
      });
    }
    const size = Math.max(alignUp(bytes), alignment);
    const block = this.#bestFit(size) ?? this.#growFor(size);
    this.#unlist(block);
    this.#split(block, size);
    block.free = false;
    this.#used.set(block.address, block);
    this.#bytesInUse += size;
    this.#highWater = Math.max(this.#highWater, block.address + size);
    return block.address;
  }

  /** Takes a block back. @throws EngineError when `address` is not that of a reserved block. */
  free(address: number): void {
    const block = this.#used.get(address);
    if (block === undefined) {
      throw new EngineError(
        `free: no block is reserved at address ${address}; it was freed before or never allocated`,
        { address },
      );
    }
    this.#used.delete(address);
    this.#bytesInUse -= block.size;
    this.#release(block);
  }

  /** The smallest free block that holds `size`, the one at the lowest address among equals. */
  #bestFit(size: number): Block | undefined {
    for (let list = listOf(size); list < this.#lists.length; list++) {
      let best: Block | undefined;
      for (const block of this.#lists[list] ?? []) {
        if (block.size < size) continue;
        if (
          best === undefined ||
          block.size < best.size ||
          (block.size === best.size && block.address < best.address)
        ) {
          best = block;
        }
      }
      // Every block of a later list is larger.
      if (best !== undefined) return best;
    }
    return undefined;
  }

  #growFor(size: number): Block {
    const start = this.#last?.free === true ? this.#last.address : this.#end;
    this.#extend(this.#grow(start + size));
    const block = this.#last;
    if (block === undefined || !block.free || block.size < size) {
      throw new EngineError(`allocate: memory did not grow by the ${size} bytes that were asked for`, {
        size,
      });
    }
    return block;
  }

  /** Adds the addresses up to `end` as free space. */
  #extend(end: number): void {
    const size = Math.floor(end / alignment) * alignment - this.#end;
    if (size <= 0) return;
    const block: Block = { address: this.#end, size, free: false, previous: this.#last, next: undefined };
    if (this.#last !== undefined) this.#last.next = block;
    this.#last = block;
    this.#end += size;
    this.#release(block);
  }

  /** Marks a block free, merged with its free neighbours. */
  #release(block: Block): void {
    let whole = block;
    if (block.next?.free === true) {
      this.#unlist(block.next);
      this.#absorb(block, block.next);
    }
    if (block.previous?.free === true) {
      whole = block.previous;
      this.#unlist(whole);
      this.#absorb(whole, block);
    }
    whole.free = true;
    this.#enlist(whole);
  }

  /** Makes `block` as large as itself and its successor together. */
  #absorb(block: Block, next: Block): void {
    block.size += next.size;
    block.next = next.next;
    if (next.next !== undefined) next.next.previous = block;
    if (this.#last === next) this.#last = block;
  }

  /** Cuts `block` to `size`; what is left over becomes a free block. */
  #split(block: Block, size: number): void {
    if (block.size === size) return;
    const rest: Block = {
      address: block.address + size,
      size: block.size - size,
      free: true,
      previous: block,
      next: block.next,
    };
    if (block.next !== undefined) block.next.previous = rest;
    if (this.#last === block) this.#last = rest;
    block.next = rest;
    block.size = size;
    this.#enlist(rest);
  }

  #enlist(block: Block): void {
    const list = listOf(block.size);
    while (this.#lists.length <= list) this.#lists.push(new Set());
    this.#lists[list]?.add(block);
  }

  #unlist(block: Block): void {
    this.#lists[listOf(block.size)]?.delete(block);
  }
}
