import { describe, expect, test } from "vitest";
import { currentEngine } from "../engine/default.ts";
import { tensor, zeros } from "./create.ts";
import { detectAnomaly } from "./detect-anomaly.ts";
import { noGrad } from "./grad-mode.ts";
import type { Tensor } from "./tensor.ts";

const leaf = (values: number[]): Tensor => tensor(values, { requiresGrad: true });

/** The error that running `fn` gives. */
async function anomalyOf(fn: () => unknown): Promise<Error & { details: Record<string, unknown> }> {
  try {
    await detectAnomaly(fn);
  } catch (error) {
    return error as Error & { details: Record<string, unknown> };
  }
  throw new Error("nothing was found");
}

describe("the first gradient that is NaN is found", () => {
  test("the slope of sqrt at 0, times 0", async () => {
    const x = leaf([4, 0]);
    function rootOf(v: Tensor): Tensor {
      return v.sqrt();
    }
    const error = await anomalyOf(() => rootOf(x).mul(0).sum().backward());
    expect(error.name).toBe("ArgumentError");
    expect(error.message).toMatch(
      /^detectAnomaly: the gradient of Tensor\.sqrt for its operand of shape \[2\] is NaN, the first one in this backward pass\. It was called here:\n\s+at rootOf \(.*detect-anomaly\.test\.ts/,
    );
    expect(error.details).toEqual({ operation: "Tensor.sqrt", shape: [2] });
  });

  test("0 / 0, whose result is NaN already", async () => {
    const [a, b] = [leaf([1, 0]), leaf([2, 0])];
    const error = await anomalyOf(() => a.div(b).exp().sum().backward());
    expect(error.message).toContain("the gradient of Tensor.exp");
    expect(error.message).toContain("The result of Tensor.div was NaN already. It was called here:");
  });

  test("an infinite slope further back: a norm at 0", async () => {
    const x = leaf([0, 0]);
    const error = await anomalyOf(() => x.square().sum().sqrt().backward());
    expect(error.details.operation).toBe("Tensor.square");
    expect(error.message).toContain(
      "Before that, the gradient of Tensor.sqrt became infinite. It was called here:",
    );
  });

  test("p log p at 0", async () => {
    const p = leaf([0.5, 0]);
    const error = await anomalyOf(() => p.mul(p.log()).sum().backward());
    expect(error.details.operation).toBe("Tensor.log");
  });

  test("a where() after the operation, which comes too late", async () => {
    const x = leaf([1, 0]);
    const error = await anomalyOf(() => x.log().where(x.gt(0), 0).mul(x).sum().backward());
    expect(error.details.operation).toBe("Tensor.log");
  });
});

describe("when it is found", () => {
  test("in an async loop: at the next backward after a step", async () => {
    const w = leaf([1, 1]);
    let steps = 0;
    const error = await anomalyOf(async () => {
      for (; steps < 10; steps++) {
        w.grad = null;
        w.sqrt().mul(0).sum().backward();
        noGrad(() => w.sub_(steps === 3 ? w : zeros([2])));
        await w.data();
      }
    });
    // The fourth step makes w zero, the fifth has the gradient, the sixth finds it.
    expect(steps).toBe(5);
    expect(error.details.operation).toBe("Tensor.sqrt");
  });

  test("also when the function fails by itself, whose error is then the cause", async () => {
    const x = leaf([0]);
    const error = await anomalyOf(() => {
      x.sqrt().mul(0).sum().backward();
      throw new Error("the loss is no number");
    });
    expect(error.message).toContain("the gradient of Tensor.sqrt");
    expect(error.cause).toMatchObject({ message: "the loss is no number" });
  });

  test("operations from before are named without their place", async () => {
    const x = leaf([0]);
    const y = x.sqrt().mul(0).sum();
    const error = await anomalyOf(() => y.backward());
    expect(error.message).toContain("the gradient of sqrt for its operand of shape [1] is NaN");
    expect(error.message).toContain("It was made outside of detectAnomaly.");
  });
});

test("where all is well, the result comes back and nothing is left on", async () => {
  const x = leaf([1, 2]);
  const frames = Error.stackTraceLimit;
  const loss = await detectAnomaly(async () => {
    const y = x.log().sum();
    y.backward();
    return y.item();
  });
  expect(loss).toBeCloseTo(Math.log(2));
  expect(Error.stackTraceLimit).toBe(frames);
  expect(await x.grad?.array()).toEqual([1, 0.5]);
  const { programs } = currentEngine().stats;
  leaf([0]).sqrt().mul(0).sum().backward();
  expect(currentEngine().stats.programs).toBe(programs);
  await expect(detectAnomaly(() => Promise.reject(new Error("own")))).rejects.toThrow("own");
});

test("infinities alone are no anomaly, as in PyTorch", async () => {
  const x = leaf([0]);
  await detectAnomaly(() => x.log().sum().backward());
  expect(await x.grad?.array()).toEqual([Infinity]);
});

test("one inside the other: the inner one finds what is inside, the outer one the rest", async () => {
  const x = leaf([0]);
  const outer = await anomalyOf(async () => {
    await detectAnomaly(() => x.exp().sum().backward());
    x.sqrt().mul(0).sum().backward();
  });
  expect(outer.details.operation).toBe("Tensor.sqrt");
});
