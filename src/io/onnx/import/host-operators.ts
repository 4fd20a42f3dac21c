/**
 * Operators on numbers of the host: what shapes are computed with, and constants. Each is obvious rather than fast; results
 * have a limited number of elements, so that no file can ask for all memory.
 */
import { broadcastShapes, contiguousStrides, type Shape, sizeOf } from "../../../base/shape.ts";
import { type ElementType, elementTypeOf } from "../schema.ts";
import type { Operator, Run } from "./operator.ts";
import { reshapeDims, sliceRanges, splitLengths } from "./shapes.ts";
import { Host, hostOf, int64s, isFloatType } from "./values.ts";

/** Elements that a result on the host may have; what is larger is no shape. */
const mostHostElements = 1 << 20;

/** Numbers as their type holds them. */
function rounded(type: ElementType, data: Float64Array): Float64Array {
  if (type === "float32" || type === "float16" || type === "bfloat16") return data.map(Math.fround);
  return data;
}

function made(op: Operator, type: ElementType, shape: Shape, at: (i: number) => number): Host {
  return new Host(
    type,
    shape,
    rounded(
      type,
      Float64Array.from({ length: checkedSize(op, shape) }, (_, i) => at(i)),
    ),
  );
}

/** The number of elements. @throws ArgumentError for more than a constant may have */
function checkedSize(op: Operator, shape: Shape): number {
  const size = sizeOf(shape);
  if (size >= 0 && size <= mostHostElements && shape.every((s) => s >= 0)) return size;
  throw op.refuse(`a constant of shape [${shape.join(", ")}] is too large`);
}

/** Where element i of a result lies in an operand that is broadcast to the result's shape. */
function readerOf(host: Host, shape: Shape): (i: number) => number {
  if (host.data.length === 1) return () => host.data[0] as number;
  const own = contiguousStrides(host.shape);
  const all = contiguousStrides(shape);
  const lead = shape.length - host.shape.length;
  return (i) => {
    let at = 0;
    for (let d = Math.max(lead, 0); d < shape.length; d++) {
      const size = host.shape[d - lead] as number;
      if (size !== 1)
        at += (Math.floor(i / (all[d] as number)) % (shape[d] as number)) * (own[d - lead] as number);
    }
    return host.data[at] as number;
  };
}

const binary =
  (f: (a: number, b: number, isFloat: boolean) => number, type?: ElementType): Run =>
  (op) => {
    const [a, b] = [op.host(0), op.host(1)];
    const shape = broadcastShapes(a.shape, b.shape, op.node.opType);
    const [x, y] = [readerOf(a, shape), readerOf(b, shape)];
    const isFloat = isFloatType(a.type);
    return made(op, type ?? a.type, shape, (i) => f(x(i), y(i), isFloat));
  };

const variadic =
  (f: (a: number, b: number) => number): Run =>
  (op) => {
    const all = op.inputs.map((_, i) => op.host(i));
    const shape = all.reduce<Shape>((s, h) => broadcastShapes(s, h.shape, op.node.opType), []);
    const readers = all.map((h) => readerOf(h, shape));
    const [first] = all;
    if (first === undefined) throw op.refuse("has no operands");
    return made(op, first.type, shape, (i) => readers.map((r) => r(i)).reduce(f));
  };

const unary =
  (f: (x: number) => number, type?: ElementType): Run =>
  (op) => {
    const x = op.host(0);
    return made(op, type ?? x.type, x.shape, (i) => f(x.data[i] as number));
  };

const divide = (a: number, b: number, isFloat: boolean): number => {
  if (isFloat) return a / b;
  return b === 0 ? 0 : Math.trunc(a / b);
};

/** Elements with an index function over coordinates of the result. */
function picked(op: Operator, x: Host, shape: Shape, at: (index: readonly number[]) => number): Host {
  const strides = contiguousStrides(shape);
  const index = new Array<number>(shape.length).fill(0);
  return made(op, x.type, shape, (i) => {
    for (let d = 0; d < shape.length; d++)
      index[d] = Math.floor(i / (strides[d] as number)) % (shape[d] as number);
    return x.data[at(index)] as number;
  });
}

const dot = (index: readonly number[], strides: readonly number[]): number =>
  index.reduce((sum, v, d) => sum + v * (strides[d] as number), 0);

const gather: Run = (op) => {
  const [x, index] = [op.host(0), op.host(1)];
  const axis = op.axis(op.int("axis", 0), x.shape.length);
  const size = x.shape[axis] ?? 0;
  const shape = [...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)];
  const strides = contiguousStrides(x.shape);
  const inner = contiguousStrides(index.shape);
  return picked(op, x, shape, (at) => {
    const k = index.data[dot(at.slice(axis, axis + index.shape.length), inner)] as number;
    const place = k < 0 ? k + size : k;
    if (!(place >= 0 && place < size)) throw op.refuse(`index ${k} is out of range for ${size} elements`);
    return dot([...at.slice(0, axis), place, ...at.slice(axis + index.shape.length)], strides);
  });
};

