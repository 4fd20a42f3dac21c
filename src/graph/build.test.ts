import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../engine/engine.ts";
import { createInterpreterDevice } from "../runtime/interpreter-device.ts";
import * as g from "./build.ts";
import { Node, withGradMode } from "./node.ts";
import type { ContractionSpec } from "./operation.ts";

let engine: Engine;
beforeAll(() => {
  engine = new Engine(createInterpreterDevice());
});
afterAll(() => engine.close());

const numbers = (shape: readonly number[], from = 1): Node => {
  const size = shape.reduce((p, s) => p * s, 1);
  return g.hostSource(
    Float32Array.from({ length: size }, (_, i) => ((i + from) % 17) - 8),
    shape,
    "float32",
  );
};

/** The same slice without looking at what it is a slice of. */
function plainSlice(
  x: Node,
  start: readonly number[],
  shape: readonly number[],
  step?: readonly number[],
): Node {
  return new Node({ kind: "slice", start, step: step ?? start.map(() => 1) }, [x], shape, x.dtype);
}

async function same(a: Node, b: Node): Promise<void> {
  expect(a.shape).toEqual(b.shape);
  expect([...(await engine.read(a))]).toEqual([...(await engine.read(b))]);
}

/** Kinds of the operations of a graph, from the result to the first operands. */
function chain(node: Node): string[] {
  const first = node.value === null ? node.inputs[0] : undefined;
  return [node.op.kind, ...(first === undefined ? [] : chain(first))];
}

describe("simplifications", () => {
  test("operations that change nothing are left out", () => {
    const x = numbers([2, 3]);
    expect(g.reshape(x, [2, 3])).toBe(x);
    expect(g.permute(x, [0, 1])).toBe(x);
    expect(g.expand(x, [2, 3])).toBe(x);
    expect(g.pad(x, [0, 0], [0, 0], 7)).toBe(x);
    expect(g.slice(x, [0, 0], [2, 3])).toBe(x);
    expect(g.cast(x, "float32")).toBe(x);
    const thin = numbers([1, 3]);
    expect(g.flip(thin, [0])).toBe(thin);
    expect(g.reduce("sum", thin, [0])).toBe(thin);
    expect(g.reduce("argmax", thin, [0])).not.toBe(thin);
  });

  test("a reshape of a reshape is one", async () => {
    const x = numbers([2, 3, 4]);
    const twice = g.reshape(g.reshape(x, [6, 4]), [4, 6]);
    expect(chain(twice)).toEqual(["reshape", "source"]);
    await same(twice, g.reshape(x, [4, 6]));
  });

  test("what is known, or can have hooks on its gradient, is not looked through", () => {
    const known = g.reshape(numbers([2, 3]), [6]);
    known.value = { kind: "host", data: new Float32Array(6), uses: 0 };
    expect(g.reshape(known, [3, 2]).inputs[0]).toBe(known);
    const x = numbers([2, 3]);
    x.requiresGrad = true;
    const between = g.reshape(x, [6]);
    expect(g.reshape(between, [3, 2]).inputs[0]).toBe(between);
  });

  test("an expanded constant is a constant", () => {
    expect(g.expand(g.constant(3, [1, 1], "float32"), [4, 5]).op).toEqual({ kind: "constant", value: 3 });
  });

  test("a slice of padding is padding of a slice", async () => {
    const size = fc.integer({ min: 1, max: 4 });
    const edge = fc.integer({ min: 0, max: 3 });
    const one = fc.record({
      size,
      before: edge,
      after: edge,
      from: fc.nat(9),
      count: fc.integer({ min: 1, max: 9 }),
    });
    const arbitrary = fc
      .tuple(one, one)
      .filter((axes) => axes.every((a) => a.from + a.count <= a.size + a.before + a.after));
    await fc.assert(
      fc.asyncProperty(arbitrary, async (axes) => {
        const x = numbers(axes.map((a) => a.size));
        const padded = (): Node =>
          g.pad(
            x,
            axes.map((a) => a.before),
            axes.map((a) => a.after),
            0.5,
          );
        const [start, shape] = [axes.map((a) => a.from), axes.map((a) => a.count)];
        await same(g.slice(padded(), start, shape), plainSlice(padded(), start, shape));
      }),
      { numRuns: 60, seed: 1 },
    );
    const inside = g.slice(g.pad(numbers([4]), [2], [2], 0), [3], [2]);
    expect(chain(inside)).toEqual(["slice", "source"]);
  });

  test("a slice with steps is left as it is", async () => {
    const padded = (): Node => g.pad(numbers([5]), [2], [1], 9);
    await same(g.slice(padded(), [1], [3], [3]), plainSlice(padded(), [1], [3], [3]));
  });

  test("a slice of a convolution is a convolution of slices", async () => {
    // (N, C, L) with a kernel of 3, stride 2 and dilation 2.
    const spec: ContractionSpec = {
      sizes: [2, 4, 5, 3, 3],
      outputs: 3,
      a: [
        { dims: [0], strides: [1] },
        { dims: [3], strides: [1] },
        { dims: [2, 4], strides: [2, 2] },
      ],
      b: [
        { dims: [1], strides: [1] },
        { dims: [3], strides: [1] },
        { dims: [4], strides: [1] },
      ],
    };
    const whole = (): Node => g.contraction(spec, numbers([2, 3, 13]), numbers([4, 3, 3], 5));
    for (const [start, shape] of [
      [
        [0, 0, 0],
        [1, 4, 5],
      ],
      [
        [1, 1, 2],
        [1, 2, 3],
      ],
      [
        [0, 3, 4],
        [2, 1, 1],
      ],
    ] as const) {
      const cut = g.slice(whole(), start, shape);
      expect(cut.op.kind).toBe("contraction");
      await same(cut, plainSlice(whole(), start, shape));
    }
  });
});

