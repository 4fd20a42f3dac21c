/** Reductions under a condition: their loops run only where it holds, and in kernels without others. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngine, useEngine } from "../engine/default.ts";
import { recordPrograms } from "../engine/recorded-programs.test-helper.ts";
import { binary, compare, constant, expand, reduce, scalar, where } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import type { Stmt } from "../kernel/ir.ts";
import { randn, tensor } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";

/** The sum of squares and the largest along some axes where `limit` is above 1, and 0 and -Infinity where not. */
function lookedAt(x: Node, limit: Node, axes: readonly number[]): [Node, Node] {
  const condition = expand(compare("lt", constant(1, limit.shape, "float32"), limit), x.shape);
  const none = (value: number): Node => constant(value, x.shape, "float32");
  return [
    reduce("sum", where(condition, binary("mul", x, x), none(0)), axes),
    reduce("max", where(condition, x, none(Number.NEGATIVE_INFINITY)), axes),
  ];
}

const engine = createEngine({ engine: "wasm" });
beforeAll(() => void useEngine(engine));
afterAll(() => engine.close());

const loops = (body: readonly Stmt[], inside: boolean): number =>
  body.reduce((n, s) => {
    if (s.kind === "if") return n + loops(s.then, true) + loops(s.otherwise, true);
    return s.kind === "loop" ? n + (inside ? 1 : 0) + loops(s.body, inside) : n;
  }, 0);

describe.each([
  ["rows", [1]],
  ["columns", [0]],
  ["all", [0, 1]],
])("reductions over %s", (_, axes) => {
  test("run their loops in a condition, apart from others of the same operand", async () => {
    const programs = await recordPrograms(async (flush) => {
      const x = randn([256, 192]).persist();
      await flush("prepared");
      Tensor.of(reduce("sum", x.node, axes));
      for (const n of lookedAt(x.node, scalar(2, "float32"), axes)) Tensor.of(n);
    });
    const kernels = programs.flatMap((p) => p.kernels).filter((k) => !k.name.includes("combine"));
    const conditional = kernels.filter((k) => loops(k.body, false) > 0);
    expect([kernels.length, conditional.length]).toEqual([2, 1]);
    expect(conditional[0]?.buffers.filter((b) => b.access === "write")).toHaveLength(2);
  });

  test.each([
    ["holds", 2],
    ["does not hold", 1],
  ])("give what they should where it %s", async (_name, limit) => {
    const data = Float32Array.from({ length: 20 * 11 }, (_v, i) => ((i * 7) % 31) - 15);
    const x = tensor(data).reshape([20, 11]);
    const [sum, largest] = lookedAt(x.node, scalar(limit, "float32"), axes).map((n) => Tensor.of(n));
    const [all, most] = [x.mul(x).sum([...axes]), x.amax([...axes])];
    const found = [await (sum as Tensor).data(), await (largest as Tensor).data()].map((d) => Array.from(d));
    const full = [await all.data(), await most.data()].map((d) => Array.from(d));
    const empty = full.map((d, i) => d.map(() => (i === 0 ? 0 : Number.NEGATIVE_INFINITY)));
    expect(found).toEqual(limit > 1 ? full : empty);
  });
});

test("a condition that differs between elements is none", async () => {
  const programs = await recordPrograms(async (flush) => {
    const x = randn([64, 48]).persist();
    await flush("prepared");
    const positive = compare("lt", constant(0, x.shape, "float32"), x.node);
    Tensor.of(reduce("sum", where(positive, x.node, constant(0, x.shape, "float32")), [1]));
  });
  expect(programs.flatMap((p) => p.kernels).map((k) => loops(k.body, false))).toEqual([0]);
});
