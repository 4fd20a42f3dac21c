import { describe, expect, test } from "vitest";
import { DTypeError } from "../base/errors.ts";
import { currentEngine } from "../engine/default.ts";
import { arange, ones, tensor, zeros } from "./create.ts";
import { noGrad } from "./grad-mode.ts";
import type { Tensor } from "./tensor.ts";

const flush = (): Promise<void> => currentEngine().flush();

describe("in-place operations", () => {
  test.each<[string, (t: Tensor) => Tensor, number[]]>([
    ["add_", (t) => t.add_(1), [2, 3, 4]],
    ["add_ with alpha", (t) => t.add_(tensor([1, 1, 2]), { alpha: 3 }), [4, 5, 9]],
    ["sub_", (t) => t.sub_(tensor([1, 1, 2]), { alpha: 2 }), [-1, 0, -1]],
    ["sub_ a number", (t) => t.sub_(1, { alpha: 2 }), [-1, 0, 1]],
    ["mul_", (t) => t.mul_(tensor(2)), [2, 4, 6]],
    ["div_", (t) => t.div_(2), [0.5, 1, 1.5]],
    ["copy_, which broadcasts", (t) => t.copy_(tensor([7], { dtype: "int32" })), [7, 7, 7]],
    ["fill_", (t) => t.fill_(4), [4, 4, 4]],
    ["zero_", (t) => t.zero_(), [0, 0, 0]],
    ["lerp_", (t) => t.lerp_(tensor([3, 4, 5]), 0.5), [2, 3, 4]],
    ["addcmul_", (t) => t.addcmul_(tensor([1, 2, 3]), tensor([2, 2, 2]), { value: 2 }), [5, 10, 15]],
    ["addcdiv_", (t) => t.addcdiv_(tensor([1, 2, 3]), tensor([2, 2, 2]), { value: 2 }), [2, 4, 6]],
    ["clamp_", (t) => t.clamp_({ min: 1.5, max: 2.5 }), [1.5, 2, 2.5]],
  ])("%s", async (_, act, want) => {
    const t = tensor([1, 2, 3]);
    expect(act(t)).toBe(t);
    expect(await t.array()).toEqual(want);
    expect(t.dtype).toBe("float32");
  });

  test("one after the other, with and without a flush between", async () => {
    const t = tensor([1, 2]);
    t.add_(1).mul_(3);
    await flush();
    t.sub_(1);
    t.add_(t);
    await flush();
    expect(await t.array()).toEqual([10, 16]);
  });

  test("values taken before an update keep what they were", async () => {
    const t = tensor([1, 2]);
    const before = t.mul(10);
    t.add_(1);
    expect(await before.array()).toEqual([10, 20]);
    expect(await t.mul(10).array()).toEqual([20, 30]);
  });

  test("what does not fit is refused", () => {
    expect(() => tensor([1, 2, 3]).add_(ones([2, 3]))).toThrow(
      "add_: shape [2, 3] does not broadcast to [3], which stays the tensor's shape; reshape what is given, or compute a new",
    );
    expect(() => arange(3).mul_(0.5)).toThrow(
      'mul_: the result is float32, the tensor int32; convert it first with .to("float32")',
    );
    expect(() => arange(3).div_(2)).toThrow("div_: the result is float32, the tensor int32");
    expect(() => ones([2], { requiresGrad: true }).add_(1)).toThrow(
      "add_: the tensor has requiresGrad, and gradients are recorded; wrap it in noGrad(() => ...), or compute a new tensor",
    );
    expect(() => ones([2], { requiresGrad: true }).narrow(0, 0, 1).sub_(1)).toThrow(
      "sub_: the tensor has requiresGrad",
    );
    expect(() => ones([2]).fill_("1" as unknown as number)).toThrow(
      'fill_: expected a tensor or a number, got "1"',
    );
  });

  test.each<[string, (t: Tensor, given: Tensor) => Tensor]>([
    ["add_", (t, given) => t.add_(given)],
    ["sub_", (t, given) => t.sub_(given, { alpha: 2 })],
    ["mul_", (t, given) => t.mul_(given)],
    ["div_", (t, given) => t.div_(given)],
    ["copy_", (t, given) => t.copy_(given)],
    ["lerp_", (t, given) => t.lerp_(given, 0.5)],
    ["lerp_", (t, given) => t.lerp_(t, given)],
    ["addcmul_", (t, given) => t.addcmul_(given, t)],
    ["addcdiv_", (t, given) => t.addcdiv_(t, given)],
  ])("%s names itself %#", (name, call) => {
    for (const shape of [[4], [5, 2, 3], [1, 1, 1]]) {
      expect(() => call(ones([2, 3]), ones(shape))).toThrow(
        `${name}: shape [${shape.join(", ")}] does not broadcast to [2, 3]`,
      );
    }
    const w = ones([2, 3], { requiresGrad: true });
    expect(() => call(w, ones([2, 3]))).toThrow(`${name}: the tensor has requiresGrad`);
    // A copy converts; everything else would drop fractions.
    if (name === "copy_") return;
    expect(() => call(ones([2, 3], { dtype: "int32" }), ones([3]))).toThrow(`${name}: the result is float32`);
  });

  test("a bool tensor takes bools, and no numbers in arithmetic", async () => {
    const mask = (): Tensor => tensor([true, false]);
    expect(
      await mask()
        .add_(tensor([true, true]))
        .array(),
    ).toEqual([true, true]);
    expect(
      await mask()
        .mul_(tensor([false, true]))
        .array(),
    ).toEqual([false, false]);
    expect(await mask().fill_(2).array()).toEqual([true, true]);
    expect(() => mask().add_(1)).toThrow(DTypeError);
    expect(() => mask().add_(1)).toThrow("add_: the result is int32, the tensor bool");
    expect(() => mask().clamp_({ min: 0 })).toThrow("clamp_: the result is int32, the tensor bool");
    expect(() => mask().sub_(tensor([true, true]))).toThrow(
      "sub_: there is no difference with a bool tensor",
    );
  });

  test("clamp_, fill_, zero_ and draws name themselves", () => {
    const w = ones([2], { requiresGrad: true });
    expect(() => w.clamp_({ min: 0 })).toThrow("clamp_: the tensor has requiresGrad");
    expect(() => ones([2]).clamp_({})).toThrow("clamp_: give min, max or both, as in x.clamp_({ min: 0 })");
    expect(() => w.fill_(1)).toThrow("fill_: the tensor has requiresGrad");
    expect(() => w.zero_()).toThrow("zero_: the tensor has requiresGrad");
    expect(() => w.uniform_()).toThrow("uniform_: the tensor has requiresGrad");
    expect(() => w.normal_()).toThrow("normal_: the tensor has requiresGrad");
  });
});

