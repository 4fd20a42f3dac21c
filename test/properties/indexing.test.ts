/** Picking and placing elements by position, against loops over all places. */
import * as fc from "fast-check";
import { contiguousStrides, type Shape } from "../../src/base/shape.ts";
import type { IndexItem, Tensor } from "../../src/tensor/tensor.ts";
import { fromCoordinates, type Plain, read } from "../conformance/plain.ts";
import {
  type Draw,
  drawFrom,
  fullShapes,
  named,
  numbers,
  pick,
  properties,
  refused,
  seeds,
  shapes,
  tensorOf,
} from "./harness.test-helper.ts";

/** The place along `axis` replaced. */
const moved = (i: readonly number[], axis: number, to: number): number[] =>
  i.map((v, d) => (d === axis ? to : v));

/** An index for gather and scatter: no larger than the tensor except along the axis. */
function indexFor(shape: Shape, axis: number, draw: Draw): Plain {
  const own = shape.map((s, d) => (d === axis ? draw(6) : draw(4) === 0 ? draw(s + 1) : s));
  return numbers(own, draw, 0, (shape[axis] as number) - 1);
}

/** Every element written one after the other, by `put(old, new)`. */
function scattered(
  x: Plain,
  axis: number,
  index: Plain,
  source: Plain,
  put: (a: number, b: number) => number,
): Plain {
  const data = [...x.data];
  const strides = contiguousStrides(x.shape);
  fromCoordinates(index.shape, (i) => {
    const to = moved(i, axis, read(index, i));
    const at = to.reduce((sum, v, d) => sum + v * (strides[d] as number), 0);
    data[at] = put(data[at] as number, read(source, i));
    return 0;
  });
  return { shape: x.shape, data };
}

/** x[items] as PyTorch defines it: positions drop their axes first, then all lists pick together. */
function indexed(x: Plain, items: readonly (number | Plain | null)[]): Plain {
  const full = [...items, ...x.shape.slice(items.length).map(() => null)];
  const left = full.flatMap((item, d) => (typeof item === "number" ? [] : [d]));
  const lists = full.filter((item) => item !== null && typeof item !== "number") as Plain[];
  const ndim = Math.max(0, ...lists.map((l) => l.shape.length));
  const joint = Array.from({ length: ndim }, (_, d) => {
    const own = lists.map((l) => l.shape[d - ndim + l.shape.length] ?? 1).filter((s) => s !== 1);
    return own[0] ?? 1;
  });
  const kept = left.filter((d) => full[d] === null);
  const picked = left.filter((d) => full[d] !== null);
  const at = picked.map((d) => left.indexOf(d));
  const adjacent = at.every((p, i) => i === 0 || p === (at[i - 1] as number) + 1);
  const lead = adjacent && at.length > 0 ? (at[0] as number) : 0;
  const others = kept.map((d) => x.shape[d] as number);
  const shape = [...others.slice(0, lead), ...joint, ...others.slice(lead)];
  const wrap = (v: number, d: number): number => (v < 0 ? v + (x.shape[d] as number) : v);
  return fromCoordinates(shape, (i) => {
    const together = i.slice(lead, lead + ndim);
    const rest = [...i.slice(0, lead), ...i.slice(lead + ndim)];
    return read(
      x,
      x.shape.map((_, d) => {
        const item = full[d];
        if (typeof item === "number") return wrap(item, d);
        if (item === null || item === undefined) return rest[kept.indexOf(d)] as number;
        const own = together.slice(ndim - item.shape.length);
        return wrap(
          read(
            item,
            own.map((v, k) => (item.shape[k] === 1 ? 0 : v)),
          ),
          d,
        );
      }),
    );
  });
}

function itemsFor(shape: Shape, draw: Draw): (number | Plain | null)[] {
  const joint = pick([[3], [2, 3], [1], [4], [0]], draw);
  const count = draw(3) > 0 ? shape.length : draw(shape.length + 1);
  return shape.slice(0, count).map((size) => {
    const form = draw(5);
    if (form < 2) return null;
    if (form === 2) return draw(2 * size) - size;
    const own = draw(4) === 0 ? joint.slice(joint.length - 1) : joint.map((s) => (draw(4) === 0 ? 1 : s));
    return numbers(own, draw, -size, size - 1);
  });
}

const asItem = (item: number | Plain | null, draw: Draw): IndexItem =>
  item === null || typeof item === "number"
    ? item
    : item.shape.length === 1 && draw(2) === 0
      ? item.data
      : tensorOf(item, "int32");

