/** Compositions: what they cost, that their parts are found again, and that they mean the same as without. */
import { describe, expect, test } from "vitest";
import { backward } from "../autograd/backward.ts";
import * as g from "./build.ts";
import { expandCalls } from "./expand.ts";
import { type Node, observeNodes } from "./node.ts";
import { hashSignature, signatureOf, walkGraph } from "./signature.ts";
import { Composition, composite } from "./template.ts";

const source = (shape: readonly number[], requiresGrad = false): Node => {
  const node = g.hostSource(new Float32Array(shape.reduce((p, s) => p * s, 1)), shape, "float32");
  node.requiresGrad = requiresGrad;
  return node;
};

let built = 0;
const softened = composite(
  "test: softened",
  ([x, scale]: readonly [Node, Node | null], by: number): [Node, Node] => {
    built++;
    const e = g.unary("exp", x);
    const y = scale === null ? e : g.binary("mul", e, scale);
    return [g.binary("mul", y, g.constant(by, y.shape, y.dtype)), g.detach(g.reduce("sum", e, [0]))];
  },
);

const signature = (roots: readonly Node[]): number[] => signatureOf(walkGraph(roots), []);

/** What a graph is without calls. */
function primitives(roots: readonly Node[]): number[] {
  const { graph, of } = expandCalls(walkGraph(roots), roots);
  return signatureOf(
    graph,
    roots.map((r) => of(r).position),
  );
}

/** The same built while somebody watches every node: compositions give their parts then. */
function inline<T>(build: () => T): T {
  const before = observeNodes(() => {});
  try {
    return build();
  } finally {
    observeNodes(before);
  }
}

describe("a composition", () => {
  test("is one node and one for each of several results, and is built once for operands that are alike", () => {
    const before = built;
    for (let i = 0; i < 3; i++) {
      const x = source([4]);
      const [y, total] = softened([x, source([4])], 2);
      expect(walkGraph([y, total]).nodes).toHaveLength(2 + 1 + 2);
      expect([y.shape, total.shape]).toEqual([[4], [1]]);
    }
    expect(built - before).toBe(1);
  });

  test.each([
    ["another shape", () => softened([source([5]), source([5])], 2)],
    ["another number", () => softened([source([4]), source([4])], 3)],
    ["an operand that is absent", () => softened([source([4]), null], 2)],
    ["an operand that needs a gradient", () => softened([source([4], true), source([4])], 2)],
    ["another name", () => composite(`test: another ${built}`, softenedBody)([source([4]), source([4])], 2)],
  ] as const)("%s is another structure", (_, call) => {
    const usual = softened([source([4]), source([4])], 2);
    expect(signature([...call()])).not.toEqual(signature([...usual]));
    expect(signature([...softened([source([4]), source([4])], 2)])).toEqual(signature([...usual]));
  });

  test("expands to the graph that it stands for", () => {
    const build = (): Node[] => {
      const [x, scale] = [source([4]), source([4])];
      const [y, total] = softened([x, scale], 2);
      const [z] = softened([g.unary("neg", y), null], 0.5);
      return [g.binary("add", z, g.expand(total, [4])), total];
    };
    const plain = inline(build);
    expect(plain.some((n) => n.op.kind === "result")).toBe(false);
    expect(primitives(build())).toEqual(primitives(plain));
  });

  test("shares what two calls have in common", () => {
    const x = source([4]);
    const [a] = softened([x, null], 2);
    const [b] = softened([x, null], 2);
    const { graph } = expandCalls(walkGraph([a, b]), [a, b]);
    expect(graph.nodes.filter((n) => n.op.kind === "unary")).toHaveLength(1);
  });

  test("keeps leaves, also those that no part reads", () => {
    const ignoring = composite("test: ignoring", ([x]: readonly [Node, Node]): [Node] => [g.unary("neg", x)]);
    const [x, unread] = [source([2]), source([3])];
    const [y] = ignoring([x, unread]);
    const { graph } = expandCalls(walkGraph([y]), [y]);
    expect(graph.leaves).toEqual([x, unread]);
    expect(graph.nodes).toHaveLength(2);
  });

  test("throws what its body throws, at every call, and is as before", () => {
    const picky = composite("test: picky", ([x]: readonly [Node]): [Node] => {
      if (x.shape.length !== 1) throw new RangeError("one dimension");
      return [g.unary("neg", x)];
    });
    for (let i = 0; i < 2; i++) expect(() => picky([source([2, 2])])).toThrow("one dimension");
    expect(picky([source([2])])[0].op.kind).toBe("call");
  });

  test("may mention no value but its operands", () => {
    const composition = new Composition("test: open");
    const other = source([2]);
    const call = (): unknown =>
      composition.call([source([2])], [], ([x]) => [g.binary("add", x as Node, other)]);
    expect(call).toThrow("a composition uses a source that is not among its operands");
    const number = (): unknown =>
      composition.call([source([])], [], ([x]) => [g.binary("add", x as Node, g.scalar(1, "float32"))]);
    expect(number).toThrow("a composition uses a scalar that is not among its operands");
  });

  test("holds for more shapes than are kept", () => {
    const doubled = composite("test: doubled", ([x]: readonly [Node]): [Node] => [g.binary("add", x, x)]);
    const first = signature([...doubled([source([1])])]);
    for (let n = 2; n < 600; n++) doubled([source([n])]);
    const again = [...doubled([source([1])])];
    // Built anew, so another number; the same parts all the same.
    expect(signature(again)).not.toEqual(first);
    expect(primitives(again)).toEqual(primitives(inline(() => [...doubled([source([1])])])));
  });

  test("has the same hash in every process", () => {
    const [y] = composite("test: stable", softenedBody)([source([4]), null], 2);
    expect(hashSignature(signature([y]))).toBe(1237679806);
  });
});

