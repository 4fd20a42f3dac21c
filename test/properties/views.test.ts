/** Changes of shape and order against "for each place of the result, which place of the operand". */
import * as fc from "fast-check";
import { type Shape, sizeOf } from "../../src/base/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
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

/** Gives what a method makes of a tensor, or refuses it itself where that is right. */
type Case = (x: Plain, t: Tensor, draw: Draw) => readonly Expected[];

/** The element of x at the place that `from` says for a place of the result. */
function view(x: Plain, shape: Shape, from: (index: readonly number[]) => readonly number[]): Plain {
  return fromCoordinates(shape, (i) => read(x, from(i)));
}

const mod = (a: number, n: number): number => ((a % n) + n) % n;

/** Some of the axes in random order; all of them now and then. */
function someAxes(ndim: number, draw: Draw): number[] {
  const left = Array.from({ length: ndim }, (_, d) => d);
  const order = left.map(() => left.splice(draw(left.length), 1)[0] as number);
  return order.slice(0, draw(ndim + 1));
}

const reshape: Case = (x, t, draw) => {
  const count = x.data.length;
  let rest = Math.max(count, 1);
  const shape: number[] = [];
  while (rest > 1 && shape.length < 5) {
    const divisors = Array.from({ length: rest }, (_, d) => d + 1).filter((d) => rest % d === 0);
    const size = shape.length === 4 ? rest : pick(divisors, draw);
    shape.push(size);
    rest /= size;
  }
  if (rest > 1) shape.push(rest);
  if (count === 0) shape.splice(draw(shape.length + 1), 0, 0);
  const wanted = [...shape];
  if (shape.length > 0 && draw(2) === 0) shape[draw(shape.length)] = -1;
  const at = shape.indexOf(-1);
  const others = sizeOf(shape.filter((s) => s !== -1));
  if (at >= 0 && others === 0) {
    refused(() => t.reshape(shape), "reshape");
    return [];
  }
  refused(() => t.reshape([...wanted, 2, 3, 5].slice(count === 0 ? -3 : 0)), "reshape");
  refused(() => t.reshape([-1, -1]), "reshape");
  const want = { shape: wanted.map((s, d) => (d === at ? count / others : s)), data: x.data };
  return [
    { got: t.reshape(shape), want },
    { got: t.view(shape), want },
  ];
};

const permute: Case = (x, t, draw) => {
  const ndim = x.shape.length;
  const left = x.shape.map((_, d) => d);
  const axes = x.shape.map(() => left.splice(draw(left.length), 1)[0] as number);
  refused(() => t.permute([...axes, 0]), "permute");
  if (ndim > 1) refused(() => t.permute(axes.map(() => 0)), "permute");
  const shape = axes.map((a) => x.shape[a] as number);
  const want = view(x, shape, (i) => x.shape.map((_, d) => i[axes.indexOf(d)] as number));
  return [{ got: t.permute(axes.map((a) => named(a, ndim, draw))), want }];
};

const transpose: Case = (x, t, draw) => {
  const ndim = x.shape.length;
  refused(() => t.transpose(0, ndim + 1), "transpose");
  if (ndim === 0) return [];
  const [a, b] = [draw(ndim), draw(ndim)];
  const swap = (list: readonly number[]): number[] =>
    list.map((v, d) => (d === a ? (list[b] as number) : d === b ? (list[a] as number) : v));
  const want = view(x, swap(x.shape), swap);
  return [{ got: t.transpose(named(a, ndim, draw), named(b, ndim, draw)), want }];
};

const squeeze: Case = (x, t, draw) => {
  const ndim = x.shape.length;
  refused(() => t.squeeze(ndim + 1), "squeeze");
  const axes = someAxes(ndim, draw);
  const without = (list: readonly number[]): Shape => x.shape.filter((s, d) => s !== 1 || !list.includes(d));
  const all = x.shape.map((_, d) => d);
  return [
    { got: t.squeeze(), want: { shape: without(all), data: x.data } },
    { got: t.squeeze(axes.map((a) => named(a, ndim, draw))), want: { shape: without(axes), data: x.data } },
  ];
};

const unsqueeze: Case = (x, t, draw) => {
  const ndim = x.shape.length;
  const at = draw(ndim + 1);
  refused(() => t.unsqueeze(ndim + 1), "unsqueeze");
  refused(() => t.unsqueeze(-ndim - 2), "unsqueeze");
  const shape = [...x.shape.slice(0, at), 1, ...x.shape.slice(at)];
  return [{ got: t.unsqueeze(named(at, ndim + 1, draw)), want: { shape, data: x.data } }];
};

