import { inspect } from "node:util";
import { expect, test } from "vitest";
import { currentEngine } from "../engine/default.ts";
import { arange, ones, randn, tensor, zeros } from "./create.ts";
import { noGrad } from "./grad-mode.ts";

test("item, array and data, waiting or blocking", async () => {
  const t = tensor([
    [1, 2],
    [3, 4],
  ]).mul(2);
  expect(await t.array()).toEqual([
    [2, 4],
    [6, 8],
  ]);
  expect(await t.data()).toEqual(Float32Array.of(2, 4, 6, 8));
  expect(await t.sum().item()).toBe(20);
  expect(t.add(1).arraySync()).toEqual([
    [3, 5],
    [7, 9],
  ]);
  expect(t.sum().itemSync()).toBe(20);
  expect(t.dataSync()).toEqual(Float32Array.of(2, 4, 6, 8));
  await expect(t.item()).rejects.toThrow(
    "item: needs a tensor of one element, got shape [2, 2]; use array() or data()",
  );
});

test("data is the caller's own: changing it changes no tensor", async () => {
  const t = tensor([1, 2, 3]);
  (await t.data())[0] = 99;
  expect(await t.array()).toEqual([1, 2, 3]);
});

test("a tensor is no number and no condition by accident", () => {
  expect(() => Number(tensor(1))).toThrow("a tensor is not a number: read it with await t.item()");
  const add = (value: unknown) => () => tensor([1]).add(value as number);
  expect(add("1")).toThrow('add: expected a tensor or a number, got "1"; make one with tensor(...)');
  expect(add([1, 2])).toThrow("add: expected a tensor or a number, got Array; make one with tensor(...)");
  expect(add(tensor(1).item())).toThrow("add: expected a tensor or a number, got Promise; await it first");
  expect(() => tensor([1]).mul_(undefined as unknown as number)).toThrow(
    "mul_: expected a tensor or a number",
  );
});

test("prints like PyTorch once the value is known", async () => {
  const t = tensor([1, 2]).add(0.5);
  expect(String(t)).toBe("tensor(<not computed yet>, shape=[2])");
  await t.data();
  expect(String(t)).toBe("tensor([1.5000, 2.5000])");
  expect(inspect(t)).toBe("tensor([1.5000, 2.5000])");
});

test("prints what is stored as well: parameters, gradients, and what was written in place", async () => {
  const w = tensor([1, 2]).persist().requiresGrad_();
  w.square().sum().backward();
  expect(String(w)).toBe("tensor(<not computed yet>, shape=[2], requiresGrad=true)");
  await currentEngine().flush();
  expect(String(w)).toBe("tensor([1., 2.], requiresGrad=true)");
  expect(inspect(w.grad)).toBe("tensor([2., 4.])");
  const x = zeros([2, 2]);
  x.select(0, 1).fill_(5);
  await x.data();
  expect(String(x)).toBe("tensor([[0., 0.],\n        [5., 5.]])");
  noGrad(() => w.add_(1));
  expect(String(w)).toBe("tensor(<not computed yet>, shape=[2], requiresGrad=true)");
  const running = currentEngine().flush();
  expect(String(w)).toBe("tensor(<not computed yet>, shape=[2], requiresGrad=true)");
  await running;
  expect(String(w)).toBe("tensor([2., 3.], requiresGrad=true)");
});

test("is written to JSON as lists once the value is known, and nothing is computed for it", async () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]).mul(0.5);
  expect(() => JSON.stringify({ x })).toThrow(
    "JSON.stringify: the values of this tensor (shape [2, 2]) are not known yet; give it what await t.array() gives",
  );
  const mask = x.gt(1);
  const sum = x.sum();
  await currentEngine().flush();
  expect(JSON.stringify({ x, mask, sum })).toBe(
    '{"x":[[0.5,1],[1.5,2]],"mask":[[false,false],[true,true]],"sum":5}',
  );
  expect(JSON.stringify(tensor([Number.NaN, 1]))).toBe("[null,1]");
  const w = ones([2]).persist();
  await currentEngine().flush();
  const written = JSON.parse(JSON.stringify({ w })) as { w: unknown };
  noGrad(() => w.add_(1));
  expect(written).toEqual({ w: [1, 1] });
  expect(() => JSON.stringify(w)).toThrow("not known yet");
});

test("small values made by user code stay readable after a step", async () => {
  const w = ones([3], { requiresGrad: true });
  const loss = w.mul(2).sum();
  const squares = w.square();
  noGrad(() => w.sub_(1));
  await currentEngine().flush();
  expect(await w.array()).toEqual([0, 0, 0]);
  expect(await loss.item()).toBe(6);
  expect(await squares.array()).toEqual([1, 1, 1]);
});

test("a large value whose inputs have changed is an error that names the fix: keep(), which a copy of a parameter does itself", async () => {
  const w = zeros([20_000]).add(1).persist();
  await currentEngine().flush();
  const [lost, kept, copy] = [w.mul(2), w.mul(3).keep(), w.clone()];
  w.add_(1);
  await currentEngine().flush();
  await expect(lost.data()).rejects.toThrow(
    /shape \[20000\].*Call \.keep\(\) on it before the update, or read it before/,
  );
  expect((await kept.data())[19_999]).toBe(3);
  expect((await copy.data())[19_999]).toBe(1);
  expect((await w.data())[0]).toBe(2);
});

test("a large value is computed again as long as its inputs are the same", async () => {
  const x = arange(20_000).to("float32");
  const y = x.mul(2);
  await currentEngine().flush();
  expect((await y.data())[10]).toBe(20);
  expect((await y.add(1).data())[10]).toBe(21);
});

test("empty tensors can be made, computed with and read", async () => {
  const e = zeros([0, 3]);
  expect(await e.add(1).array()).toEqual([]);
  expect(await e.sum().item()).toBe(0);
  expect(await e.sum(0).array()).toEqual([0, 0, 0]);
  expect(await e.prod().item()).toBe(1);
  expect(await e.mean().item()).toBeNaN();
  expect(await e.sum(1).array()).toEqual([]);
  expect(await zeros([0]).reshape([0, 5]).array()).toEqual([]);
  expect(
    await zeros([2, 0])
      .matmul(zeros([0, 3]))
      .array(),
  ).toEqual([
    [0, 0, 0],
    [0, 0, 0],
  ]);
  expect(() => e.max()).toThrow("max: a tensor of shape [0, 3] has no elements to choose from");
});

test("a second pass over the same graph compiles nothing", async () => {
  const pass = async (x: number): Promise<number> => tensor([x, 2]).mul(x).sum().item();
  expect(await pass(3)).toBe(15);
  const { compilations } = currentEngine().stats;
  expect(await pass(4)).toBe(24);
  expect(currentEngine().stats.compilations).toBe(compilations);
});

test("the result of many pending values is right", async () => {
  let t = randn([4]);
  const start = await t.data();
  for (let i = 0; i < 300; i++) t = t.add(1);
  const end = await t.data();
  end.forEach((v, i) => {
    expect(Math.abs(v - (start[i] as number) - 300)).toBeLessThan(1e-3);
  });
});
