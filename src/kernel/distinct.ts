/** The kernels of a program, those that mean the same code once. */
import type { Kernel } from "./ir.ts";
import { kernelKey } from "./print.ts";

export class DistinctKernels {
  readonly list: Kernel[] = [];
  readonly #positions = new Map<Kernel, number>();
  /** Positions of kernels that have the same chunks and buffers. */
  readonly #alike = new Map<string, number[]>();
  readonly #keys: string[] = [];

  /** The position of a kernel in the list, or of one that means the same. */
  add(kernel: Kernel): number {
    const known = this.#positions.get(kernel);
    if (known !== undefined) return known;
    const outline = outlineOf(kernel);
    const alike = this.#alike.get(outline);
    const position = this.#same(kernel, alike ?? []) ?? this.list.push(kernel) - 1;
    if (alike === undefined) this.#alike.set(outline, [position]);
    else if (!alike.includes(position)) alike.push(position);
    this.#positions.set(kernel, position);
    return position;
  }

  /** A whole listing takes as long as lowering the kernel: it is made only of two that may be equal. */
  #same(kernel: Kernel, alike: readonly number[]): number | undefined {
    if (alike.length === 0) return undefined;
    const key = kernelKey(kernel);
    const same = alike.find((position) => this.#keyAt(position) === key);
    if (same === undefined) this.#keys[this.list.length] = key;
    return same;
  }

  #keyAt(position: number): string {
    const key = this.#keys[position] ?? kernelKey(this.list[position] as Kernel);
    this.#keys[position] = key;
    return key;
  }
}

/** A text that is equal for two kernels of the same code, quickly made. */
function outlineOf({ chunks, buffers, body }: Kernel): string {
  const declared = buffers.map((b) => `${b.access}${b.dtype}${b.size}`);
  return `${chunks} ${body.length} ${declared.join()}`;
}
