import { describe, expect, test } from "vitest";
import { zeros } from "../../tensor/create.ts";
import { Generator, manualSeed } from "../../tensor/generator.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Linear } from "../linear.ts";
import { orthogonal_ } from "./orthogonal.ts";

/** Largest distance of the Gram matrix of the shorter side from a multiple of the identity. */
async function distance(w: Tensor, scale: number): Promise<number> {
  const [rows, ...others] = w.shape as [number, ...number[]];
  const columns = others.reduce((a, b) => a * b, 1);
  const matrix = w.reshape([rows, columns]);
  const gram = rows < columns ? matrix.matmul(matrix.t()) : matrix.t().matmul(matrix);
  const n = Math.min(rows, columns);
  const data = Array.from(await gram.data());
  return data.reduce((worst, v, i) => Math.max(worst, Math.abs(v - (i % (n + 1) === 0 ? scale : 0))), 0);
}

describe("orthogonal_", () => {
  test.each([[[5, 5]], [[3, 7]], [[7, 3]], [[1, 4]], [[4, 1]], [[8, 3, 3, 3]], [[37, 2, 3]], [[64, 64]]])(
    "makes rows or columns of %j orthonormal",
    async (shape) => {
      manualSeed(3);
      const exact = zeros(shape, { dtype: "float64" });
      expect(orthogonal_(exact)).toBe(exact);
      expect(await distance(exact, 1)).toBeLessThan(1e-13);
      expect(await distance(orthogonal_(zeros(shape), { gain: 2 }), 4)).toBeLessThan(1e-5);
    },
  );

  test("is the same for the same seed, and records no gradient", async () => {
    const draw = (seed: number): Tensor => orthogonal_(zeros([3, 4]), { generator: new Generator(seed) });
    expect(await draw(5).data()).toEqual(await draw(5).data());
    expect(await draw(5).data()).not.toEqual(await draw(6).data());
    const { weight } = new Linear(4, 4);
    orthogonal_(weight);
    expect([weight.isLeaf, weight.requiresGrad]).toEqual([true, true]);
    expect(orthogonal_(zeros([0, 3])).shape).toEqual([0, 3]);
  });

  test("is uniform: the angle of a first column in the plane, and the sign of the determinant", async () => {
    const generator = new Generator(11);
    const quarters = [0, 0, 0, 0, 0, 0, 0, 0];
    let turns = 0;
    const n = 2000;
    for (let i = 0; i < n; i++) {
      const [a, b, c, d] = (await orthogonal_(zeros([2, 2]), { generator }).data()) as unknown as number[];
      const angle = Math.atan2(c as number, a as number) / (2 * Math.PI);
      const bin = Math.floor((angle - Math.floor(angle)) * 8);
      quarters[bin] = (quarters[bin] as number) + 1;
      if ((a as number) * (d as number) - (b as number) * (c as number) > 0) turns++;
    }
    const chiSquare = quarters.reduce((s, count) => s + (count - n / 8) ** 2 / (n / 8), 0);
    // 7 degrees of freedom: above 24.3 once in 1000 seeds.
    expect(chiSquare).toBeLessThan(24.3);
    expect(Math.abs(turns - n / 2)).toBeLessThan(3.3 * Math.sqrt(n / 4));
  });

  test("refuses vectors and integers", () => {
    expect(() => orthogonal_(zeros([3]))).toThrow("orthogonal_: needs 2 dimensions or more, got shape [3]");
    expect(() => orthogonal_(zeros([3, 3], { dtype: "int32" }))).toThrow(
      "orthogonal_: needs a float tensor, got int32",
    );
  });
});
