import { describe, expect, test } from "vitest";
import { binaryFns, compareFns, reduceFns, unaryFns } from "../base/scalar.ts";
import * as g from "./build.ts";
import type { DeviceStorage, Node } from "./node.ts";
import type { ContractionSpec, Operation } from "./operation.ts";
import { hashSignature, sameSignature, signatureOf, walkGraph } from "./signature.ts";
import { composite } from "./template.ts";

const source = (shape: readonly number[], dtype: "float32" | "int32" | "float64" = "float32"): Node => {
  const size = shape.reduce((p, s) => p * s, 1);
  const data = dtype === "int32" ? new Int32Array(size) : new Float32Array(size);
  return g.hostSource(data, shape, dtype);
};
const storage: DeviceStorage = { device: {}, dtype: "float32", size: 6, address: 64, version: 0 };
const draw = (): Node[] => [0, 1, 2, 3].map((v) => g.scalar(v, "int32"));
const x = (): Node => source([2, 3, 4]);

const axis = (dim: number): { dims: number[]; strides: number[] } => ({ dims: [dim], strides: [1] });
const product = (spec: Partial<ContractionSpec>): Node => {
  const whole = { sizes: [2, 4, 3], outputs: 2, a: [axis(0), axis(2)], b: [axis(2), axis(1)], ...spec };
  return g.contraction(whole, source([5, 9]), source([9, 9]));
};

const scaled = composite("signature test: scaled", ([a]: readonly [Node], by: number): [Node] => [
  g.binary("mul", a, g.constant(by, a.shape, a.dtype)),
]);
const both = composite("signature test: both", ([a]: readonly [Node]): [Node, Node] => [
  g.unary("neg", a),
  g.unary("exp", a),
]);

/** For each kind of operation, graphs that differ from each other in one thing only. */
const variants: Record<Exclude<Operation["kind"], "alias">, () => Node[]> = {
  source: () => [
    source([6]),
    source([2, 3]),
    source([3, 2]),
    source([6], "int32"),
    g.storageSource(storage, [6]),
  ],
  scalar: () => [g.scalar(1, "float32"), g.scalar(1, "int32"), g.reshape(g.scalar(1, "float32"), [1])],
  constant: () => [
    g.constant(0, [2], "float32"),
    g.constant(-0, [2], "float32"),
    g.constant(Number.NaN, [2], "float32"),
    g.constant(0, [3], "float32"),
    g.constant(0, [2], "float64"),
    g.constant(0, [1, 2], "float32"),
  ],
  iota: () => [g.iota(3), g.iota(4)],
  random: () => [g.random(0, draw(), [4]), g.random(1, draw(), [4]), g.random(0, draw(), [2, 2])],
  unary: () => unaryFns.map((fn) => g.unary(fn, x())),
  binary: () => binaryFns.map((fn) => g.binary(fn, x(), x())),
  compare: () => compareFns.map((fn) => g.compare(fn, x(), x())),
  where: () => {
    const [a, b] = [x(), x()];
    const c = g.compare("lt", a, b);
    return [g.where(c, a, b), g.where(c, b, a), g.where(c, a, a)];
  },
  cast: () => [g.cast(x(), "float64"), g.cast(x(), "int32"), g.cast(x(), "bool")],
  bitcast: () => [g.bitcast(x(), "int32"), g.bitcast(source([2, 3, 4], "int32"), "float32")],
  reduce: () => [
    ...reduceFns.map((fn) => g.reduce(fn, x(), [0])),
    g.reduce("sum", x(), [1]),
    g.reduce("sum", x(), [0, 1]),
  ],
  gather: () => [0, 1].map((d) => g.gather(source([4, 4]), source([4, 4], "int32"), d)),
  scatterAdd: () =>
    [0, 1].map((d) => g.scatterAdd(source([4, 4]), source([4, 4], "int32"), source([4, 4]), d)),
  contraction: () => [
    product({}),
    product({ sizes: [3, 4, 3] }),
    product({ sizes: [2, 4, 4] }),
    product({ outputs: 1 }),
    product({ a: [axis(2), axis(0)] }),
    product({ a: [axis(0), { dims: [2], strides: [2] }] }),
    product({ a: [axis(0), { dims: [0, 2], strides: [1, 2] }] }),
    product({ a: [axis(0), { dims: [0, 2], strides: [2, 1] }] }),
    product({ b: [axis(2), { dims: [1], strides: [2] }] }),
  ],
  call: () => [
    ...[1, 2].map((by) => scaled([x()], by)[0]),
    scaled([source([3, 2, 4])], 1)[0],
    scaled([g.alias(source([6], "float64"))], 1)[0],
  ],
  result: () => [...both([x()])],
  reshape: () => [[24], [4, 6], [6, 4], [1, 24]].map((shape) => g.reshape(x(), shape)),
  permute: () =>
    [
      [1, 0, 2],
      [2, 1, 0],
      [0, 2, 1],
    ].map((axes) => g.permute(x(), axes)),
  expand: () =>
    [
      [2, 4],
      [3, 4],
      [2, 5],
    ].map((shape) => g.expand(source([1, 1]), shape)),
  pad: () => [
    g.pad(source([2]), [1], [0], 0),
    g.pad(source([2]), [0], [1], 0),
    g.pad(source([2]), [1], [0], 1),
    g.pad(source([2]), [1], [0], -Infinity),
  ],
  slice: () => [
    g.slice(source([8]), [0], [3]),
    g.slice(source([8]), [1], [3]),
    g.slice(source([8]), [0], [4]),
    g.slice(source([8]), [0], [3], [2]),
  ],
  flip: () => [[0], [1], [0, 1]].map((axes) => g.flip(x(), axes)),
  window: () => [
    g.window(source([9, 9]), 0, 3, 1, 1),
    g.window(source([9, 9]), 1, 3, 1, 1),
    g.window(source([9, 9]), 0, 2, 1, 1),
    g.window(source([9, 9]), 0, 3, 2, 1),
    g.window(source([9, 9]), 0, 3, 1, 2),
  ],
  unwindow: () => [
    g.unwindow(source([4, 4, 4]), 0, 9, 2, 1),
    g.unwindow(source([4, 4, 4]), 1, 9, 2, 1),
    g.unwindow(source([4, 4, 4]), 0, 8, 2, 1),
    g.unwindow(source([4, 4, 4]), 0, 9, 1, 1),
    g.unwindow(source([4, 4, 4]), 0, 9, 2, 2),
  ],
};