describe("in-place operations and gradients", () => {
  test("a leaf stays a leaf, with its gradient", async () => {
    const w = tensor([1, 2], { requiresGrad: true });
    noGrad(() => w.mul_(2));
    expect([w.isLeaf, w.requiresGrad]).toEqual([true, true]);
    w.square().sum().backward();
    expect(await w.grad?.array()).toEqual([4, 8]);
  });

  test("a leaf that was updated, used, and carried out by reading the loss before backward", async () => {
    const w = ones([3], { requiresGrad: true }).persist();
    await flush();
    noGrad(() => w.mul_(3));
    const loss = w.square().sum();
    expect(await loss.item()).toBe(27);
    loss.backward();
    expect(await w.grad?.array()).toEqual([6, 6, 6]);
  });

  test("updates of a result are part of its gradient, before and after a flush", async () => {
    for (const early of [false, true]) {
      const x = tensor([1, 2], { requiresGrad: true });
      const y = x.mul(2);
      y.mul_(x);
      if (early) expect(await y.array()).toEqual([2, 8]);
      y.sum().backward();
      expect(await x.grad?.array()).toEqual([4, 8]);
    }
  });

  test("inside noGrad a result changes its value and keeps its gradient", async () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const y = x.mul(3);
    noGrad(() => y.mul_(10));
    expect(y.requiresGrad).toBe(true);
    y.sum().backward();
    expect(await y.array()).toEqual([30, 60]);
    expect(await x.grad?.array()).toEqual([3, 3]);
  });

  test("an update of a part of a result", async () => {
    const x = tensor([1, 2, 3], { requiresGrad: true });
    const y = x.mul(1);
    y.narrow(0, 0, 2).mul_(5);
    y.sum().backward();
    expect(await y.array()).toEqual([5, 10, 3]);
    expect(await x.grad?.array()).toEqual([5, 5, 1]);
  });
});

