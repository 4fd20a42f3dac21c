import { describe, expect, test } from "vitest";
import { currentEngine } from "../engine/default.ts";
import { AutogradFunction, type FunctionContext } from "./autograd-function.ts";
import { randn, tensor } from "./create.ts";
import { grad, noGrad } from "./grad-mode.ts";
import { gradcheck, gradgradcheck } from "./gradcheck.ts";
import type { Tensor } from "./tensor.ts";

const leaf = (values: number[]): Tensor => tensor(values, { requiresGrad: true });
const double = (shape: number[]): Tensor => randn(shape, { dtype: "float64", requiresGrad: true });

/** x ** n, with the exponent as a field of the context. */
class Power extends AutogradFunction {
  static forward(ctx: FunctionContext<[Tensor]> & { n?: number }, x: Tensor, n: number): Tensor {
    ctx.saveForBackward(x);
    ctx.n = n;
    return x.pow(n);
  }

  static backward(ctx: FunctionContext<[Tensor]> & { n?: number }, g: Tensor): [Tensor, null] {
    const [x] = ctx.savedTensors;
    const n = ctx.n ?? 0;
    return [g.mul(x.pow(n - 1)).mul(n), null];
  }
}

/** exp, whose gradient is made of its own result. */
class Exp extends AutogradFunction {
  static forward(ctx: FunctionContext<[Tensor]>, x: Tensor): Tensor {
    const y = x.exp();
    ctx.saveForBackward(y);
    return y;
  }

  static backward(ctx: FunctionContext<[Tensor]>, g: Tensor): Tensor {
    const [y] = ctx.savedTensors;
    return g.mul(y);
  }
}

/** Sum and product of two tensors, and which is larger. */
class SumAndProduct extends AutogradFunction {
  static calls = 0;

  static forward(ctx: FunctionContext<[Tensor, Tensor]>, a: Tensor, b: Tensor): [Tensor, Tensor, Tensor] {
    ctx.saveForBackward(a, b);
    return [a.add(b), a.mul(b), a.gt(b)];
  }

  static backward(
    ctx: FunctionContext<[Tensor, Tensor]>,
    gSum: Tensor,
    gProduct: Tensor,
    gLarger: Tensor,
  ): (Tensor | null)[] {
    SumAndProduct.calls++;
    expect(gLarger.shape).toEqual(gSum.shape);
    const [a, b] = ctx.savedTensors;
    const [needsA, needsB] = ctx.needsInputGrad;
    return [
      needsA === true ? gSum.add(gProduct.mul(b)) : null,
      needsB === true ? gSum.add(gProduct.mul(a)) : null,
    ];
  }
}

describe("a gradient of its own", () => {
  test("flows through backward, which sees saved tensors and fields of the context", async () => {
    const x = leaf([2, 3]);
    const y = Power.apply(x, 3);
    expect([y.requiresGrad, y.isLeaf]).toEqual([true, false]);
    expect(await y.array()).toEqual([8, 27]);
    y.mul(tensor([1, 10]))
      .sum()
      .backward();
    expect(await x.grad?.array()).toEqual([12, 270]);
  });

  test("need not be the true one: a straight-through estimator", async () => {
    class RoundThrough extends AutogradFunction {
      static forward(_: FunctionContext, x: Tensor): Tensor {
        return x.round();
      }
      static backward(_: FunctionContext, g: Tensor): Tensor {
        return g;
      }
    }
    const x = leaf([0.4, 1.6]);
    RoundThrough.apply(x).square().sum().backward();
    expect(await x.grad?.array()).toEqual([0, 4]);
  });

  test("may be null", async () => {
    class Blocked extends AutogradFunction {
      static forward(_: FunctionContext, x: Tensor): Tensor {
        return x;
      }
      static backward(): null {
        return null;
      }
    }
    const x = leaf([1, 2]);
    Blocked.apply(x).add(x).sum().backward();
    expect(await x.grad?.array()).toEqual([1, 1]);
  });

  test("agrees with differences, and so do second derivatives, through inputs and outputs that were saved", async () => {
    expect(await gradcheck((x) => Power.apply(x, 3), [double([3])])).toBe(true);
    expect(await gradgradcheck((x) => Power.apply(x, 3), [double([3])])).toBe(true);
    expect(await gradcheck((x) => Exp.apply(x), [double([2, 2])])).toBe(true);
    expect(await gradgradcheck((x) => Exp.apply(x), [double([2, 2])])).toBe(true);
    const x = tensor(0.5, { requiresGrad: true, dtype: "float64" });
    const [first] = grad(Exp.apply(x), x, { createGraph: true });
    const [second] = grad(first as Tensor, x);
    expect(await second?.item()).toBeCloseTo(Math.exp(0.5), 12);
  });
});

