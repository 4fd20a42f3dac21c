import { describe, expect, it } from "vitest";
import { constant, Locals, store, use } from "./build.ts";
import { DistinctKernels } from "./distinct.ts";
import type { Kernel } from "./ir.ts";
import { buffer, kernelOf } from "./run-kernel.test-helper.ts";

/** Fills a buffer with a value; its locals are numbered from `firstId`. */
function filling(value: number, { size = 8, firstId = 0, chunks = 2 } = {}): Kernel {
  const chunk = new Locals(firstId).local("chunk", "i32");
  return kernelOf(
    [buffer("float32", size, "write")],
    [store(0, use(chunk), constant(value, "f32"))],
    chunk,
    chunks,
  );
}

describe("DistinctKernels", () => {
  it("lists a kernel once, whatever its locals are called", () => {
    const kernels = new DistinctKernels();
    const first = filling(1);
    expect([first, filling(1, { firstId: 7 }), first].map((k) => kernels.add(k))).toEqual([0, 0, 0]);
    expect(kernels.list).toEqual([first]);
  });

  it("keeps kernels apart that differ only inside, and finds each of them again", () => {
    const kernels = new DistinctKernels();
    const values = [1, 2, 3, 2, 1, 3];
    expect(values.map((v) => kernels.add(filling(v)))).toEqual([0, 1, 2, 1, 0, 2]);
    expect(kernels.list).toHaveLength(3);
  });

  it("keeps kernels apart whose chunks or buffers differ", () => {
    const kernels = new DistinctKernels();
    const list = [filling(1), filling(1, { size: 9 }), filling(1, { chunks: 3 })];
    expect(list.map((k) => kernels.add(k))).toEqual([0, 1, 2]);
  });
});
