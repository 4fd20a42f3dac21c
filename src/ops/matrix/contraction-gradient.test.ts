import { expect, test } from "vitest";
import { expandCalls } from "../../graph/expand.ts";
import { walkGraph } from "../../graph/signature.ts";
import { F, randn, type Tensor } from "../../index.ts";

/** How many terms the sums of the contractions in a tensor's graph have. */
function termsOf(tensor: Tensor): number[] {
  const roots = [tensor.node];
  const { nodes } = expandCalls(walkGraph(roots), roots).graph;
  return nodes.flatMap(({ op }) =>
    op.kind === "contraction" ? [op.spec.sizes.slice(op.spec.outputs).reduce((a, b) => a * b, 1)] : [],
  );
}

test.each([1, 3])(
  "a convolution to one pixel, with a step of %i, is taken back by a product of matrices",
  async (stride) => {
    const [x, w] = [randn([4, 3, 5, 6]).requiresGrad_(), randn([7, 3, 5, 6])];
    const scale = randn([4, 7, 1, 1]);
    F.conv2d(x, w, { stride }).mul(scale).sum().backward();
    const gradient = x.grad as Tensor;
    expect(termsOf(gradient)).toEqual([7]);
    const expected = scale
      .reshape([4, 7])
      .matmul(w.reshape([7, 90]))
      .reshape([4, 3, 5, 6]);
    expect(await gradient.sub(expected).abs().max().item()).toBeLessThan(1e-5);
  },
);

test("a transposed convolution of one pixel is such a product", async () => {
  const [x, w] = [randn([4, 7, 1, 1]), randn([7, 3, 4, 4])];
  const y = F.convTranspose2d(x, w);
  expect(termsOf(y)).toEqual([7]);
  const expected = x
    .reshape([4, 7])
    .matmul(w.reshape([7, 48]))
    .reshape([4, 3, 4, 4]);
  expect(await y.sub(expected).abs().max().item()).toBeLessThan(1e-5);
});

test("one window of each residue is taken from between the zeros around the gradient", async () => {
  // Of five taps two meet the odd places, all of which are kept; of the even ones one in three is.
  const [x, w] = [randn([2, 3, 1, 1]), randn([3, 4, 5, 2])];
  const y = F.convTranspose2d(x, w, { stride: 2, padding: [1, 0] });
  const [n, h, v] = [2, 3, 2];
  expect(y.shape).toEqual([n, 4, h, v]);
  const [a, b, result] = [await x.data(), await w.data(), await y.data()];
  for (let i = 0; i < result.length; i++) {
    const [q, p, c, m] = [i % v, Math.floor(i / v) % h, Math.floor(i / v / h) % 4, Math.floor(i / v / h / 4)];
    let sum = 0;
    for (let k = 0; k < 3; k++)
      sum += (a[m * 3 + k] as number) * (b[((k * 4 + c) * 5 + p + 1) * 2 + q] as number);
    expect(result[i]).toBeCloseTo(sum, 4);
  }
});
