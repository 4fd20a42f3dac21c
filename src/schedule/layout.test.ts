import { describe, expect, test } from "vitest";
import * as g from "../graph/build.ts";
import { expandCalls } from "../graph/expand.ts";
import { type Node, resolve } from "../graph/node.ts";
import { walkGraph } from "../graph/signature.ts";
import * as ops from "../ops/index.ts";
import { type ContractionPlan, contractionPlan } from "./contraction-plan.ts";
import { layoutNodes } from "./layout.ts";
import { isRowMajor, rowMajor, stridesFor } from "./order.ts";
import type { Order } from "./plan.ts";

const source = (shape: readonly number[]): Node =>
  g.hostSource(new Float32Array(shape.reduce((p, s) => p * s, 1)), shape, "float32");

const same = {
  stride: [1, 1],
  dilation: [1, 1],
  padding: [
    [1, 1],
    [1, 1],
  ],
  groups: 1,
} as const;
const conv = (x: Node, filters: number): Node =>
  ops.convolution(x, source([filters, x.shape[1] as number, 3, 3]), null, same, "conv2d");

/** Orders of some nodes of the graph that they are the results of. */
function ordersOf(
  nodes: readonly Node[],
  wanted: readonly Node[] = [],
  updates: readonly Node[] = [],
): Order[] {
  const { graph, of } = expandCalls(walkGraph(nodes), nodes);
  const resolved = (list: readonly Node[]): Set<Node> => new Set(list.map((n) => resolve(of(n))));
  const [leaving, updated] = [resolved(wanted), resolved(updates)];
  const orders = layoutNodes(graph.nodes, {
    isWanted: (n) => leaving.has(n),
    isUpdate: (n) => updated.has(n),
    isWrittenOut: (n) => leaving.has(n) || updated.has(n),
    isSteady: () => false,
    imagesLast: false,
    target: { lanes: 4 },
  });
  return nodes.map((n) => orders[resolve(of(n)).position] as Order);
}

type Contraction = Node & { readonly op: { readonly kind: "contraction" } };

/** The only contraction that a value is computed with. */
function contractionIn(root: Node): Contraction {
  const { nodes } = expandCalls(walkGraph([root]), [root]).graph;
  const found = nodes.filter((n): n is Contraction => n.op.kind === "contraction");
  expect(found).toHaveLength(1);
  return found[0] as Contraction;
}

/** Order without axes of size 1, which lie anywhere. */
const significant = (order: Order, node: Node): number[] => order.filter((d) => node.shape[d] !== 1);

describe("orders and strides", () => {
  test("strides follow the order of the axes", () => {
    expect(stridesFor([2, 3, 4, 5], rowMajor(4))).toEqual([60, 20, 5, 1]);
    expect(stridesFor([2, 3, 4, 5], [0, 2, 3, 1])).toEqual([60, 1, 15, 3]);
  });

  test("axes of size 1 do not make an order another one", () => {
    expect(isRowMajor([1, 0, 2], [1, 3, 4])).toBe(true);
    expect(isRowMajor([1, 0, 2], [2, 3, 4])).toBe(false);
  });
});

describe("the layout of a network", () => {
  const x = source([2, 3, 8, 8]);

  test("convolutions give channels last, and what follows element by element keeps it", () => {
    const c = conv(x, 16);
    const relu = ops.relu(c);
    const biased = ops.add(relu, source([1, 16, 1, 1]));
    const second = conv(biased, 8);
    for (const order of ordersOf([c, relu, biased, second])) expect(order).toEqual([0, 2, 3, 1]);
  });

  test("pooling keeps channels last", () => {
    const pooled = ops.maxPool2d(conv(x, 16), {
      kernel: [2, 2],
      stride: [2, 2],
      padding: [0, 0],
      dilation: [1, 1],
      ceilMode: false,
    });
    const [order] = ordersOf([pooled.output]);
    expect(significant(order as Order, pooled.output)).toEqual([0, 2, 3, 1]);
  });

  test("what leaves the program element by element does so row-major", () => {
    const relu = ops.relu(conv(x, 16));
    expect(ordersOf([relu], [relu])).toEqual([[0, 1, 2, 3]]);
  });

  test("a permutation moves the order with the axes", () => {
    const c = conv(x, 16);
    // (N, H, W, C) of a value that lies channels last is row-major.
    expect(ordersOf([g.permute(c, [0, 2, 3, 1])])).toEqual([[0, 1, 2, 3]]);
  });

  test("a reshape carries the order where axes are split or joined in place, else it is row-major", () => {
    const c = conv(x, 16);
    const split = g.reshape(c, [2, 4, 4, 8, 8]);
    const joined = g.reshape(c, [2, 16, 64]);
    const mixed = g.reshape(c, [2, 8, 128]);
    expect(ordersOf([split, joined, mixed])).toEqual([
      [0, 3, 4, 1, 2],
      [0, 2, 1],
      [0, 1, 2],
    ]);
  });

  test("a window stands where its axis stood", () => {
    const c = conv(x, 16);
    expect(ordersOf([g.window(c, 3, 2, 2, 1)])).toEqual([[0, 2, 3, 4, 1]]);
  });

  test("a value follows the larger of its operands", () => {
    const c = conv(x, 16);
    const line = g.expand(source([1, 16, 1, 1]), [2, 16, 8, 8]);
    expect(ordersOf([g.binary("add", line, c)])).toEqual([[0, 2, 3, 1]]);
    expect(ordersOf([g.binary("add", x, x)])).toEqual([[0, 1, 2, 3]]);
  });

  test("a line of weights that is repeated has no say", () => {
    const [image, weights] = [source([2, 8, 5, 5]), source([8])];
    const line = g.expand(g.reshape(weights, [1, 8, 1, 1]), image.shape);
    expect(ordersOf([g.binary("mul", image, line), g.binary("mul", line, image)])).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]);
  });
});

