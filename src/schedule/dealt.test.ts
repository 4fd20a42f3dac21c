import { describe, expect, test } from "vitest";
import { backward } from "../autograd/backward.ts";
import { sizeOf } from "../base/shape.ts";
import * as g from "../graph/build.ts";
import { expandCalls } from "../graph/expand.ts";
import { type Node, resolve } from "../graph/node.ts";
import { walkGraph } from "../graph/signature.ts";
import * as ops from "../ops/index.ts";
import { Tensor } from "../tensor/tensor.ts";
import { partsOf, placeOf } from "./dealt.ts";
import { rowMajorStrides } from "./order.ts";
import { schedule } from "./schedule.ts";

const source = (shape: readonly number[]): Node =>
  g.hostSource(new Float32Array(sizeOf(shape)), shape, "float32");

/** The input gradient of a convolution of one image, without padding, whose result is needed. */
function gradientOf(size: readonly number[], kernel: readonly number[], stride: readonly number[]): Node {
  const x = new Tensor(source([1, 3, ...size])).requiresGrad_().node;
  const ones = size.map(() => 1);
  const padding = size.map(() => [0, 0] as const);
  const geometry = { stride, dilation: ones, padding, groups: 1 };
  const y = ops.convolution(x, source([4, 3, ...kernel]), null, geometry, "conv2d");
  const roots = [{ node: ops.sum(ops.mul(y, y)), seed: g.constant(1, [], "float32") }];
  const found = backward(roots, (n) => n === x, { retainGraph: false, createGraph: false });
  return found.get(x) as Node;
}

/** The values in a graph that are dealt out, the last one first. */
function dealtIn(root: Node): Node[] {
  const { nodes } = expandCalls(walkGraph([root]), [root]).graph;
  return nodes.filter((n) => partsOf(n) !== null).reverse();
}

describe("a value that is dealt out", () => {
  test.each([
    { size: [8, 12], kernel: [2, 2], stride: [2, 2], count: 4 },
    { size: [9, 9], kernel: [3, 3], stride: [3, 3], count: 9 },
    { size: [8, 12], kernel: [1, 2], stride: [1, 2], count: 2 },
  ])("has as many parts as there are residues: $stride", ({ size, kernel, stride, count }) => {
    const [whole] = dealtIn(gradientOf(size, kernel, stride));
    const parts = partsOf(whole as Node);
    expect(parts?.size).toBe(count);
    // Every element of it is one of one part.
    const { shape } = whole as Node;
    const around = { id: 0, dtype: "float32", size: sizeOf(shape), slot: null } as const;
    const buffer = { ...around, strides: rowMajorStrides(shape) };
    const taken = new Set<number>();
    for (const [part, at] of parts ?? []) {
      const { strides, start, held } = placeOf(part, at, buffer);
      expect(held).toBe(sizeOf(part.shape));
      for (let i = 0; i < held; i++) {
        let [rest, place] = [i, start];
        for (let d = part.shape.length - 1; d >= 0; d--) {
          place += (rest % (part.shape[d] as number)) * (strides[d] as number);
          rest = Math.floor(rest / (part.shape[d] as number));
        }
        taken.add(place);
      }
    }
    expect([...taken].sort((a, b) => a - b)).toEqual(Array.from({ length: sizeOf(shape) }, (_, i) => i));
  });

  test("is none where there are zeros between the parts", () => {
    expect(dealtIn(gradientOf([8, 12], [1, 1], [2, 2]))).toEqual([]);
    expect(dealtIn(gradientOf([9, 9], [2, 2], [3, 3]))).toEqual([]);
  });

  test("is none where parts are added up", () => {
    const a = ops.matmul(source([6, 4]), source([4, 8]));
    const b = ops.matmul(source([6, 5]), source([5, 8]));
    expect(partsOf(resolve(g.binary("add", a, b)))).toBeNull();
    const overlapping = g.binary("add", g.pad(a, [0, 0], [6, 0], 0), g.pad(b, [5, 0], [1, 0], 0));
    expect(partsOf(resolve(overlapping))).toBeNull();
  });

  test("has no kernel of its own: what reads it reads the memory of all parts", () => {
    const root = ops.sum(ops.relu(gradientOf([16, 16], [2, 2], [2, 2])));
    const { graph, of } = expandCalls(walkGraph([root]), [root]);
    const { program } = schedule({
      ...graph,
      wanted: [{ node: of(root), leaf: null }],
      target: { lanes: 4, registers: 16, fma: false, prefetch: false },
    });
    const places = program.stages.flatMap(({ calls }) =>
      calls.flatMap(({ kernel, places }) => {
        const { name, buffers } = program.kernels[kernel] as (typeof program.kernels)[number];
        return places.map((p, i) => ({
          name,
          p: JSON.stringify(p),
          ...(buffers[i] as (typeof buffers)[number]),
        }));
      }),
    );
    const written = places.filter(
      ({ name, size, access }) => name === "contraction" && size === 768 && access === "write",
    );
    expect(written).toHaveLength(4);
    expect(new Set(written.map(({ p }) => p)).size).toBe(1);
    // Earlier calls may have used the same memory.
    const later = places.slice(places.lastIndexOf(written.at(-1) as (typeof written)[number]));
    const readers = later.filter(({ p, access }) => p === written[0]?.p && access === "read");
    expect(readers.map(({ name }) => name)).toEqual(["reduce"]);
  });
});