const concat: Run = (op) => {
  const parts = op.inputs.map((_, i) => op.host(i));
  const [first] = parts;
  if (first === undefined) throw op.refuse("has no operands");
  const axis = op.axis(op.int("axis", 0), first.shape.length);
  const fits = parts.every(
    (p) =>
      p.shape.length === first.shape.length && p.shape.every((s, d) => d === axis || s === first.shape[d]),
  );
  if (!fits || first.shape.length === 0) throw op.refuse("the shapes of its operands do not fit");
  const total = parts.reduce((n, p) => n + (p.shape[axis] as number), 0);
  const shape = first.shape.map((s, d) => (d === axis ? total : s));
  const outer = sizeOf(first.shape.slice(0, axis));
  const data: number[] = [];
  checkedSize(op, shape);
  for (let o = 0; o < outer; o++) {
    for (const p of parts) {
      const run = p.data.length / outer;
      for (let i = 0; i < run; i++) data.push(p.data[o * run + i] as number);
    }
  }
  return new Host(first.type, shape, Float64Array.from(data));
};

const reshaped = (op: Operator, x: Host, shape: Shape): Host => {
  if (sizeOf(shape) !== x.data.length)
    throw op.refuse(`[${x.shape.join(", ")}] cannot become [${shape.join(", ")}]`);
  return new Host(x.type, shape, x.data);
};

const cast: Run = (op) => {
  const x = op.host(0);
  const type = elementTypeOf(op.int("to", 0));
  if (type === null || type === "string") throw op.refuse(`element type ${op.int("to", 0)} is not supported`);
  if (type === "bool") return made(op, type, x.shape, (i) => Number(x.data[i] !== 0));
  return made(op, type, x.shape, (i) =>
    isFloatType(type) ? (x.data[i] as number) : Math.trunc(x.data[i] as number),
  );
};

const slice: Run = (op) => {
  const x = op.host(0);
  const ranges = sliceRanges(op, x.shape);
  const strides = contiguousStrides(x.shape);
  const shape = ranges.map((r) => r.count);
  return picked(op, x, shape, (at) =>
    at.reduce((sum, v, d) => {
      const { start, step } = ranges[d] as (typeof ranges)[number];
      return sum + (start + v * step) * (strides[d] as number);
    }, 0),
  );
};

const constantOfShape: Run = (op) => {
  const value = op.get("value", "tensor")?.value;
  const fill = value === undefined ? new Host("float32", [1], Float64Array.of(0)) : hostOf(value);
  return made(op, fill.type, op.numbers(0), () => fill.data[0] ?? 0);
};

const range: Run = (op) => {
  const [start, limit, delta] = [op.host(0), op.host(1), op.host(2)].map((h) => h.data[0] as number) as [
    number,
    number,
    number,
  ];
  if (delta === 0) throw op.refuse("a step of 0 gets nowhere");
  const count = Math.max(Math.ceil((limit - start) / delta), 0);
  return made(op, op.host(0).type, [count], (i) => start + i * delta);
};

const transpose: Run = (op) => {
  const x = op.host(0);
  const perm = op.ints("perm") ?? x.shape.map((_, d) => x.shape.length - 1 - d);
  const strides = contiguousStrides(x.shape);
  const shape = perm.map((d) => x.shape[d] ?? -1);
  return picked(op, x, shape, (at) =>
    at.reduce((sum, v, d) => sum + v * (strides[perm[d] as number] as number), 0),
  );
};

const reduction =
  (f: (a: number, b: number) => number, start: number, average = false): Run =>
  (op) => {
    const x = op.host(0);
    const given = op.axes(1);
    if ((given === null || given.length === 0) && op.int("noop_with_empty_axes", 0) === 1) return x;
    const axes =
      given === null || given.length === 0
        ? x.shape.map((_, d) => d)
        : given.map((a) => op.axis(a, x.shape.length));
    const kept = x.shape.map((s, d) => (axes.includes(d) ? 1 : s));
    const strides = contiguousStrides(x.shape);
    const target = contiguousStrides(kept);
    const data = new Float64Array(sizeOf(kept)).fill(start);
    x.data.forEach((v, i) => {
      const at = x.shape.reduce(
        (sum, s, d) =>
          sum + (axes.includes(d) ? 0 : (Math.floor(i / (strides[d] as number)) % s) * (target[d] as number)),
        0,
      );
      data[at] = f(data[at] as number, v);
    });
    const count = x.data.length / Math.max(data.length, 1);
    const shape = op.int("keepdims", 1) === 1 ? kept : kept.filter((_, d) => !axes.includes(d));
    return made(op, x.type, shape, (i) => (data[i] as number) / (average ? count : 1));
  };

