import { expect, test } from "vitest";
import { arange, ones, randn, tensor, zeros } from "./create.ts";

test("add", async () => {
  const a = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(await a.add(1).mul(a).array()).toEqual([
    [2, 6],
    [12, 20],
  ]);
  expect(await a.sum(0).array()).toEqual([4, 6]);
  expect(await a.sum().item()).toEqual(10);
  expect(await a.matmul(a).array()).toEqual([
    [7, 10],
    [15, 22],
  ]);
  const b = arange(60).to("float32").reshape([3, 4, 5]);
  expect(await b.permute([2, 0, 1]).sum([0, 2]).array()).toEqual([190, 590, 990]);
});
test("grad", async () => {
  const x = tensor(
    [
      [1, 2],
      [3, 4],
    ],
    { requiresGrad: true },
  );
  x.mul(x).sum().backward();
  expect(await x.grad?.array()).toEqual([
    [2, 4],
    [6, 8],
  ]);
});
test("matmul sizes", async () => {
  for (const [m, k, n] of [
    [5, 7, 9],
    [64, 784, 256],
    [33, 20, 10],
    [1, 5, 1],
    [128, 64, 128],
  ] as const) {
    const a = randn([m, k]),
      b = randn([k, n]);
    const [da, db, dc] = [await a.data(), await b.data(), await a.matmul(b).data()];
    let worst = 0;
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let s = 0;
        for (let t = 0; t < k; t++) s += da[i * k + t]! * db[t * n + j]!;
        worst = Math.max(worst, Math.abs(s - dc[i * n + j]!));
      }
    expect(worst).toBeLessThan(1e-3);
  }
});
