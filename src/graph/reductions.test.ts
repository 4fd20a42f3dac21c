/** Equal reductions are one, and extremes go through what keeps the order of elements, with the same values. */
import { describe, expect, test } from "vitest";
import { Tensor } from "../tensor/tensor.ts";
import * as g from "./build.ts";
import { expandCalls } from "./expand.ts";
import type { Node } from "./node.ts";
import { walkGraph } from "./signature.ts";
import { composite } from "./template.ts";

const values = [0.5, -3, 2, 7.25, -0.125, 4, -8, 1, 0, -6, 3, 2.5];
const source = (): Node => g.hostSource(Float32Array.from(values), [3, 4], "float32");
/** Three numbers, one for each row. */
const rows = (...numbers: number[]): Node =>
  g.expand(g.hostSource(Float32Array.from(numbers), [3, 1], "float32"), [3, 4]);

/** Smallest and largest along axis 1 of what `of` makes of operands, as one call. */
function extremes(name: string, of: (x: Node, c: Node) => Node): (x: Node, c: Node) => readonly Node[] {
  const made = composite(`test: extremes ${name}`, ([x, c]: readonly [Node, Node]): [Node, Node] => {
    const y = of(x, c);
    return [g.reduce("fmin", y, [1]), g.reduce("fmax", y, [1])];
  });
  return (x, c) => made([x, c]);
}

const orderly: readonly (readonly [string, (x: Node, c: Node) => Node])[] = [
  ["a sum", (x, c) => g.binary("add", x, c)],
  ["a sum the other way round", (x, c) => g.binary("add", c, x)],
  ["a difference", (x, c) => g.binary("sub", x, c)],
  ["what is taken away", (x, c) => g.binary("sub", c, x)],
  ["a product", (x, c) => g.binary("mul", x, c)],
  ["the larger", (x, c) => g.binary("max", x, c)],
  ["the smaller", (x, c) => g.alias(g.binary("min", c, x))],
  [
    "several",
    (x, c) => g.binary("max", g.binary("add", g.binary("mul", x, c), c), g.constant(0, [3, 4], "float32")),
  ],
];

/** What reductions read, of a graph without calls. */
function reduced(roots: readonly Node[]): Node[] {
  const { nodes } = expandCalls(walkGraph(roots), roots).graph;
  return nodes.filter((n) => n.op.kind === "reduce").map((n) => n.inputs[0] as Node);
}

describe("extremes", () => {
  test.each(orderly)("of %s are those of the operand, mapped", async (name, of) => {
    const c = [2, -1.5, 0] as const;
    const [low, high] = extremes(name, of)(source(), rows(...c)) as [Node, Node];
    for (const operand of reduced([low, high])) expect(operand.op.kind).toBe("source");
    const mapped = Array.from(await Tensor.of(of(source(), rows(...c))).data());
    const [lows, highs] = [await Tensor.of(low).data(), await Tensor.of(high).data()];
    for (const row of [0, 1, 2]) {
      const part = mapped.slice(4 * row, 4 * row + 4);
      expect([lows[row], highs[row]].map((v) => Number(v) + 0)).toEqual([
        Math.min(...part) + 0,
        Math.max(...part) + 0,
      ]);
    }
  });

  test.each([
    ["a square", (x: Node) => g.binary("mul", x, x)],
    ["an absolute value", (x: Node) => g.unary("abs", x)],
    [
      "another number for each element",
      (x: Node) => g.binary("add", x, g.cast(g.reshape(g.iota(12), [3, 4]), "float32")),
    ],
  ])("of %s are its own", (name, of) => {
    const [low, high] = extremes(`not ${name}`, of)(source(), rows(1, 2, 3)) as [Node, Node];
    for (const operand of reduced([low, high])) expect(operand.op.kind).not.toBe("source");
  });
});

test("equal reductions of several calls are one", () => {
  const mean = composite("test: mean", ([x]: readonly [Node]): [Node] => [
    g.binary("mul", g.reduce("sum", x, [1]), g.constant(0.25, [3, 1], "float32")),
  ]);
  const total = composite("test: total", ([x]: readonly [Node]): [Node] => [
    g.reduce("sum", g.reduce("sum", x, [1]), [0, 1]),
  ]);
  const x = source();
  expect(reduced([mean([x])[0], total([x])[0]])).toHaveLength(2);
});