properties("indexing", (holds) => {
  holds(
    "index",
    fc.tuple(fullShapes(0, 5), seeds),
    ([shape, seed]) => {
      const draw = drawFrom(seed);
      const x = numbers(shape, draw, -99, 99);
      const t = tensorOf(x);
      const items = itemsFor(shape, draw);
      refused(() => t.index([...shape.map(() => null), 0]), "index");
      if (shape.length > 0) {
        refused(() => t.index([[shape[0] as number]]), "index");
        refused(() => t.index([[-(shape[0] as number) - 1]]), "index");
        refused(() => t.index([[0.5]]), "index");
        refused(() => t.index(shape.map((s, d) => (d === 0 ? [s] : [0, 0]))), "index");
        refused(() => t.index([tensorOf({ shape: [1], data: [0] })]), "index");
      }
      return [{ got: t.index(items.map((item) => asItem(item, draw))), want: indexed(x, items) }];
    },
    { runs: 400, onWasm: 100 },
  );

  holds("gather", fc.tuple(fullShapes(1, 4), seeds), ([shape, seed]) => {
    const draw = drawFrom(seed);
    const x = numbers(shape, draw, -99, 99);
    const t = tensorOf(x);
    const axis = draw(shape.length);
    const index = indexFor(shape, axis, draw);
    const at = tensorOf(index, "int32");
    refused(() => t.gather(axis, at.unsqueeze(0)), "gather");
    refused(() => t.gather(shape.length, at), "gather");
    refused(() => t.gather(axis, at.to("float32")), "gather");
    const beyond = { shape: shape.map(() => 1), data: [shape[axis] as number] };
    refused(() => t.gather(axis, tensorOf(beyond, "int32")), "gather");
    const want = fromCoordinates(index.shape, (i) => read(x, moved(i, axis, read(index, i))));
    return [{ got: t.gather(named(axis, shape.length, draw), at), want }];
  });

  holds("indexSelect", fc.tuple(fullShapes(1, 4), seeds), ([shape, seed]) => {
    const draw = drawFrom(seed);
    const x = numbers(shape, draw, -99, 99);
    const t = tensorOf(x);
    const axis = draw(shape.length);
    const size = shape[axis] as number;
    const index = numbers([draw(6)], draw, 0, size - 1);
    refused(() => t.indexSelect(axis, tensorOf({ shape: [1], data: [size] }, "int32")), "indexSelect");
    refused(() => t.indexSelect(axis, tensorOf({ shape: [1, 1], data: [0] }, "int32")), "indexSelect");
    refused(() => t.indexSelect(axis, tensorOf(index)), "indexSelect");
    const want = fromCoordinates(
      shape.map((s, d) => (d === axis ? index.data.length : s)),
      (i) => read(x, moved(i, axis, index.data[i[axis] as number] as number)),
    );
    return [{ got: t.indexSelect(named(axis, shape.length, draw), tensorOf(index, "int32")), want }];
  });

  holds("scatter and scatterAdd", fc.tuple(fullShapes(1, 4), seeds), ([shape, seed]) => {
    const draw = drawFrom(seed);
    const dtype = pick(["float32", "float64", "int32"] as const, draw);
    const x = numbers(shape, draw, -9, 9);
    const axis = draw(shape.length);
    const index = indexFor(shape, axis, draw);
    const source = numbers(
      index.shape.map((s) => s + draw(2)),
      draw,
      -9,
      9,
    );
    const [t, at, from] = [tensorOf(x, dtype), tensorOf(index, "int32"), tensorOf(source, dtype)];
    const dim = named(axis, shape.length, draw);
    const beyond = tensorOf({ shape: shape.map(() => 1), data: [shape[axis] as number] }, "int32");
    refused(() => t.scatter(dim, beyond, 1), "scatter");
    refused(() => t.scatterAdd(dim, beyond, t), "scatterAdd");
    refused(() => t.scatterAdd(dim, at.unsqueeze(0), from), "scatterAdd");
    refused(() => t.scatter(dim, at, from.to("bool")), "scatter");
    const single: Plain = { shape: index.shape, data: index.data.map(() => 5) };
    return [
      { got: t.scatter(dim, at, from), want: scattered(x, axis, index, source, (_, b) => b) },
      { got: t.scatter(dim, at, 5), want: scattered(x, axis, index, single, (_, b) => b) },
      { got: t.scatterAdd(dim, at, from), want: scattered(x, axis, index, source, (a, b) => a + b) },
    ];
  });

  holds("gather and index of tensors without elements", fc.tuple(shapes(1, 3), seeds), ([shape, seed]) => {
    const draw = drawFrom(seed);
    const t = tensorOf(numbers(shape, draw));
    const axis = draw(shape.length);
    const none = tensorOf(numbers(moved(shape, axis, 0), draw), "int32");
    const want: Plain = { shape: moved(shape, axis, 0), data: [] };
    const nulls: null[] = shape.slice(0, axis).map(() => null);
    const list: Tensor = tensorOf({ shape: [0], data: [] }, "int32");
    return [
      { got: t.gather(axis, none), want },
      { got: t.index([...nulls, []]), want },
      { got: t.indexSelect(axis, list), want },
    ];
  });
});
