/**
 * Views share memory: random programs of views, copies and in-place writes against lists of positions in a plain array.
 * Some values are read in the middle, so that writes meet bases that are pending, and bases that are stored.
 */
import * as fc from "fast-check";
import { sizeOf } from "../../src/base/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { fromCoordinates, type Plain, read } from "../conformance/plain.ts";
import {
  type Draw,
  drawFrom,
  fullShapes,
  numbers,
  pick,
  properties,
  seeds,
  tensorOf,
} from "./harness.test-helper.ts";

/** A tensor, and where its elements are in the memory that it shares. */
interface Handle {
  readonly t: Tensor;
  readonly memory: number[];
  readonly at: Plain;
}

const handle = (from: Handle, t: Tensor, at: Plain): Handle => ({ t, memory: from.memory, at });

/** Elements `from`, `from + step`, ... of an axis. */
function part(x: Plain, axis: number, from: number, count: number, step: number): Plain {
  return fromCoordinates(
    x.shape.map((s, d) => (d === axis ? count : s)),
    (i) =>
      read(
        x,
        i.map((v, d) => (d === axis ? from + v * step : v)),
      ),
  );
}

type View = (h: Handle, draw: Draw) => Handle;

/** Views of a tensor that has dimensions. */
const views: readonly View[] = [
  (h, draw) => {
    const axis = draw(h.at.shape.length);
    const size = h.at.shape[axis] as number;
    const from = draw(size);
    const count = 1 + draw(size - from);
    return handle(h, h.t.narrow(axis, from, count), part(h.at, axis, from, count, 1));
  },
  (h, draw) => {
    const axis = draw(h.at.shape.length);
    const size = h.at.shape[axis] as number;
    const [from, step] = [draw(size), 1 + draw(3)];
    const count = Math.ceil((size - from) / step);
    return handle(
      h,
      h.t.slice(axis - h.at.shape.length, from, null, { step }),
      part(h.at, axis, from, count, step),
    );
  },
  (h, draw) => {
    const axis = draw(h.at.shape.length);
    const from = draw(h.at.shape[axis] as number);
    const { data } = part(h.at, axis, from, 1, 1);
    return handle(h, h.t.select(axis, from), { shape: h.at.shape.filter((_, d) => d !== axis), data });
  },
  (h, draw) => {
    const left = h.at.shape.map((_, d) => d);
    const axes = h.at.shape.map(() => left.splice(draw(left.length), 1)[0] as number);
    const shape = axes.map((a) => h.at.shape[a] as number);
    const at = fromCoordinates(shape, (i) =>
      read(
        h.at,
        axes.map((_, d) => i[axes.indexOf(d)] as number),
      ),
    );
    return handle(h, h.t.permute(axes), at);
  },
  (h) => handle(h, h.t.view([-1]), { shape: [sizeOf(h.at.shape)], data: h.at.data }),
  (h, draw) => {
    const pieces = h.t.chunk(2, 0);
    const size = Math.ceil((h.at.shape[0] as number) / 2);
    const which = draw(pieces.length);
    const piece = pieces[which] as Tensor;
    return handle(h, piece, part(h.at, 0, which * size, piece.shape[0] as number, 1));
  },
  (h) =>
    handle(h, h.t.unsqueeze(1), {
      shape: [h.at.shape[0] as number, 1, ...h.at.shape.slice(1)],
      data: h.at.data,
    }),
  (h) => handle(h, h.t.squeeze(), { shape: h.at.shape.filter((s) => s !== 1), data: h.at.data }),
  (h) => handle(h, h.t.detach(), h.at),
];

/** A copy with memory of its own. */
function copy(h: Handle): Handle {
  const memory = h.at.data.map((at) => h.memory[at] as number);
  return { t: h.t.clone(), memory, at: { shape: h.at.shape, data: memory.map((_, i) => i) } };
}

/** Writes through a handle, with one number, a fresh tensor or another handle as operand. */
function write(h: Handle, all: readonly Handle[], draw: Draw): void {
  const value = draw(7) - 3;
  const others = all.filter((o) => o.memory !== h.memory && String(o.at.shape) === String(h.at.shape));
  const other = others.length > 0 && draw(2) === 0 ? pick(others, draw) : null;
  const fresh = numbers(
    h.at.shape.map((s) => (draw(3) === 0 ? 1 : s)),
    draw,
  );
  const operand = other?.t ?? tensorOf(fresh);
  const given = fromCoordinates(h.at.shape, (i) =>
    other !== null
      ? (other.memory[read(other.at, i)] as number)
      : read(
          fresh,
          i.map((v, d) => (fresh.shape[d] === 1 ? 0 : v)),
        ),
  ).data;
  type Write = readonly [write: () => Tensor, plain: (old: number, k: number) => number];
  const writes: readonly Write[] = [
    [() => h.t.add_(value), (old) => old + value],
    [() => h.t.fill_(value), () => value],
    [() => h.t.zero_(), () => 0],
    [() => h.t.copy_(operand), (_, k) => given[k] as number],
    [() => h.t.add_(operand), (old, k) => old + (given[k] as number)],
    [() => h.t.sub_(operand), (old, k) => old - (given[k] as number)],
    [() => h.t.clamp_({ min: -3, max: 3 }), (old) => Math.max(-3, Math.min(3, old))],
  ];
  const [apply, plain] = pick(writes, draw);
  apply();
  h.at.data.forEach((at, k) => {
    h.memory[at] = plain(h.memory[at] as number, k);
  });
}

properties("aliasing", (holds) => {
  holds(
    "views, copies and writes",
    fc.tuple(fullShapes(1, 3), seeds, fc.integer({ min: 1, max: 14 })),
    ([shape, seed, steps]) => {
      const draw = drawFrom(seed);
      const start = numbers(shape, draw);
      const t = tensorOf(start);
      const all: Handle[] = [
        { t, memory: [...start.data], at: { shape, data: start.data.map((_, i) => i) } },
      ];
      for (let step = 0; step < steps; step++) {
        const h = pick(all, draw);
        const form = draw(12);
        if (form < 5 && h.at.shape.length > 0) all.push(pick(views, draw)(h, draw));
        else if (form === 5) all.push(copy(h));
        else if (form === 6) h.t.dataSync();
        else write(h, all, draw);
      }
      return all.map((h) => ({
        got: h.t,
        want: { shape: h.at.shape, data: h.at.data.map((at) => h.memory[at] as number) },
      }));
    },
    { runs: 200, onWasm: 50 },
  );
});