const flatten: Case = (x, t, draw) => {
  const ndim = x.shape.length;
  if (ndim === 0) return [{ got: t.flatten(), want: { shape: [1], data: x.data } }];
  const [a, b] = [draw(ndim), draw(ndim)];
  if (a > b) {
    refused(() => t.flatten(a, b), "flatten");
    return [];
  }
  const shape = [...x.shape.slice(0, a), sizeOf(x.shape.slice(a, b + 1)), ...x.shape.slice(b + 1)];
  const got = t.flatten(named(a, ndim, draw), named(b, ndim, draw));
  return [
    { got, want: { shape, data: x.data } },
    { got: got.unflatten(a, x.shape.slice(a, b + 1)), want: x },
  ];
};

const expand: Case = (x, t, draw) => {
  const extra = Array.from({ length: draw(3) }, () => draw(4));
  const own = x.shape.map((s) => (s === 1 && draw(2) === 0 ? draw(4) : s));
  const asked = own.map((s, d) => (s === x.shape[d] && draw(2) === 0 ? -1 : s));
  const shape = [...extra, ...own];
  const grown = x.shape.findIndex((s) => s > 1);
  if (grown >= 0) {
    refused(() => t.expand(x.shape.map((s, d) => (d === grown ? s + 1 : s))), "expand");
    refused(() => t.expand(x.shape.slice(1)), "expand");
  }
  refused(() => t.expand([-1, ...x.shape]), "expand");
  const want = view(x, shape, (i) => i.slice(extra.length).map((v, d) => (x.shape[d] === 1 ? 0 : v)));
  return [{ got: t.expand([...extra, ...asked]), want }];
};

const repeat: Case = (x, t, draw) => {
  const times = Array.from({ length: x.shape.length + draw(2) }, () => draw(4));
  if (x.shape.length > 0) refused(() => t.repeat(x.shape.slice(1)), "repeat");
  refused(() => t.repeat([...x.shape.map(() => 1), -1]), "repeat");
  const open = [...times.map(() => 1).slice(x.shape.length), ...x.shape];
  const shape = open.map((s, d) => s * (times[d] as number));
  const lead = open.length - x.shape.length;
  const want = view(x, shape, (i) => i.slice(lead).map((v, d) => v % (x.shape[d] as number)));
  return [{ got: t.repeat(times), want }];
};

const flip: Case = (x, t, draw) => {
  const ndim = x.shape.length;
  const axes = someAxes(ndim, draw);
  refused(() => t.flip([ndim + 1]), "flip");
  if (ndim > 0) refused(() => t.flip([0, -ndim]), "flip");
  const want = view(x, x.shape, (i) =>
    i.map((v, d) => (axes.includes(d) ? (x.shape[d] as number) - 1 - v : v)),
  );
  return [{ got: t.flip(axes.map((a) => named(a, ndim, draw))), want }];
};

const roll: Case = (x, t, draw) => {
  const ndim = x.shape.length;
  const axes = someAxes(ndim, draw);
  const shifts = axes.map(() => draw(21) - 10);
  refused(() => t.roll([1, ...shifts], axes), "roll");
  const want = view(x, x.shape, (i) =>
    i.map((v, d) =>
      axes.includes(d) ? mod(v - (shifts[axes.indexOf(d)] as number), x.shape[d] as number) : v,
    ),
  );
  const shift = draw(41) - 20;
  const count = x.data.length;
  const flat = { shape: x.shape, data: x.data.map((_, i) => x.data[mod(i - shift, count)] as number) };
  return [
    {
      got: t.roll(
        shifts,
        axes.map((a) => named(a, ndim, draw)),
      ),
      want,
    },
    { got: t.roll(shift), want: flat },
  ];
};

/** x[start:end:step] of Python, by its definition. */
function positions(length: number, start: number | null, end: number | null, step: number): number[] {
  const bound = (v: number | null, otherwise: number): number => {
    const from = v === null ? otherwise : v < 0 ? v + length : v;
    return Math.max(0, Math.min(length, from));
  };
  const out: number[] = [];
  for (let i = bound(start, 0); i < bound(end, length); i += step) out.push(i);
  return out;
}

const along = (x: Plain, axis: number, places: readonly number[]): Plain =>
  view(
    x,
    x.shape.map((s, d) => (d === axis ? places.length : s)),
    (i) => i.map((v, d) => (d === axis ? (places[v] as number) : v)),
  );

const slice: Case = (x, t, draw) => {
  const ndim = x.shape.length;
  if (ndim === 0) {
    refused(() => t.slice(0), "slice");
    return [];
  }
  const axis = draw(ndim);
  const bound = (): number | null => (draw(4) === 0 ? null : draw(21) - 10);
  const [start, end, step] = [bound(), bound(), 1 + draw(4)];
  refused(() => t.slice(axis, start, end, { step: 0 }), "slice");
  refused(() => t.slice(ndim, start, end), "slice");
  const want = along(x, axis, positions(x.shape[axis] as number, start, end, step));
  return [{ got: t.slice(named(axis, ndim, draw), start, end, { step }), want }];
};