const where: Run = (op) => {
  const [c, a, b] = [op.host(0), op.host(1), op.host(2)];
  const shape = broadcastShapes(broadcastShapes(c.shape, a.shape, "Where"), b.shape, "Where");
  const [x, y, z] = [readerOf(c, shape), readerOf(a, shape), readerOf(b, shape)];
  return made(op, a.type, shape, (i) => (x(i) !== 0 ? y(i) : z(i)));
};

const split: Run = (op) => {
  const x = op.host(0);
  const axis = op.axis(op.int("axis", 0), x.shape.length);
  const strides = contiguousStrides(x.shape);
  let start = 0;
  return splitLengths(op, x.shape[axis] ?? 0).map((length) => {
    const from = start;
    start += length;
    const shape = x.shape.map((s, d) => (d === axis ? length : s));
    return picked(op, x, shape, (at) =>
      dot(
        at.map((v, d) => (d === axis ? v + from : v)),
        strides,
      ),
    );
  });
};

const expand: Run = (op) => {
  const x = op.host(0);
  const shape = broadcastShapes(x.shape, op.numbers(1), "Expand");
  const at = readerOf(x, shape);
  return made(op, x.type, shape, at);
};

const tile: Run = (op) => {
  const x = op.host(0);
  const times = op.numbers(1);
  const strides = contiguousStrides(x.shape);
  const shape = x.shape.map((s, d) => s * (times[d] ?? 1));
  return picked(op, x, shape, (at) =>
    at.reduce((sum, v, d) => sum + (v % (x.shape[d] as number)) * (strides[d] as number), 0),
  );
};

const squeeze: Run = (op) => {
  const x = op.host(0);
  const axes = op.axes(1)?.map((a) => op.axis(a, x.shape.length));
  return reshaped(
    op,
    x,
    x.shape.filter((s, d) => (axes === undefined ? s !== 1 : !axes.includes(d))),
  );
};

const unsqueeze: Run = (op) => {
  const x = op.host(0);
  const given = op.axes(1) ?? [];
  const rank = x.shape.length + given.length;
  const axes = given.map((a) => op.axis(a, rank));
  const rest = [...x.shape];
  return reshaped(
    op,
    x,
    Array.from({ length: rank }, (_, d) => (axes.includes(d) ? 1 : (rest.shift() as number))),
  );
};

const size = (v: boolean): number => Number(v);

/** Operators for operands that are all on the host. */
export const hostOperators: Readonly<Record<string, Run>> = {
  Identity: (op) => op.host(0),
  Cast: cast,
  Gather: gather,
  Concat: concat,
  Slice: slice,
  Split: split,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Reshape: (op) => reshaped(op, op.host(0), reshapeDims(op, op.host(0).shape)),
  Flatten: (op) => {
    const x = op.host(0);
    const axis = op.int("axis", 1) < 0 ? op.int("axis", 1) + x.shape.length : op.int("axis", 1);
    return reshaped(op, x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
  },
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  Range: range,
  ConstantOfShape: constantOfShape,
  Where: where,
  Shape: (op) => {
    const { shape } = op.host(0);
    return int64s(shape.slice(...shapeBounds(op, shape.length)));
  },
  Size: (op) => int64s([op.host(0).data.length], []),
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary(divide),
  Mod: (op) => {
    const c = op.int("fmod", 0) === 1;
    return binary((a, b) => (c ? a % b : b === 0 ? 0 : a - Math.floor(a / b) * b))(op);
  },
  Pow: binary((a, b) => a ** b),
  Min: variadic(Math.min),
  Max: variadic(Math.max),
  Sum: variadic((a, b) => a + b),
  Equal: binary((a, b) => size(a === b), "bool"),
  Greater: binary((a, b) => size(a > b), "bool"),
  GreaterOrEqual: binary((a, b) => size(a >= b), "bool"),
  Less: binary((a, b) => size(a < b), "bool"),
  LessOrEqual: binary((a, b) => size(a <= b), "bool"),
  And: binary((a, b) => size(a !== 0 && b !== 0), "bool"),
  Or: binary((a, b) => size(a !== 0 || b !== 0), "bool"),
  Not: unary((x) => size(x === 0), "bool"),
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Sqrt: unary(Math.sqrt),
  ReduceProd: reduction((a, b) => a * b, 1),
  ReduceSum: reduction((a, b) => a + b, 0),
  ReduceMax: reduction(Math.max, Number.NEGATIVE_INFINITY),
  ReduceMin: reduction(Math.min, Number.POSITIVE_INFINITY),
  ReduceMean: reduction((a, b) => a + b, 0, true),
};

/** First and last axis of `Shape`, as `slice` takes them. */
export function shapeBounds(op: Operator, rank: number): [number, number] {
  const at = (v: number): number => Math.min(Math.max(v < 0 ? v + rank : v, 0), rank);
  return [at(op.int("start", 0)), at(op.int("end", rank))];
}
