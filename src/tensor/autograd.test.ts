import { describe, expect, test } from "vitest";
import { currentEngine } from "../engine/default.ts";
import { arange, ones, tensor } from "./create.ts";
import { enableGrad, grad, noGrad } from "./grad-mode.ts";
import { gradcheck, gradgradcheck } from "./gradcheck.ts";
import type { Tensor } from "./tensor.ts";

const leaf = (values: number[]): Tensor => tensor(values, { requiresGrad: true });

/** Read through a function, so that the compiler forgets what was assigned to `grad`. */
const gradientOf = async (x: Tensor): Promise<unknown> => x.grad?.array();

describe("backward", () => {
  test("sums gradients over uses and over passes", async () => {
    const x = leaf([1, 2]);
    x.mul(x).add(x).sum().backward();
    expect(await x.grad?.array()).toEqual([3, 5]);
    x.sum().backward();
    expect(await x.grad?.array()).toEqual([4, 6]);
    x.grad = null;
    x.mul(2).sum().backward();
    expect(await gradientOf(x)).toEqual([2, 2]);
  });

  test("takes the gradient of a tensor of several elements", async () => {
    const x = leaf([1, 2]);
    x.square().backward({ gradient: tensor([1, 10]) });
    expect(await x.grad?.array()).toEqual([2, 40]);
    expect(() => x.square().backward()).toThrow(
      "backward: a tensor of shape [2] needs { gradient }; only a single element is its own start",
    );
    expect(() => x.square().backward({ gradient: tensor([1]) })).toThrow(
      "backward: the gradient has shape [1], the tensor [2]; they must be equal",
    );
  });

  test("a second pass is an error, unless the graph was retained", async () => {
    const x = leaf([3]);
    const y = x.square().sum();
    y.backward({ retainGraph: true });
    y.backward();
    expect(await x.grad?.array()).toEqual([12]);
    expect(() => y.backward()).toThrow(/^backward: this graph has already been used by a backward pass/);
    expect(() => y.mul(2).backward()).toThrow(/^backward: this graph has already been used/);
  });

  test("what needs no gradient has none", () => {
    expect(() => tensor(1).backward()).toThrow("backward: this tensor needs no gradient");
    expect(() => noGrad(() => leaf([1]).sum()).backward()).toThrow("backward: this tensor needs no gradient");
    expect(noGrad(() => enableGrad(() => leaf([1]).sum())).requiresGrad).toBe(true);
    expect(leaf([1]).gt(0).requiresGrad).toBe(false);
    expect(leaf([1]).detach().mul(2).requiresGrad).toBe(false);
  });

  test("grad mode comes back after an error", () => {
    expect(() =>
      noGrad(() => {
        throw new Error("inside");
      }),
    ).toThrow("inside");
    expect(leaf([1]).mul(2).requiresGrad).toBe(true);
  });

  test("works after the values have been read", async () => {
    const x = leaf([1, 2]);
    const y = x.exp().sum();
    await y.item();
    y.backward();
    const g = (await x.grad?.data()) as Float32Array;
    expect(g[1]).toBeCloseTo(Math.exp(2), 4);
  });

  test("gradients over several flushes", async () => {
    const x = ones([3], { requiresGrad: true });
    for (let i = 1; i <= 3; i++) {
      x.mul(i).sum().backward();
      await currentEngine().flush();
    }
    expect(await x.grad?.array()).toEqual([6, 6, 6]);
  });

  test("leaves and results know what they are", () => {
    const x = leaf([1]);
    const y = x.mul(2);
    expect([x.isLeaf, y.isLeaf, tensor(1).isLeaf, y.requiresGrad]).toEqual([true, false, true, true]);
    expect(() => y.requiresGrad_(false)).toThrow("requiresGrad: this tensor is a result of others");
    expect(x.requiresGrad_(false).mul(2).requiresGrad).toBe(false);
  });
});