describe("the plan of a contraction", () => {
  const plain = (n: Node): Order => rowMajor(n.shape.length);
  const planned = (node: Node, orderOf = plain, wanted = false, lanes = 4, steady?: Node): ContractionPlan =>
    contractionPlan(node, {
      orderOf,
      isWrittenOut: () => wanted,
      isSteady: (n) => n === steady,
      imagesLast: false,
      target: { lanes },
    });

  test("a matrix product reads rows of the first and vectors of the second operand", () => {
    const node = ops.matmul(source([5, 7]), source([7, 9]));
    expect(planned(node, plain, true, 4)).toMatchObject({
      rowOperand: 0,
      batch: [],
      rows: [0],
      columns: [1],
      summed: [2],
      order: [0, 1],
    });
  });

  test("a product whose last vectors would be nearly empty is turned", () => {
    // The first operand is stored by columns, so that its rows can be read as vectors.
    const node = ops.matmul(g.permute(source([32, 64]), [1, 0]), source([32, 17]));
    const byColumns = (n: Node): Order => (n.op.kind === "permute" ? [1, 0] : plain(n));
    expect(planned(node, byColumns, false, 16)).toMatchObject({ rowOperand: 1, columns: [0] });
    expect(planned(node, byColumns, true, 16)).toMatchObject({ rowOperand: 0, columns: [1] });
  });

  test("weights that need not be laid out at every run are read by vectors, where these are full", () => {
    const [pixels, weights] = [source([49, 64]), source([128, 64])];
    const node = ops.matmul(pixels, g.permute(weights, [1, 0]));
    const columns = node.inputs[1] as Node;
    const asTheyLie = (n: Node): Order => (n.op.kind === "permute" ? [1, 0] : plain(n));
    expect(planned(node, asTheyLie, false, 16, columns)).toMatchObject({ rowOperand: 0, columns: [1] });
    expect(planned(node, asTheyLie, false, 16)).toMatchObject({ rowOperand: 1, columns: [0] });
  });

  test("vectors run along groups of a single result where both operands have them side by side", () => {
    const image = source([2, 6, 5, 5]);
    const node = contractionIn(
      ops.convolution(image, source([6, 1, 3, 3]), null, { ...same, groups: 6 }, "conv2d"),
    );
    const channelsLast = (n: Node): Order => (n.op.kind === "pad" ? [0, 3, 4, 1, 2] : plain(n));
    const [images, group, filter, y, x] = [0, 1, 2, 3, 4];
    expect(planned(node, channelsLast)).toMatchObject({
      sharesColumns: true,
      rowOperand: 0,
      batch: [],
      rows: [images, y, x],
      columns: [filter, group],
    });
    expect(planned(node, plain)).toMatchObject({ sharesColumns: false, batch: [group] });
  });

  test("an image keeps its channels last unless turning it saves much", () => {
    const padding = [
      [0, 0],
      [0, 0],
    ] as const;
    // A 1 x 1 convolution whose weights cost about as much to lay out as its images.
    const node = contractionIn(
      ops.convolution(source([8, 64, 6, 6]), source([384, 64, 1, 1]), null, { ...same, padding }, "conv2d"),
    );
    const lies = (n: Node): Order => (n.shape.length === 4 && n.shape[0] === 8 ? [0, 2, 3, 1] : plain(n));
    expect(planned(node, lies, false, 16)).toMatchObject({ rowOperand: 0, order: [0, 2, 3, 1] });
  });

  test("every loop dimension is in exactly one list, whatever the operands' orders", () => {
    const image = source([2, 4, 6, 6]);
    const groups = { ...same, groups: 2 };
    const whole = contractionIn(conv(image, 8));
    const grouped = contractionIn(ops.convolution(image, source([6, 2, 3, 3]), null, groups, "conv2d"));
    for (const node of [whole, grouped]) {
      const { spec } = node.op;
      for (const order of [plain, (n: Node): Order => [...plain(n)].reverse()]) {
        const plan = planned(node, order, false, 4);
        const all = [...plan.batch, ...plan.rows, ...plan.columns, ...plan.summed];
        expect([...all].sort((a, b) => a - b)).toEqual(spec.sizes.map((_, d) => d));
        expect(plan.order).toEqual([...plan.batch, ...plan.rows, ...plan.columns]);
        expect(plan.summed.every((d) => d >= spec.outputs)).toBe(true);
      }
    }
    expect(planned(grouped, plain, false, 4).batch).toEqual([1]);
  });
});
