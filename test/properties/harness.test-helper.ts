/**
 * What the property tests share: random tensors whose elements are small whole numbers, so that sums and products are
 * exact and ties are common, and a way to say "for every such value the engine gives what plain lists give".
 *
 * Cases are drawn from fixed seeds. On the interpreter each one is a program of its own and a failing one is shrunk; on
 * wasm, where compiling is what takes the time, many cases share a program.
 */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allocate, type DType } from "../../src/base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../src/base/errors.ts";
import { type Shape, sizeOf } from "../../src/base/shape.ts";
import { useEngine } from "../../src/engine/default.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { fromOwned } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { engines } from "../conformance/engines.ts";
import type { Plain } from "../conformance/plain.ts";

/** A tensor, what it must hold, and how far off it may be; 0 by default. */
export interface Expected {
  readonly got: Tensor;
  readonly want: Plain;
  readonly dtype?: DType;
  readonly tolerance?: number;
}

const mostElements = 300;

/** No more elements than a plain loop copes with: the longest axes are shortened. */
function limited(shape: readonly number[]): Shape {
  const out = [...shape];
  while (sizeOf(out) > mostElements) {
    const longest = Math.max(...out);
    out[out.indexOf(longest)] = longest - 1;
  }
  return out;
}

/** A size: 0 now and then, 1 often, since both are special. */
export const sizes: fc.Arbitrary<number> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 5, arbitrary: fc.constant(1) },
  { weight: 20, arbitrary: fc.integer({ min: 2, max: 7 }) },
);

/** Shapes of `least` to `most` dimensions. */
export function shapes(least = 0, most = 5): fc.Arbitrary<Shape> {
  return fc.array(sizes, { minLength: least, maxLength: most }).map(limited);
}

/** Shapes without empty axes. */
export function fullShapes(least = 0, most = 5): fc.Arbitrary<Shape> {
  return fc.array(fc.integer({ min: 1, max: 6 }), { minLength: least, maxLength: most }).map(limited);
}

/** Numbers to draw further arguments from, whatever shape there is: `next(n)` is in 0 to n - 1. */
export type Draw = (n: number) => number;

/** A source of such numbers; it is the same for the same seed. */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

export const seeds: fc.Arbitrary<number> = fc.integer({ min: 0, max: 2 ** 31 });

/** Whole numbers from `low` to `high`. */
export function numbers(shape: Shape, draw: Draw, low = -4, high = 4): Plain {
  return { shape, data: Array.from({ length: sizeOf(shape) }, () => low + draw(high - low + 1)) };
}

/** The tensor that holds plain numbers. */
export function tensorOf(x: Plain, dtype: DType = "float32"): Tensor {
  const data = allocate(dtype, x.data.length);
  data.set(x.data);
  return fromOwned(data, x.shape, dtype);
}

/** An axis as users may name it: from the front, or negative from the back. */
export function named(axis: number, ndim: number, draw: Draw): number {
  return draw(2) === 0 ? axis : axis - ndim;
}

/** One of the elements. */
export function pick<T>(list: readonly T[], draw: Draw): T {
  return list[draw(list.length)] as T;
}

/** Expects a call to be refused by an error of ours that names the operation. */
export function refused(call: () => unknown, operation: string): void {
  let said: string | null = null;
  try {
    call();
  } catch (e) {
    const ours = e instanceof ShapeError || e instanceof ArgumentError || e instanceof DTypeError;
    if (ours && e.message.includes(operation)) return;
    said = String(e);
  }
  expect.fail(`${operation} was ${said === null ? "not refused" : `refused with ${said}`}`);
}

/** -0 and 0 are the same here. */
const unsigned = (data: ArrayLike<number>): number[] => Array.from(data, (v) => v + 0);

async function compare(engine: Engine, list: readonly Expected[]): Promise<void> {
  await engine.flush(list.map((e) => e.got.node));
  for (const { got, want, dtype, tolerance = 0 } of list) {
    expect(got.shape).toEqual(want.shape);
    if (dtype !== undefined) expect(got.dtype).toBe(dtype);
    const data = unsigned(await engine.read(got.node));
    if (tolerance === 0) expect(data).toEqual(unsigned(want.data));
    else {
      expect(data.length).toBe(want.data.length);
      data.forEach((v, i) => {
        const w = want.data[i] as number;
        const near = Object.is(v, w) || Math.abs(v - w) <= tolerance * (1 + Math.abs(w));
        if (!near) expect.fail(`element ${i} is ${v}, expected ${w}`);
      });
    }
  }
}

export interface Runs {
  /** Cases on the interpreter. */
  readonly runs?: number;
  /** Cases on wasm, in programs of 25. */
  readonly onWasm?: number;
}

/** Says what holds for random cases; the body computes both sides, and checks refusals by itself. */
export type Property = <T>(
  name: string,
  cases: fc.Arbitrary<T>,
  body: (value: T) => readonly Expected[],
  runs?: Runs,
) => void;

/** Declares the tests of a file on both engines. */
export function properties(title: string, declare: (holds: Property) => void): void {
  const make = { interpreter: engines["interpreter, 4 lanes"], wasm: engines["wasm, 2 threads"] };
  for (const kind of ["interpreter", "wasm"] as const) {
    describe(`${title}, ${kind}`, () => {
      let engine: Engine;
      beforeAll(() => {
        engine = (make[kind] as () => Engine)();
        useEngine(engine);
      });
      afterAll(() => engine.close());
      declare((name, cases, body, { runs = 100, onWasm = 50 } = {}) => {
        it(name, async () => {
          useEngine(engine);
          if (kind === "interpreter") {
            const property = fc.asyncProperty(cases, (value) => compare(engine, body(value)));
            await fc.assert(property, { numRuns: runs, seed: 1 });
            return;
          }
          const drawn = fc.sample(cases, { numRuns: onWasm, seed: 2 });
          for (let i = 0; i < drawn.length; i += 25)
            await compare(engine, drawn.slice(i, i + 25).flatMap(body));
        });
      });
    });
  }
}