describe("shapes of results", () => {
  test("follow from the operation", () => {
    const x = numbers([2, 3, 8]);
    expect(g.reduce("sum", x, [0, 2]).shape).toEqual([1, 3, 1]);
    expect(g.reduce("argmax", x, [1]).dtype).toBe("int32");
    expect(g.compare("lt", x, x).dtype).toBe("bool");
    expect(g.window(x, 2, 3, 2, 1).shape).toEqual([2, 3, 3, 3]);
    expect(g.unwindow(g.window(x, 2, 3, 2, 1), 2, 8, 2, 1).shape).toEqual([2, 3, 8, 3]);
    expect(g.expand(numbers([3, 1]), [2, 3, 4]).shape).toEqual([2, 3, 4]);
    expect(g.permute(x, [2, 0, 1]).shape).toEqual([8, 2, 3]);
  });
});

describe("gradients on and off", () => {
  const leaf = (): Node => {
    const x = numbers([2]);
    x.requiresGrad = true;
    return x;
  };

  test("pass through float results only, and only where they are recorded", () => {
    const x = leaf();
    expect(g.unary("neg", x).requiresGrad).toBe(true);
    expect(g.cast(x, "int32").requiresGrad).toBe(false);
    expect(g.compare("lt", x, x).requiresGrad).toBe(false);
    expect(g.detach(x).requiresGrad).toBe(false);
    expect(withGradMode(false, () => g.unary("neg", x)).requiresGrad).toBe(false);
  });

  test("the mode comes back after an error", () => {
    expect(() =>
      withGradMode(false, () => {
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(g.unary("neg", leaf()).requiresGrad).toBe(true);
  });

  test("a gradient rule is kept only where a gradient can flow", () => {
    const rule = (): Node[] => [];
    expect(g.withGradient(numbers([2]), [numbers([2])], rule).custom).toBeNull();
    expect(g.withGradient(numbers([2]), [leaf()], rule).custom).toMatchObject({ rule });
  });
});
