/** Reductions, scans and orders along random axes, against plain loops. */
import * as fc from "fast-check";
import type { DType } from "../../src/base/dtype.ts";
import type { Shape } from "../../src/base/shape.ts";
import type { Dims, Tensor } from "../../src/tensor/tensor.ts";
import { fromCoordinates, type Plain, read } from "../conformance/plain.ts";
import {
  type Draw,
  drawFrom,
  type Expected,
  named,
  numbers,
  pick,
  properties,
  refused,
  seeds,
  shapes,
  tensorOf,
} from "./harness.test-helper.ts";

interface Axes {
  readonly axes: readonly number[];
  /** As given to the method: undefined, one number, or a list. */
  readonly dim: Dims | undefined;
  readonly keepdim: boolean;
}

function axesOf(ndim: number, draw: Draw): Axes {
  const keepdim = draw(2) === 0;
  const all = Array.from({ length: ndim }, (_, d) => d);
  const form = draw(3);
  if (form === 0 || ndim === 0) return { axes: all, dim: undefined, keepdim };
  if (form === 1) {
    const axis = draw(ndim);
    return { axes: [axis], dim: named(axis, ndim, draw), keepdim };
  }
  const some = all.filter(() => draw(2) === 0);
  const axes = some.length === 0 ? [draw(ndim)] : some;
  const order = draw(2) === 0 ? axes : [...axes].reverse();
  return { axes, dim: order.map((d) => named(d, ndim, draw)), keepdim };
}

/** Every result from the list of elements that go into it. */
function reduced(x: Plain, { axes, keepdim }: Axes, of: (elements: readonly number[]) => number): Plain {
  const open = x.shape.map((s, d) => (axes.includes(d) ? 1 : s));
  const inner = x.shape.map((s, d) => (axes.includes(d) ? s : 1));
  const { data } = fromCoordinates(open, (i) =>
    of(
      fromCoordinates(inner, (j) =>
        read(
          x,
          i.map((v, d) => v + (j[d] as number)),
        ),
      ).data,
    ),
  );
  return { shape: keepdim ? open : open.filter((_, d) => !axes.includes(d)), data };
}

const total = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
const average = (list: readonly number[]): number => total(list) / list.length;

function spread(list: readonly number[], less: number): number {
  const centre = average(list);
  return total(list.map((v) => (v - centre) ** 2)) / Math.max(0, list.length - less);
}

interface Reduction {
  readonly name: "sum" | "mean" | "prod" | "var" | "std" | "any" | "all" | "amax" | "amin";
  readonly types: readonly DType[];
  readonly plain: (list: readonly number[]) => number;
  readonly result?: DType;
  readonly tolerance?: number;
  /** Whether there must be elements to choose from. */
  readonly chooses?: boolean;
}

const floats = ["float32", "float64"] as const;
const anything = ["float32", "float64", "int32", "uint8", "bool"] as const;

const reductions: readonly Reduction[] = [
  { name: "sum", types: ["float32", "float64", "int32"], plain: total },
  { name: "prod", types: ["float64", "int32"], plain: (list) => list.reduce((a, b) => a * b, 1) },
  { name: "mean", types: floats, plain: average, tolerance: 1e-5 },
  { name: "var", types: floats, plain: (list) => spread(list, 1), tolerance: 1e-4 },
  { name: "std", types: floats, plain: (list) => Math.sqrt(spread(list, 1)), tolerance: 1e-4 },
  { name: "any", types: anything, plain: (list) => Number(list.some((v) => v !== 0)), result: "bool" },
  { name: "all", types: anything, plain: (list) => Number(list.every((v) => v !== 0)), result: "bool" },
  { name: "amax", types: anything, plain: (list) => Math.max(...list), chooses: true },
  { name: "amin", types: anything, plain: (list) => Math.min(...list), chooses: true },
];

function elements(shape: Shape, dtype: DType, draw: Draw, name = ""): Plain {
  const least = dtype === "uint8" || dtype === "bool" ? 0 : name === "prod" ? -1 : -3;
  return numbers(shape, draw, least, dtype === "bool" || name === "all" ? 1 : name === "any" ? 0 : 3);
}

/** Every list of elements along an axis replaced by another one; null leaves the axis out. */
function alongAxis(
  x: Plain,
  axis: number,
  of: (list: readonly number[]) => readonly number[],
  length: number,
): Plain {
  const shape = x.shape.map((s, d) => (d === axis ? length : s));
  return fromCoordinates(shape, (i) => {
    const list = Array.from({ length: x.shape[axis] ?? 1 }, (_, k) =>
      read(
        x,
        i.map((v, d) => (d === axis ? k : v)),
      ),
    );
    return of(list)[i[axis] ?? 0] as number;
  });
}

/** Positions in the order of their elements; equal ones stay as they are. */
function order(list: readonly number[], descending: boolean): number[] {
  const sign = descending ? -1 : 1;
  return list.map((_, i) => i).sort((a, b) => sign * ((list[a] as number) - (list[b] as number)) || a - b);
}

