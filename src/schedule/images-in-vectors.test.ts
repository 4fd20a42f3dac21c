import { describe, expect, test } from "vitest";
import { expandCalls } from "../graph/expand.ts";
import { walkGraph } from "../graph/signature.ts";
import { F, type Tensor, zeros } from "../index.ts";
import type { Target } from "../kernel/program.ts";
import { imagesFillVectors } from "./images-in-vectors.ts";

/** The primitives that tensors are computed by. */
function primitivesOf(tensors: readonly Tensor[]) {
  const roots = tensors.map((t) => t.node);
  return expandCalls(walkGraph(roots), roots).graph.nodes;
}

/** Of a layer over images, and of its gradients, whether they have the images in vectors. */
function fills(shape: readonly number[], weight: readonly number[], layer: Layer, vectors: Vectors): boolean {
  const [x, w] = [zeros([...shape]).requiresGrad_(), zeros([...weight]).requiresGrad_()];
  layer(x, w).tanh().sum().backward();
  return imagesFillVectors(primitivesOf([w.grad as Tensor, x.grad as Tensor]), vectors);
}

type Vectors = Pick<Target, "lanes" | "halves" | "registers">;
type Layer = (x: Tensor, w: Tensor) => Tensor;

const few = { lanes: 4, registers: 16 };
const many = { lanes: 16, registers: 32 };
const inHalves = { ...many, halves: true };

describe("images fill vectors", () => {
  const conv: Layer = (x, w) => F.conv2d(x, w, { padding: 2 });
  test.each<[string, readonly number[], readonly number[], Layer, Vectors]>([
    ["six channels of sixteen lanes", [32, 6, 12, 12], [6, 6, 5, 5], conv, many],
    ["of eight, where those take half the time", [32, 6, 12, 12], [6, 6, 5, 5], conv, inHalves],
    ["of twice four", [32, 6, 12, 12], [6, 6, 5, 5], conv, few],
    ["a gradient of few channels", [32, 3, 12, 12], [16, 3, 5, 5], conv, many],
    ["results smaller than the window", [16, 6, 2, 2], [16, 6, 5, 5], conv, many],
    ["one axis", [16, 3, 30], [5, 3, 7], (x, w) => F.conv1d(x, w), many],
    ["steps of two pixels", [16, 3, 9, 9], [5, 3, 3, 3], (x, w) => F.conv2d(x, w, { stride: 2 }), many],
  ])("%s", (_, shape, weight, layer, vectors) => {
    expect(fills(shape, weight, layer, vectors)).toBe(true);
  });

  test.each<[string, readonly number[], readonly number[], Layer, Vectors]>([
    ["channels that fill vectors", [32, 16, 12, 12], [16, 16, 5, 5], conv, many],
    ["eight channels of eight lanes", [32, 8, 12, 12], [8, 8, 5, 5], conv, inHalves],
    ["seven of twice four", [32, 7, 12, 12], [7, 7, 5, 5], conv, few],
    ["one vector of four images", [4, 6, 12, 12], [6, 6, 5, 5], conv, few],
    ["a number of images that fills none", [24, 6, 12, 12], [6, 6, 5, 5], conv, many],
    ["sums of more terms than a cache holds", [16, 72, 8, 8], [6, 72, 5, 5], conv, many],
    ["large kernels", [16, 28, 8, 8], [24, 28, 5, 5], conv, many],
    ["groups", [16, 6, 12, 12], [6, 3, 5, 5], (x, w) => F.conv2d(x, w, { groups: 2 }), many],
    [
      "what goes by Winograd's algorithm",
      [16, 64, 32, 32],
      [64, 64, 3, 3],
      (x, w) => F.conv2d(x, w, { padding: 1 }),
      many,
    ],
    ["products of matrices", [16, 6], [6, 3], (x, w) => x.matmul(w), many],
  ])("not for %s", (_, shape, weight, layer, vectors) => {
    expect(fills(shape, weight, layer, vectors)).toBe(false);
  });
});
