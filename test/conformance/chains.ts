/**
 * Random chains of operations: each step is three whole numbers that pick an operation and its arguments for whatever
 * shape the chain has reached, so that any list of numbers is a valid chain and shrinks to a short one.
 */
import type { Shape } from "../../src/base/shape.ts";
import { sizeOf } from "../../src/base/shape.ts";
import * as build from "../../src/graph/build.ts";
import type { Node } from "../../src/graph/node.ts";
import * as ops from "../../src/ops/index.ts";
import * as plain from "./plain.ts";

/** The same value twice: lazily, and as plain numbers. */
export interface Both {
  readonly node: Node;
  readonly plain: plain.Plain;
}

/** Numbers to draw arguments from; `next(n)` is in 0 to n - 1. */
type Draw = (n: number) => number;
type Step = (x: Both, draw: Draw) => Both | null;

const most = 600;

function axesOf(shape: Shape, draw: Draw): number[] {
  const picked = shape.map((_, d) => d).filter(() => draw(2) === 1);
  return picked.length > 0 || shape.length === 0 ? picked : [draw(shape.length)];
}

const larger = (a: number, b: number): number => Math.max(a, b);
const both = (node: Node, value: plain.Plain): Both => ({ node, plain: value });

/** Steps for which f(a + b) = f(a) + f(b): their gradient is their transpose. */
export const linear: Readonly<Record<string, Step>> = {
  reshape: ({ node, plain: p }, draw) => {
    let rest = sizeOf(p.shape);
    const shape: number[] = [];
    for (let i = 0; i < 3 && rest > 1; i++) {
      const divisors = Array.from({ length: rest }, (_, d) => d + 1).filter((d) => rest % d === 0);
      const size = divisors[draw(divisors.length)] as number;
      shape.push(size);
      rest /= size;
    }
    const to = [...shape, rest];
    return both(build.reshape(node, to), plain.reshape(p, to));
  },
  permute: ({ node, plain: p }, draw) => {
    const left = p.shape.map((_, d) => d);
    const axes = p.shape.map(() => left.splice(draw(left.length), 1)[0] as number);
    return both(build.permute(node, axes), plain.permute(p, axes));
  },
  expand: ({ node, plain: p }, draw) => {
    const at = draw(p.shape.length + 1);
    const open = [...p.shape.slice(0, at), 1, ...p.shape.slice(at)];
    const wide = open.map((s, d) => (d === at ? 1 + draw(4) : s));
    return both(build.expand(build.reshape(node, open), wide), plain.expand(plain.reshape(p, open), wide));
  },
  pad: ({ node, plain: p }, draw) => {
    const [before, after] = [p.shape.map(() => draw(3)), p.shape.map(() => draw(3))];
    return both(build.pad(node, before, after, 0), plain.pad(p, before, after, 0));
  },
  slice: ({ node, plain: p }, draw) => {
    const start = p.shape.map((s) => draw(s));
    const step = p.shape.map(() => 1 + draw(3));
    const shape = p.shape.map((s, d) => {
      const fits = Math.floor((s - 1 - (start[d] as number)) / (step[d] as number)) + 1;
      return 1 + draw(fits);
    });
    return both(build.slice(node, start, shape, step), plain.slice(p, start, shape, step));
  },
  flip: ({ node, plain: p }, draw) => {
    const axes = axesOf(p.shape, draw);
    return both(build.flip(node, axes), plain.flip(p, axes));
  },
  window: ({ node, plain: p }, draw) => {
    if (p.shape.length === 0) return null;
    const axis = draw(p.shape.length);
    const [size, stride, dilation] = [1 + draw(3), 1 + draw(3), 1 + draw(2)];
    if (dilation * (size - 1) + 1 > (p.shape[axis] as number)) return null;
    return both(
      build.window(node, axis, size, stride, dilation),
      plain.window(p, axis, size, stride, dilation),
    );
  },
  unwindow: ({ node, plain: p }, draw) => {
    if (p.shape.length < 2) return null;
    const axis = draw(p.shape.length - 1);
    const [stride, dilation] = [1 + draw(3), 1 + draw(2)];
    const [count, size] = [p.shape[axis] as number, p.shape[axis + 1] as number];
    const length = (count - 1) * stride + (size - 1) * dilation + 1 + draw(3);
    return both(
      build.unwindow(node, axis, length, stride, dilation),
      plain.unwindow(p, axis, length, stride, dilation),
    );
  },
  sum: ({ node, plain: p }, draw) => {
    const axes = axesOf(p.shape, draw);
    return both(
      build.reduce("sum", node, axes),
      plain.reduce(p, axes, (a, b) => a + b),
    );
  },
  roll: ({ node, plain: p }, draw) => {
    if (p.shape.length === 0) return null;
    const d = draw(p.shape.length);
    const size = p.shape[d] as number;
    const shift = draw(size);
    const rolled = plain.fromCoordinates(p.shape, (i) =>
      plain.read(
        p,
        i.map((v, axis) => (axis === d ? (v - shift + size) % size : v)),
      ),
    );
    return both(ops.roll(node, shift, d), rolled);
  },
  "add its mirror": ({ node, plain: p }, draw) => {
    const axes = axesOf(p.shape, draw);
    return both(
      build.binary("add", node, build.flip(node, axes)),
      plain.zip(p, plain.flip(p, axes), (a, b) => a + b),
    );
  },
  "times a matrix": ({ node, plain: p }, draw) => {
    if (p.shape.length === 0) return null;
    const k = p.shape[p.shape.length - 1] as number;
    const m = 1 + draw(5);
    const matrix = plain.fromCoordinates(
      [k, m],
      ([i, j]) => (((i as number) * 3 + (j as number) * 5) % 4) - 1,
    );
    const weights = build.hostSource(Float64Array.from(matrix.data), [k, m], "float64");
    return both(ops.matmul(node, weights), plain.times(p, matrix));
  },
};