const signature = (...roots: Node[]): number[] => signatureOf(walkGraph(roots), []);

describe("signatures", () => {
  const all = Object.entries(variants).flatMap(([kind, make]) =>
    make().map((node, i) => ({ name: `${kind} ${i}`, list: signature(node) })),
  );

  test.each(Object.entries(variants))("%s: the same graph made again has an equal one", (_, make) => {
    const again = make().map((node) => signature(node));
    make().forEach((node, i) => {
      expect(sameSignature(signature(node), again[i] as number[])).toBe(true);
      expect(hashSignature(signature(node))).toBe(hashSignature(again[i] as number[]));
    });
  });

  test("no two of these graphs have equal ones, and few have equal hashes", () => {
    const clashes = all.flatMap((a, i) =>
      all
        .slice(0, i)
        .filter((b) => sameSignature(a.list, b.list))
        .map((b) => `${a.name} = ${b.name}`),
    );
    expect(clashes).toEqual([]);
    expect(new Set(all.map((a) => hashSignature(a.list))).size).toBeGreaterThan(all.length - 3);
  });

  test("values of leaves and scalars are not part of them", () => {
    const graph = (value: number, data: number): number[] =>
      signature(
        g.binary(
          "mul",
          g.hostSource(new Float32Array([data]), [1], "float32"),
          g.reshape(g.scalar(value, "float32"), [1]),
        ),
      );
    expect(graph(1, 2)).toEqual(graph(3, 4));
  });

  test("operands count by identity: x * x is not x * y", () => {
    const [a, b] = [x(), x()];
    expect(signature(g.binary("mul", a, a))).not.toEqual(signature(g.binary("mul", a, b)));
    const chained = (first: Node, second: Node): Node => g.binary("add", g.binary("sub", first, second), a);
    expect(signature(chained(a, b))).not.toEqual(signature(chained(b, a)));
  });

  test("aliases are looked through", () => {
    const a = x();
    expect(signature(g.unary("neg", g.alias(g.alias(a))))).toEqual(signature(g.unary("neg", a)));
  });

  test("what is wanted is part of them", () => {
    const walk = walkGraph([g.unary("neg", x())]);
    expect(signatureOf(walk, [1, -1])).not.toEqual(signatureOf(walk, [1, 0]));
  });

  test("positions do not depend on graphs walked before", () => {
    const shared = g.unary("exp", x());
    const root = g.binary("add", shared, g.unary("neg", x()));
    const first = signature(root);
    signature(g.unary("sin", x()), shared);
    expect(signature(root)).toEqual(first);
  });
});

describe("walking a graph", () => {
  test("gives operands before what uses them, each once, with its position", () => {
    const a = x();
    const b = g.unary("neg", a);
    const c = g.binary("add", b, b);
    const d = g.binary("mul", c, b);
    const { nodes, leaves } = walkGraph([d, c]);
    expect(nodes).toEqual([a, b, c, d]);
    expect(nodes.map((n) => n.position)).toEqual([0, 1, 2, 3]);
    expect(leaves).toEqual([a]);
  });

  test("ends at known values", () => {
    const b = g.unary("neg", x());
    const c = g.unary("exp", b);
    b.value = { kind: "host", data: new Float32Array(24), uses: 0 };
    expect(walkGraph([c]).nodes).toEqual([b, c]);
    expect(walkGraph([c]).leaves).toEqual([b]);
  });

  test("ends at an alias whose value is known, not at what it stands for", () => {
    const a = g.alias(g.unary("neg", x()));
    a.value = { kind: "host", data: new Float32Array(24), uses: 0 };
    expect(walkGraph([g.unary("exp", a)]).leaves).toEqual([a]);
  });

  test("takes graphs deeper than the call stack", () => {
    let node = x();
    for (let i = 0; i < 100_000; i++) node = g.unary("neg", node);
    expect(walkGraph([node]).nodes).toHaveLength(100_001);
  });
});