const narrow: Case = (x, t, draw) => {
  const ndim = x.shape.length;
  if (ndim === 0) {
    refused(() => t.narrow(0, 0, 1), "narrow");
    return [];
  }
  const axis = draw(ndim);
  const size = x.shape[axis] as number;
  const start = draw(size + 1);
  const length = draw(size - start + 1);
  refused(() => t.narrow(axis, start, size - start + 1), "narrow");
  refused(() => t.narrow(axis, -size - 1, 1), "narrow");
  refused(() => t.narrow(axis, 0, -1), "narrow");
  refused(() => t.narrow(axis, 0, 0.5), "narrow");
  const places = Array.from({ length }, (_, i) => start + i);
  const from = start < size && draw(2) === 0 ? start - size : start;
  return [{ got: t.narrow(named(axis, ndim, draw), from, length), want: along(x, axis, places) }];
};

const select: Case = (x, t, draw) => {
  const ndim = x.shape.length;
  if (ndim === 0) {
    refused(() => t.select(0, 0), "select");
    return [];
  }
  const axis = draw(ndim);
  const size = x.shape[axis] as number;
  refused(() => t.select(axis, size), "select");
  refused(() => t.select(axis, -size - 1), "select");
  if (size === 0) return [];
  const index = draw(size);
  const shape = x.shape.filter((_, d) => d !== axis);
  const want = { shape, data: along(x, axis, [index]).data };
  return [{ got: t.select(named(axis, ndim, draw), named(index, size, draw)), want }];
};

const pieces: Case = (x, t, draw) => {
  const ndim = x.shape.length;
  if (ndim === 0) {
    refused(() => t.split(1), "split");
    refused(() => t.chunk(1), "chunk");
    return [];
  }
  const axis = draw(ndim);
  const length = x.shape[axis] as number;
  const list: number[] = [];
  for (let left = length; left > 0; left -= list.at(-1) as number) list.push(draw(left + 1));
  refused(() => t.split([...list, 1], axis), "split");
  refused(() => t.split([-1, length + 1], axis), "split");
  refused(() => t.split(0, axis), "split");
  refused(() => t.chunk(0, axis), "chunk");
  const cut = (parts: readonly Tensor[], of: readonly number[]): Expected[] => {
    let at = 0;
    if (parts.length !== of.length) throw new Error(`${parts.length} pieces, expected ${of.length}`);
    return parts.map((got, i) => {
      const from = at;
      at += of[i] as number;
      return { got, want: along(x, axis, positions(length, from, at, 1)) };
    });
  };
  const even = (size: number): number[] => {
    const count = Math.max(1, Math.ceil(length / size));
    return Array.from({ length: count }, (_, i) => Math.min(size, length - i * size));
  };
  const [size, chunks] = [1 + draw(4), 1 + draw(4)];
  const dim = named(axis, ndim, draw);
  return [
    ...cut(t.split(list, dim), list),
    ...cut(t.split(size, dim), even(size)),
    // PyTorch gives as many empty pieces as were asked for.
    ...cut(
      t.chunk(chunks, dim),
      length === 0 ? new Array<number>(chunks).fill(0) : even(Math.ceil(length / chunks)),
    ),
  ];
};

const windows: Case = (x, t, draw) => {
  const ndim = x.shape.length;
  if (ndim === 0) return [];
  const axis = draw(ndim);
  const length = x.shape[axis] as number;
  refused(() => t.unfold(axis, length + 1, 1), "unfold");
  refused(() => t.unfold(axis, 0, 1), "unfold");
  refused(() => t.unfold(axis, 1, 0), "unfold");
  if (length === 0) return [];
  const [size, step] = [1 + draw(length), 1 + draw(4)];
  const shape = [...x.shape.map((s, d) => (d === axis ? Math.floor((s - size) / step) + 1 : s)), size];
  const want = view(x, shape, (i) =>
    x.shape.map((_, d) => (d === axis ? (i[d] as number) * step + (i[ndim] as number) : (i[d] as number))),
  );
  return [{ got: t.unfold(named(axis, ndim, draw), size, step), want }];
};

const all: Readonly<Record<string, Case>> = {
  "reshape and view": reshape,
  permute,
  transpose,
  squeeze,
  unsqueeze,
  "flatten and unflatten": flatten,
  expand,
  repeat,
  flip,
  roll,
  slice,
  narrow,
  select,
  "split and chunk": pieces,
  unfold: windows,
};

properties("views", (holds) => {
  for (const [name, body] of Object.entries(all)) {
    holds(name, fc.tuple(shapes(), seeds), ([shape, seed]) => {
      const draw = drawFrom(seed);
      const x = numbers(shape, draw, -99, 99);
      return body(x, tensorOf(x), draw);
    });
  }
});