const softenedBody = ([x]: readonly [Node, Node | null], by: number): [Node, Node] => {
  const e = g.binary("mul", x, g.constant(by, x.shape, x.dtype));
  return [e, g.unary("neg", e)];
};

describe("its gradient", () => {
  const options = { retainGraph: false, createGraph: false };
  const gradientOf = (y: Node, x: Node, createGraph = false): Node => {
    const seed = g.constant(1, y.shape, y.dtype);
    const found = backward([{ node: y, seed }], (n) => n === x, {
      ...options,
      createGraph,
      retainGraph: createGraph,
    });
    return found.get(x) as Node;
  };

  test("is one node, and shares the parts of the call", () => {
    const [x, scale] = [source([4], true), source([4], true)];
    const [y] = softened([x, scale], 2);
    const gradient = gradientOf(y, x);
    expect(gradient.op.kind).toBe("result");
    const { graph } = expandCalls(walkGraph([y, gradient]), [y, gradient]);
    expect(graph.nodes.filter((n) => n.op.kind === "unary" && n.op.fn === "exp")).toHaveLength(1);
  });

  test("flows to no operand of a result that is detached, and to none that needs none", () => {
    const [x, scale] = [source([4], true), source([4])];
    const [y, total] = softened([x, scale], 2);
    expect([y.requiresGrad, total.requiresGrad]).toEqual([true, false]);
    expect(gradientOf(y, scale)).toBeUndefined();
    const other = source([4], true);
    expect(gradientOf(softened([other, scale], 2)[0], other).op.kind).toBe("call");
  });

  test("has a gradient again", () => {
    const x = source([4], true);
    const [y] = softened([x, null], 2);
    const first = gradientOf(y, x, true);
    expect(first.requiresGrad).toBe(true);
    const second = gradientOf(first, x, true);
    const { graph } = expandCalls(walkGraph([second]), [second]);
    expect(graph.nodes.filter((n) => n.op.kind === "unary" && n.op.fn === "exp")).toHaveLength(1);
    expect(graph.nodes.every((n) => n.op.kind !== "call" && n.op.kind !== "result")).toBe(true);
  });

  test("of two passes has two seeds", () => {
    const x = source([4], true);
    const [y] = softened([x, null], 2);
    const grad = (value: number): Node => {
      const seed = g.constant(value, [4], "float32");
      return backward([{ node: y, seed }], (n) => n === x, { ...options, retainGraph: true }).get(x) as Node;
    };
    const [once, thrice] = [grad(1), grad(3)];
    const { graph, of } = expandCalls(walkGraph([once, thrice]), [once, thrice]);
    expect(of(once)).not.toBe(of(thrice));
    expect(
      graph.nodes.filter((n) => n.op.kind === "constant").map((n) => "value" in n.op && n.op.value),
    ).toContain(3);
  });
});
