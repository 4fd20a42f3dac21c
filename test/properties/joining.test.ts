/** Joining tensors and padding them, against plain lists. */
import * as fc from "fast-check";
import { cat, stack } from "../../src/tensor/create.ts";
import { fromCoordinates, type Plain, read } from "../conformance/plain.ts";
import {
  drawFrom,
  named,
  numbers,
  pick,
  properties,
  refused,
  seeds,
  shapes,
  tensorOf,
} from "./harness.test-helper.ts";

const mod = (a: number, n: number): number => ((a % n) + n) % n;

/** Where an element of a padded axis comes from; null where it is the value. */
function source(mode: string, at: number, size: number): number | null {
  if (at >= 0 && at < size) return at;
  if (mode === "constant") return null;
  if (mode === "replicate") return at < 0 ? 0 : size - 1;
  if (mode === "circular") return mod(at, size);
  return at < 0 ? -at : 2 * (size - 1) - at;
}

/** Most elements that a mode can add at one end. */
function room(mode: string, size: number): number {
  return mode === "reflect" ? size - 1 : mode === "circular" ? size : size > 0 ? 3 : 0;
}

properties("joining", (holds) => {
  holds("cat", fc.tuple(shapes(1), seeds), ([shape, seed]) => {
    const draw = drawFrom(seed);
    const axis = draw(shape.length);
    const parts = Array.from({ length: 1 + draw(4) }, (): Plain => {
      const own = shape.map((s, d) => (d === axis ? draw(5) : s));
      return numbers(own, draw, -99, 99);
    });
    const total = parts.reduce((n, p) => n + (p.shape[axis] as number), 0);
    const want = fromCoordinates(
      shape.map((s, d) => (d === axis ? total : s)),
      (i) => {
        let at = i[axis] as number;
        const part = parts.find((p) => {
          if (at < (p.shape[axis] as number)) return true;
          at -= p.shape[axis] as number;
          return false;
        }) as Plain;
        return read(
          part,
          i.map((v, d) => (d === axis ? at : v)),
        );
      },
    );
    const tensors = parts.map((p) => tensorOf(p));
    const other = tensorOf(numbers([...shape, 2], draw));
    refused(() => cat([...tensors, other], axis), "cat");
    refused(() => cat(tensors, shape.length), "cat");
    return [{ got: cat(tensors, named(axis, shape.length, draw)), want }];
  });

  holds("stack", fc.tuple(shapes(0, 4), seeds), ([shape, seed]) => {
    const draw = drawFrom(seed);
    const axis = draw(shape.length + 1);
    const parts = Array.from({ length: 1 + draw(3) }, () => numbers(shape, draw, -99, 99));
    const want = fromCoordinates([...shape.slice(0, axis), parts.length, ...shape.slice(axis)], (i) =>
      read(
        parts[i[axis] as number] as Plain,
        i.filter((_, d) => d !== axis),
      ),
    );
    const tensors = parts.map((p) => tensorOf(p));
    refused(() => stack([...tensors, tensorOf(numbers([...shape, 2], draw))], axis), "stack");
    refused(() => stack([], axis), "stack");
    return [{ got: stack(tensors, named(axis, shape.length + 1, draw)), want }];
  });

  holds("pad", fc.tuple(shapes(), seeds), ([shape, seed]) => {
    const draw = drawFrom(seed);
    const x = numbers(shape, draw, -99, 99);
    const ndim = shape.length;
    const mode = pick(["constant", "reflect", "replicate", "circular"] as const, draw);
    const padded = draw(ndim + 1);
    const amounts = Array.from({ length: 2 * padded }, (_, i) => {
      const size = shape[ndim - 1 - Math.floor(i / 2)] as number;
      if (mode === "constant") return draw(2) === 0 ? draw(4) : -draw(Math.floor(size / 2) + 1);
      return draw(Math.max(0, Math.min(3, room(mode, size))) + 1);
    });
    const t = tensorOf(x);
    refused(() => t.pad([...shape.flatMap(() => [1, 1]), 1, 1], { mode }), "pad");
    refused(() => t.pad([1]), "pad");
    if (ndim > 0 && mode === "reflect")
      refused(() => t.pad([Math.max(1, shape.at(-1) as number), 0], { mode }), "pad");
    const before = (d: number): number => amounts[2 * (ndim - 1 - d)] ?? 0;
    const after = (d: number): number => amounts[2 * (ndim - 1 - d) + 1] ?? 0;
    const want = fromCoordinates(
      shape.map((s, d) => s + before(d) + after(d)),
      (i) => {
        const from = i.map((v, d) => source(mode, v - before(d), shape[d] as number));
        return from.includes(null) ? 7 : read(x, from as number[]);
      },
    );
    return [{ got: t.pad(amounts, { mode, value: 7 }), want }];
  });
});
