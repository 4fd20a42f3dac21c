/**
 * The frame of a kernel under construction: its buffers as they come into use, its chunk variable, and the choice
 * of vector width.
 */

import type { DType } from "../../base/dtype.ts";
import type { Locals } from "../../kernel/build.ts";
import type { Kernel, Stmt } from "../../kernel/ir.ts";
import type { Target } from "../../kernel/program.ts";
import type { Buffer, LoweredCall } from "../plan.ts";
import type { Scalar } from "../scalar-body.ts";

/** Whether a register tile may have two dozen accumulators: with sixteen registers it has eight. */
export function isRoomy({ registers }: Pick<Target, "registers">): boolean {
  return registers >= 32;
}

/** Collects the buffers of one kernel; those that share a slot are one buffer. */
export class KernelBuffers {
  readonly list: Buffer[] = [];
  readonly #access: { read: boolean; write: boolean }[] = [];
  readonly #known: ReadonlyMap<number, Buffer>;

  /** `known` are the buffers that may come into use, by id. */
  constructor(known: ReadonlyMap<number, Buffer>) {
    this.#known = known;
  }

  /** Position of a buffer in the kernel's list. */
  use(buffer: number, access: "read" | "write"): number {
    const wanted = this.#get(buffer);
    let at = this.list.findIndex((b) => b === wanted || (b.slot !== null && b.slot === wanted.slot));
    if (at < 0) {
      at = this.list.length;
      this.list.push(wanted);
      this.#access.push({ read: false, write: false });
    }
    const now = this.#access[at];
    if (now !== undefined) now[access] = true;
    return at;
  }

  /** As `use`, for a buffer that is both read and written. */
  update(buffer: number): number {
    this.use(buffer, "read");
    return this.use(buffer, "write");
  }

  sizeOf(buffer: number): number {
    return this.#get(buffer).size;
  }

  dtypeOf(buffer: number): DType {
    return this.#get(buffer).dtype;
  }

  #get(buffer: number): Buffer {
    const found = this.#known.get(buffer);
    if (found === undefined) throw new Error(`schedule: buffer ${buffer} is unknown`);
    return found;
  }

  finish(
    name: string,
    chunks: number,
    chunk: Kernel["chunk"],
    body: readonly Stmt[],
    flops: number,
  ): LoweredCall {
    const buffers = this.list.map((b, i) => {
      const { read, write } = this.#access[i] as { read: boolean; write: boolean };
      return {
        dtype: b.dtype,
        size: b.size,
        ...(b.held !== undefined && { touched: b.held }),
        access: b.scratch === true ? "scratch" : read ? (write ? "readwrite" : "read") : "write",
      } as const;
    });
    return { kernel: { name, buffers, chunks, chunk, body, flops }, buffers: this.list };
  }
}

/** The local that carries the chunk number. */
export function chunkLocal(locals: Locals): Kernel["chunk"] {
  return locals.local("chunk", "i32");
}

/** Lanes to compute these scalars with: float64 stays scalar, so that all values have one width. */
export function lanesFor(scalars: readonly Scalar[], lanes: number): number {
  return scalars.some((s) => s.type === "f64") ? 1 : lanes;
}

/** Narrower vectors where a row is so short that wide ones would be half empty; a row of one or two has none. */
export function lanesAlong(extent: number, lanes: number): number {
  if (extent <= 2 && lanes > extent) return 1;
  let width = lanes;
  while (width > 4 && width % 2 === 0 && width / 2 >= extent) width /= 2;
  return width;
}

/** Elements that a chunk should at least hold, so that handing it out costs little beside its work. */
const chunkElements = 4096;
/** More chunks than this bring nothing on the machines in sight. */
const mostChunks = 64;

/** How many chunks to cut `elements` into. It never depends on the number of threads. */
export function chunkCount(elements: number, workPerElement = 1): number {
  const wanted = Math.floor((elements * Math.max(workPerElement, 1)) / chunkElements);
  return Math.max(1, Math.min(mostChunks, wanted));
}

/** Arithmetic operations among the scalars of a body. */
export function operationCount(scalars: readonly Scalar[]): number {
  return scalars.filter((s) => s.kind === "unary" || s.kind === "binary").length;
}