/** Everything else: only values are compared. */
const others: Readonly<Record<string, Step>> = {
  "pad with 7": ({ node, plain: p }, draw) => {
    const [before, after] = [p.shape.map(() => draw(2)), p.shape.map(() => draw(2))];
    return both(build.pad(node, before, after, 7), plain.pad(p, before, after, 7));
  },
  relu: ({ node, plain: p }) =>
    both(
      ops.relu(node),
      plain.map(p, (v) => Math.max(v, 0)),
    ),
  "small again": ({ node, plain: p }) => {
    const nine = build.constant(9, p.shape, node.dtype);
    return both(
      ops.remainder(node, nine),
      plain.map(p, (v) => ((v % 9) + 9) % 9),
    );
  },
  max: ({ node, plain: p }, draw) => {
    const axes = axesOf(p.shape, draw);
    return both(build.reduce("max", node, axes), plain.reduce(p, axes, larger));
  },
  argmax: ({ node, plain: p }, draw) => {
    const axes = axesOf(p.shape, draw);
    return both(build.cast(build.reduce("argmax", node, axes), node.dtype), plain.argmax(p, axes));
  },
  "centre by the maximum": ({ node, plain: p }, draw) => {
    const axes = axesOf(p.shape, draw);
    const top = build.expand(build.reduce("max", node, axes), p.shape);
    const plainTop = plain.expand(plain.reduce(p, axes, larger), p.shape);
    return both(
      build.binary("sub", node, top),
      plain.zip(p, plainTop, (a, b) => a - b),
    );
  },
  "where positive": ({ node, plain: p }, draw) => {
    const axes = axesOf(p.shape, draw);
    const positive = build.compare("lt", build.constant(0, p.shape, node.dtype), node);
    return both(
      build.where(positive, node, build.flip(node, axes)),
      plain.zip(p, plain.flip(p, axes), (a, b) => (a > 0 ? a : b)),
    );
  },
};

const steps = { ...linear, ...others };

/**
 * Follows a chain from `start`. Steps that do not apply, or would grow the value too much, are left out. Gives all
 * values on the way, the start first.
 */
export function follow(
  start: Both,
  chain: readonly number[],
  table: Readonly<Record<string, Step>> = steps,
): Both[] {
  const all = [start];
  const names = Object.keys(table);
  for (const seed of chain) {
    let state = seed;
    const draw = (n: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * n);
    };
    const step = table[names[draw(names.length)] as string] as Step;
    const x = all[all.length - 1] as Both;
    const y = step(x, draw);
    if (y === null || sizeOf(y.plain.shape) > most || y.plain.shape.length > 6) continue;
    if (y.plain.data.some((v) => Math.abs(v) > 2 ** 24)) continue;
    all.push(y);
  }
  return all;
}