properties("reductions", (holds) => {
  for (const { name, types, plain, result, tolerance = 0, chooses = false } of reductions) {
    holds(name, fc.tuple(shapes(), seeds), ([shape, seed]) => {
      const draw = drawFrom(seed);
      const dtype = pick(types, draw);
      const x = elements(shape, dtype, draw, name);
      const axes = axesOf(shape.length, draw);
      const t = tensorOf(x, dtype);
      const call = (dim?: Dims): Tensor => t[name](dim, { keepdim: axes.keepdim });
      refused(() => call(shape.length + 1), name.replace("am", "m"));
      if (shape.length > 0) refused(() => call([0, -shape.length]), name.replace("am", "m"));
      if (chooses && axes.axes.some((d) => shape[d] === 0)) {
        refused(() => call(axes.dim), name.slice(1));
        return [];
      }
      return [{ got: call(axes.dim), want: reduced(x, axes, plain), dtype: result ?? dtype, tolerance }];
    });
  }

  holds("max, min, argmax and argmin", fc.tuple(shapes(), seeds), ([shape, seed]) => {
    const draw = drawFrom(seed);
    const dtype = pick(anything, draw);
    const x = elements(shape, dtype, draw);
    const t = tensorOf(x, dtype);
    const best = pick(["max", "min"] as const, draw);
    const first = (list: readonly number[]): number => list.indexOf(Math[best](...list));
    const all = { axes: shape.map((_, d) => d), keepdim: false, dim: undefined };
    if (shape.includes(0)) {
      refused(() => t[best](), best);
      refused(() => t[`arg${best}`](), best);
    }
    const whole: Expected[] = shape.includes(0)
      ? []
      : [
          { got: t[best](), want: reduced(x, all, (list) => Math[best](...list)), dtype },
          { got: t[`arg${best}`](), want: reduced(x, all, first), dtype: "int32" },
        ];
    if (shape.length === 0) return whole;
    const axis = draw(shape.length);
    const [dim, keepdim] = [named(axis, shape.length, draw), draw(2) === 0];
    if (shape[axis] === 0) {
      refused(() => t[best](dim), best);
      refused(() => t[`arg${best}`](dim), best);
      return whole;
    }
    const { values, indices } = t[best](dim, { keepdim });
    const one = { axes: [axis], dim, keepdim };
    return [
      ...whole,
      { got: values, want: reduced(x, one, (list) => Math[best](...list)), dtype },
      { got: indices, want: reduced(x, one, first), dtype: "int32" },
      { got: t[`arg${best}`](dim, { keepdim }), want: reduced(x, one, first), dtype: "int32" },
    ];
  });

  holds("cumsum and cumprod", fc.tuple(shapes(), seeds), ([shape, seed]) => {
    const draw = drawFrom(seed);
    const dtype = pick(["float32", "float64", "int32"] as const, draw);
    const x = numbers(shape, draw, -2, 2);
    const t = tensorOf(x, dtype);
    refused(() => t.cumsum(shape.length + 1), "cumsum");
    const axis = draw(Math.max(1, shape.length));
    const dim = named(axis, Math.max(1, shape.length), draw);
    const scan = (combine: (a: number, b: number) => number): Plain =>
      alongAxis(
        x,
        axis,
        (list) => list.map((_, i) => list.slice(0, i + 1).reduce(combine)),
        shape[axis] ?? 1,
      );
    return [
      { got: t.cumsum(dim), want: scan((a, b) => a + b), dtype },
      { got: t.cumprod(dim), want: scan((a, b) => a * b), dtype },
    ];
  });

  holds("sort and argsort", fc.tuple(shapes(), seeds), ([shape, seed]) => {
    const draw = drawFrom(seed);
    const dtype = pick(["float32", "float64", "int32", "uint8"] as const, draw);
    const x = elements(shape, dtype, draw);
    const t = tensorOf(x, dtype);
    refused(() => t.sort({ dim: shape.length + 1 }), "sort");
    const axis = draw(Math.max(1, shape.length));
    const options = { dim: named(axis, Math.max(1, shape.length), draw), descending: draw(2) === 0 };
    const length = shape[axis] ?? 1;
    const places = alongAxis(x, axis, (list) => order(list, options.descending), length);
    const sorted = (list: readonly number[]): number[] =>
      order(list, options.descending).map((i) => list[i] as number);
    const { values, indices } = t.sort(options);
    return [
      { got: values, want: alongAxis(x, axis, sorted, length), dtype },
      { got: indices, want: places, dtype: "int32" },
      { got: t.argsort(options), want: places, dtype: "int32" },
    ];
  });

  holds("topk", fc.tuple(shapes(1), seeds), ([shape, seed]) => {
    const draw = drawFrom(seed);
    const dtype = pick(["float32", "float64", "int32", "uint8"] as const, draw);
    const x = elements(shape, dtype, draw);
    const t = tensorOf(x, dtype);
    const axis = draw(shape.length);
    const length = shape[axis] as number;
    const k = draw(length + 1);
    const options = { dim: named(axis, shape.length, draw), largest: draw(2) === 0 };
    refused(() => t.topk(length + 1, options), "topk");
    refused(() => t.topk(-1, options), "topk");
    refused(() => t.topk(0.5, options), "topk");
    const places = (list: readonly number[]): number[] => order(list, options.largest).slice(0, k);
    const { values, indices } = t.topk(k, options);
    const best = (list: readonly number[]): number[] => places(list).map((i) => list[i] as number);
    return [
      { got: values, want: alongAxis(x, axis, best, k), dtype },
      { got: indices, want: alongAxis(x, axis, places, k), dtype: "int32" },
    ];
  });
});
