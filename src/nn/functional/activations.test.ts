import { expect, test } from "vitest";
import { currentEngine } from "../../engine/default.ts";
import { randn, tensor, zeros } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";

test("another slope, alpha, beta or threshold compiles nothing", async () => {
  await currentEngine().flush();
  const compiled: number[] = [];
  for (let step = 1; step <= 4; step++) {
    const x = randn([5, 7], { requiresGrad: true });
    const y = F.softplus(F.elu(F.leakyRelu(x, { negativeSlope: 0.1 * step }), { alpha: step }), {
      beta: step,
      threshold: 10 * step,
    });
    y.sum().backward();
    await x.grad?.data();
    compiled.push(currentEngine().stats.compilations);
  }
  expect(new Set(compiled).size).toBe(1);
});

test("an option that is given as PyTorch takes it is refused, not passed over", () => {
  const x = zeros([2, 3]);
  const bare = 0.2 as unknown as object;
  expect(() => F.leakyRelu(x, bare)).toThrow(
    "leakyRelu: options are given as an object, { negativeSlope }; got 0.2",
  );
  expect(() => F.elu(x, null as unknown as object)).toThrow("elu: options are given as an object, { alpha }");
  expect(() => F.gelu(x, { form: "tanh" } as object)).toThrow(
    'gelu: there is no option "form"; there are { approximate }',
  );
  expect(() => F.softplus(x, { beta: -1 })).toThrow("softplus: beta must be a finite number above 0; got -1");
});

test("a promise of a tensor is told from a tensor", () => {
  const promise = Promise.resolve(zeros([2])) as unknown as Tensor;
  for (const fn of [F.relu, F.sigmoid, F.tanh, F.gelu, F.selu, F.silu, F.mish, F.hardswish, F.hardsigmoid])
    expect(() => fn(promise)).toThrow(/: input must be a tensor, got Promise; await it first$/);
});

test("integers become float32 where the result is no integer", async () => {
  const x = tensor([-2, 3], { dtype: "int32" });
  const y = F.leakyRelu(x, { negativeSlope: 0.25 });
  expect(y.dtype).toBe("float32");
  expect(await y.array()).toEqual([-0.5, 3]);
});