describe("hooks", () => {
  test("see the whole gradient, may replace it, and can be taken off", async () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    const seen: Tensor[] = [];
    const handle = y.registerHook((g) => {
      seen.push(g);
      return g.mul(10);
    });
    y.add(y).sum().backward();
    expect(await seen[0]?.array()).toEqual([2, 2]);
    expect(await x.grad?.array()).toEqual([60, 60]);
    handle.remove();
    x.grad = null;
    const z = x.mul(3);
    z.sum().backward();
    expect(await gradientOf(x)).toEqual([3, 3]);
    expect(seen.length).toBe(1);
    expect(() => tensor(1).registerHook(() => {})).toThrow("registerHook: this tensor needs no gradient");
  });

  test("on a leaf stay through updates, and go with their handle", async () => {
    const w = ones([2], { requiresGrad: true }).persist();
    let calls = 0;
    const handle = w.registerHook(() => {
      calls++;
    });
    for (let i = 0; i < 3; i++) {
      w.square().sum().backward();
      noGrad(() => w.sub_(0.1));
      await currentEngine().flush();
    }
    expect(calls).toBe(3);
    handle.remove();
    w.sum().backward();
    expect(calls).toBe(3);
  });

  test("registered after the tensor was used, through views and slices too", async () => {
    const x = leaf([1, 2, 3, 4]);
    const b = x.reshape([2, 2]);
    const c = b.reshape([4]).narrow(0, 0, 3);
    b.retainGrad();
    c.sum().backward();
    expect(await b.grad?.array()).toEqual([
      [1, 1],
      [1, 0],
    ]);
    const m = leaf([1, 2])
      .reshape([1, 2])
      .matmul(arange(6).to("float32").reshape([2, 3]));
    const part = m.narrow(1, 0, 2);
    m.retainGrad();
    part.sum().backward();
    expect(await m.grad?.array()).toEqual([[1, 1, 0]]);
  });

  test("retainGrad keeps the gradient of a result", async () => {
    const y = leaf([1, 2]).mul(2);
    y.retainGrad();
    y.square().sum().backward();
    expect(await y.grad?.array()).toEqual([4, 8]);
  });
});

describe("autograd.grad", () => {
  test("gives gradients without touching .grad, of any order", async () => {
    const x = tensor(2, { requiresGrad: true });
    const [dx] = grad([x.pow(4)], [x], { createGraph: true });
    const [ddx] = grad([dx as Tensor], [x], { createGraph: true });
    const [dddx] = grad([ddx as Tensor], [x]);
    expect([await dx?.item(), await ddx?.item(), await dddx?.item()]).toEqual([32, 48, 48]);
    expect(x.grad).toBeNull();
  });

  test("gradients with respect to results, weights, unused inputs", async () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    const [dy] = grad(y.square(), y, { gradOutputs: [tensor([1, 2])] });
    expect(await dy?.array()).toEqual([6, 24]);
    const other = leaf([1]);
    expect(grad(x.sum(), [other], { allowUnused: true })).toEqual([null]);
    expect(() => grad(x.sum(), [other])).toThrow("autograd.grad: the outputs do not depend on input 0");
    expect(() => grad(x, [x])).toThrow("autograd.grad: outputs of more than one element need gradOutputs");
  });

  test("backward with createGraph gives gradients that have gradients", async () => {
    const x = leaf([1, 2]);
    x.pow(3).sum().backward({ createGraph: true });
    const g = x.grad as Tensor;
    x.grad = null;
    g.sum().backward();
    expect(await gradientOf(x)).toEqual([6, 12]);
  });
});

describe("gradcheck", () => {
  const double = (values: number[]): Tensor => tensor(values, { dtype: "float64", requiresGrad: true });

  test("passes what is right, in both modes, and second derivatives", async () => {
    const x = double([0.3, -1.2, 2]);
    const fn = (t: Tensor): Tensor => t.tanh().mul(t);
    expect(await gradcheck(fn, [x])).toBe(true);
    expect(await gradcheck(fn, [x], { fastMode: true })).toBe(true);
    expect(await gradgradcheck(fn, [x])).toBe(true);
  });

  test("says where a gradient is wrong", async () => {
    const x = tensor(
      [
        [1, 2],
        [3, -4],
      ],
      { dtype: "float64", requiresGrad: true },
    );
    await expect(gradcheck((t) => t.mul(t.detach()), [x])).rejects.toThrow(
      /^gradcheck: the gradient of input 0 \(shape \[2, 2\]\) at \[0, 0\] is .*, finite differences give /,
    );
    await expect(gradcheck((t) => t.mul(t.detach()), [x], { fastMode: true })).rejects.toThrow(
      "leave fastMode out",
    );
  });

  test("refuses what it cannot judge", async () => {
    await expect(gradcheck((t) => t, [tensor([1])])).rejects.toThrow("gradcheck: no input has requiresGrad");
    await expect(gradcheck((t) => t, [leaf([1])])).rejects.toThrow(
      "gradcheck: input 0 is float32, too coarse",
    );
  });
});