describe("several outputs", () => {
  test("meet in one call of backward, in float64 precision", async () => {
    const inputs = [double([3]), double([3])];
    expect(await gradcheck((a, b) => SumAndProduct.apply(a, b).slice(0, 2), inputs)).toBe(true);
    expect(await gradgradcheck((a, b) => SumAndProduct.apply(a, b).slice(0, 2), inputs)).toBe(true);
    const [a, b] = [leaf([1, 2]), leaf([10, 20])];
    SumAndProduct.calls = 0;
    const [sum, product, larger] = SumAndProduct.apply(a, b);
    expect(larger.requiresGrad).toBe(false);
    sum.add(product).sum().backward();
    expect(SumAndProduct.calls).toBe(1);
    expect(await a.grad?.array()).toEqual([11, 21]);
    expect(await b.grad?.array()).toEqual([2, 3]);
  });

  test("of which one is not used give zeros for it, and inputs without gradients are known", async () => {
    const a = leaf([1, 2]);
    const [, product] = SumAndProduct.apply(a, tensor([10, 20]));
    product.sum().backward();
    expect(await a.grad?.array()).toEqual([10, 20]);
  });
});

test("records nothing where no gradient is needed", () => {
  expect(Power.apply(tensor([1]), 2).requiresGrad).toBe(false);
  expect(noGrad(() => Power.apply(leaf([1]), 2)).requiresGrad).toBe(false);
});

test("a second backward pass is refused as for any graph", () => {
  const y = SumAndProduct.apply(leaf([1]), leaf([2]))[0].sum();
  y.backward();
  expect(() => y.backward()).toThrow(/^backward: this graph has already been used/);
});

test("saved tensors are as they were when they were saved", async () => {
  const w = leaf([3]);
  const y = Power.apply(w, 2).sum();
  noGrad(() => w.fill_(100));
  y.backward();
  expect(await w.grad?.array()).toEqual([6]);
});

test("steps of one structure compile once", async () => {
  const w = leaf([1, 2]);
  const step = async (): Promise<void> => {
    w.grad = null;
    SumAndProduct.apply(w, Exp.apply(w))[1].sum().backward();
    noGrad(() => w.sub_(w.grad as Tensor, { alpha: 0.01 }));
    await w.data();
  };
  for (let i = 0; i < 3; i++) await step();
  const before = currentEngine().stats.compilations;
  for (let i = 0; i < 3; i++) await step();
  expect(currentEngine().stats.compilations).toBe(before);
});

describe("wrong definitions are refused", () => {
  const returning = (gradients: unknown): (() => void) => {
    class Wrong extends AutogradFunction {
      static forward(_: FunctionContext, a: Tensor, b: Tensor): Tensor {
        return a.add(b);
      }
      static backward(): Tensor[] {
        return gradients as Tensor[];
      }
    }
    return () =>
      Wrong.apply(leaf([1, 2]), leaf([3]))
        .sum()
        .backward();
  };

  test("a gradient of another shape", () => {
    expect(returning([tensor([1, 2]), tensor([1, 2])])).toThrow(
      "Wrong.backward: gradient 1 has shape [2], input 1 of forward has [1]; they must be equal, so sum over what " +
        "forward broadcast",
    );
  });

  test("too few, of another type, or none at all", () => {
    expect(returning(tensor([1, 2]))).toThrow(
      "Wrong.backward: returned 1 gradients for the 2 inputs of forward; return one for each, null for those without",
    );
    expect(returning([tensor([1, 2]), 5])).toThrow(
      "Wrong.backward: gradient 1 must be a tensor or null, got number",
    );
    expect(returning([tensor([1, 2]), tensor([1], { dtype: "int32" })])).toThrow(
      "Wrong.backward: gradient 1 is int32; gradients are float32, as the input",
    );
  });

  test("methods that are missing, or give no tensor", () => {
    class Empty extends AutogradFunction {}
    const apply = (AutogradFunction.apply as (...inputs: unknown[]) => unknown).bind(Empty);
    expect(() => apply(leaf([1]))).toThrow("Empty.apply: the class needs a static method forward(ctx, ...)");
    class NoTensor extends AutogradFunction {
      static forward(): Tensor {
        return 3 as unknown as Tensor;
      }
      static backward(): null {
        return null;
      }
    }
    expect(() => NoTensor.apply()).toThrow("NoTensor.forward: must return a tensor or a list of tensors");
  });
});