describe("views share memory", () => {
  test.each<[string, (t: Tensor) => Tensor]>([
    ["reshape", (t) => t.reshape([4, 3])],
    ["permute", (t) => t.permute([1, 0])],
    ["transpose", (t) => t.transpose(0, 1)],
    ["t", (t) => t.t()],
    ["narrow", (t) => t.narrow(1, 1, 2)],
    ["select", (t) => t.select(0, -1)],
    ["slice", (t) => t.slice(1, 0, 4, { step: 2 })],
    ["slice to the end", (t) => t.slice(1, -1)],
    ["flatten", (t) => t.flatten()],
    ["unsqueeze and squeeze", (t) => t.unsqueeze(1).squeeze(1)],
    ["unflatten", (t) => t.unflatten(1, [2, 2])],
    ["detach", (t) => t.detach()],
    ["split", (t) => t.split(2, 1)[1] as Tensor],
    ["chunk", (t) => t.chunk(2, 1)[0] as Tensor],
    ["index of positions", (t) => t.index([1])],
    ["views of views", (t) => t.permute([1, 0]).narrow(0, 1, 3).reshape([9]).slice(0, 1, 8, { step: 3 })],
  ])("%s", async (_, view) => {
    const base = arange(12).to("float32").reshape([3, 4]).clone();
    const v = view(base);
    const places = await view(arange(12).reshape([3, 4])).data();
    v.add_(100);
    const want = Float32Array.from({ length: 12 }, (_v, i) => i + (places.includes(i) ? 100 : 0));
    expect(await base.data()).toEqual(want);
    await flush();
    base.mul_(2);
    expect(await v.data()).toEqual(Float32Array.from(places, (i) => 2 * (want[i] as number)));
    await flush();
    v.zero_();
    expect(await base.data()).toEqual(want.map((value, i) => (places.includes(i) ? 0 : 2 * value)));
  });

  test("two views of one base see each other", async () => {
    const base = zeros([4]);
    const [a, b] = [base.narrow(0, 0, 3), base.narrow(0, 1, 3)];
    a.add_(1);
    b.add_(10);
    await flush();
    a.mul_(2);
    expect(await base.array()).toEqual([2, 22, 22, 10]);
    expect(await b.array()).toEqual([22, 22, 10]);
  });

  test("a view read after the base was carried out several times", async () => {
    const base = zeros([3]);
    const v = base.narrow(0, 0, 2);
    for (let i = 0; i < 3; i++) {
      base.add_(1);
      expect(v.shape).toEqual([2]);
      await flush();
    }
    expect(await v.array()).toEqual([3, 3]);
  });

  test("what is a copy does not write through", async () => {
    const base = arange(3);
    for (const copy of [base.clone(), base.flip([0]), base.repeat([2]), base.index([[0, 1]])]) copy.zero_();
    expect(await base.array()).toEqual([0, 1, 2]);
  });

  test("detach aliases a leaf: its update is not recorded and needs no noGrad", async () => {
    const w = tensor([1, 2], { requiresGrad: true });
    w.detach().mul_(5);
    expect([w.isLeaf, w.requiresGrad]).toEqual([true, true]);
    w.square().sum().backward();
    expect(await w.grad?.array()).toEqual([10, 20]);
    expect(w.detach().requiresGrad).toBe(false);
  });

  test("a view made outside noGrad keeps its gradient when it is seen inside", async () => {
    const w = tensor([1, 2, 3], { requiresGrad: true });
    const v = w.narrow(0, 1, 2);
    noGrad(() => {
      w.mul_(2);
      expect(v.shape).toEqual([2]);
      expect(v.requiresGrad).toBe(true);
    });
    v.square().sum().backward();
    expect(await w.grad?.array()).toEqual([0, 8, 12]);
  });
});

describe("random values in place", () => {
  test("uniform_ fills its range and normal_ has its mean and spread, inside a view too", async () => {
    const u = zeros([4096]).uniform_({ from: 2, to: 5 });
    expect(await u.min().item()).toBeGreaterThanOrEqual(2);
    expect(await u.max().item()).toBeLessThan(5);
    expect(await u.mean().item()).toBeCloseTo(3.5, 1);
    const base = zeros([2, 4096]);
    base.select(0, 1).normal_({ mean: -3, std: 2 });
    const rows = await base.std(1).array();
    expect(rows).toEqual([0, expect.closeTo(2, 0.5)]);
    expect(await base.select(0, 1).mean().item()).toBeCloseTo(-3, 0);
  });

  test("integers are refused", () => {
    expect(() => zeros([2], { dtype: "int32" }).normal_()).toThrow(
      'normal_: needs a float tensor, this one is int32; convert with .to("float32")',
    );
  });
});
