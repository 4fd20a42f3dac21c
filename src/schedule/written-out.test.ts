import { expect, test } from "vitest";
import * as g from "../graph/build.ts";
import { walkGraph } from "../graph/signature.ts";
import * as ops from "../ops/index.ts";
import { updatesOf } from "./written-out.ts";

const source = (shape: readonly number[]): ReturnType<typeof g.hostSource> =>
  g.hostSource(new Float32Array(shape.reduce((p, s) => p * s, 1)), shape, "float32");

test("what an assignment is made of, element by element, is an update; an activation that somebody looks at is none", () => {
  const [weight, rate] = [source([6, 4]), source([1, 1])];
  const activation = ops.relu(ops.matmul(source([5, 4]), source([4, 3])));
  const gradient = ops.matmul(source([6, 5]), source([5, 4]));
  const scaled = g.binary("mul", gradient, g.expand(rate, [6, 4]));
  const next = g.binary("sub", weight, scaled);
  const { nodes } = walkGraph([next, activation]);
  const found = updatesOf(nodes, [
    { node: next, leaf: 0 },
    { node: activation, leaf: null },
  ]);
  for (const node of [next, scaled, gradient]) expect(found.has(node)).toBe(true);
  for (const node of [activation, activation.inputs[0] as typeof activation, rate])
    expect(found.has(node)).toBe(false);
});
