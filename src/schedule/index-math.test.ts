import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contiguousStrides } from "../base/shape.ts";
import {
  type Atom,
  dataAtom,
  delinearize,
  dividedBy,
  factorOf,
  fixed,
  type Index,
  linearize,
  maxOf,
  minOf,
  occursInside,
  ofAtom,
  plus,
  remainder,
  shift,
  substitute,
  times,
  variable,
} from "./index-math.ts";

const extents = { i: 3, j: 4, k: 5 } as const;
type Name = keyof typeof extents;
type Point = Readonly<Record<string, number>>;

const points: Point[] = [];
for (let i = 0; i < extents.i; i++)
  for (let j = 0; j < extents.j; j++) for (let k = 0; k < extents.k; k++) points.push({ i, j, k });

const floorDiv = (a: number, k: number): number => Math.floor(a / k);
const floorMod = (a: number, k: number): number => a - floorDiv(a, k) * k;

function atomAt(atom: Atom, at: Point): number {
  switch (atom.kind) {
    case "var":
      return at[atom.name] as number;
    case "div":
      return floorDiv(evaluate(atom.arg, at), atom.by);
    case "mod":
      return floorMod(evaluate(atom.arg, at), atom.by);
    case "data":
      return at[`d${atom.id}`] as number;
  }
}

/** The value of a form at a point, term by term. */
function evaluate(index: Index, at: Point): number {
  return index.terms.reduce((sum, t) => sum + t.factor * atomAt(t.atom, at), index.offset);
}

/** An expression as built by the library, and as plain arithmetic. */
interface Pair {
  readonly index: Index;
  readonly value: (at: Point) => number;
}

const leaf: fc.Arbitrary<Pair> = fc.oneof(
  fc.constantFrom<Name>("i", "j", "k").map((name) => ({
    index: ofAtom(variable(name, extents[name])),
    value: (at: Point) => at[name] as number,
  })),
  fc.integer({ min: -6, max: 6 }).map((n) => ({ index: fixed(n), value: () => n })),
);

const { expression } = fc.letrec<{ expression: Pair }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 6 },
    leaf,
    fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => ({
      index: plus(a.index, b.index),
      value: (at: Point) => a.value(at) + b.value(at),
    })),
    fc.tuple(tie("expression"), fc.integer({ min: -4, max: 6 })).map(([a, n]) => ({
      index: times(a.index, n),
      value: (at: Point) => a.value(at) * n + 0,
    })),
    fc.tuple(tie("expression"), fc.integer({ min: 1, max: 8 })).map(([a, n]) => ({
      index: dividedBy(a.index, n),
      value: (at: Point) => floorDiv(a.value(at), n),
    })),
    fc.tuple(tie("expression"), fc.integer({ min: 1, max: 8 })).map(([a, n]) => ({
      index: remainder(a.index, n),
      value: (at: Point) => floorMod(a.value(at), n),
    })),
  ),
}));

const runs = { numRuns: 400, seed: 3 };

describe("arithmetic on indices", () => {
  test("gives the same numbers as plain arithmetic at every point", () => {
    fc.assert(
      fc.property(expression, ({ index, value }) => {
        for (const at of points) if (evaluate(index, at) !== value(at)) return false;
        return true;
      }),
      runs,
    );
  });

  test("bounds hold at every point, and are reached by forms of variables alone", () => {
    fc.assert(
      fc.property(expression, ({ index, value }) => {
        const values = points.map(value);
        const [low, high] = [Math.min(...values), Math.max(...values)];
        expect(minOf(index)).toBeLessThanOrEqual(low);
        expect(maxOf(index)).toBeGreaterThanOrEqual(high);
        if (index.terms.every((t) => t.atom.kind === "var"))
          expect([minOf(index), maxOf(index)]).toEqual([low, high]);
      }),
      runs,
    );
  });

  test("forms of equal key are equal", () => {
    fc.assert(
      fc.property(expression, expression, (a, b) => {
        fc.pre(a.index.key === b.index.key);
        for (const at of points) expect(a.value(at)).toBe(b.value(at));
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  test("substitution is evaluation at other values", () => {
    fc.assert(
      fc.property(expression, expression, ({ index }, inner) => {
        const replaced = substitute(index, new Map([["j", inner.index]]));
        for (const at of points)
          expect(evaluate(replaced, at)).toBe(evaluate(index, { ...at, j: inner.value(at) }));
      }),
      runs,
    );
  });

  test("the factor of a variable is the step it makes, unless it occurs inside", () => {
    fc.assert(
      fc.property(expression, ({ index }) => {
        if (occursInside(index, "k")) return;
        for (const at of points) {
          expect(evaluate(index, { ...at, k: (at.k as number) + 1 }) - evaluate(index, at)).toBe(
            factorOf(index, "k"),
          );
        }
      }),
      runs,
    );
  });
});

describe("positions and coordinates", () => {
  const shape = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });

  test("the coordinates of a position are those that counting gives", () => {
    fc.assert(
      fc.property(shape, (sizes) => {
        const total = sizes.reduce((p, s) => p * s, 1);
        const coordinates = delinearize(ofAtom(variable("p", total)), sizes);
        for (let p = 0; p < total; p++) {
          let rest = p;
          const expected = sizes.map(() => 0);
          for (let d = sizes.length - 1; d >= 0; d--) {
            expected[d] = rest % (sizes[d] as number);
            rest = floorDiv(rest, sizes[d] as number);
          }
          expect(coordinates.map((c) => evaluate(c, { p }))).toEqual(expected);
        }
      }),
      runs,
    );
  });

  test("there and back is the variable itself again", () => {
    fc.assert(
      fc.property(shape, (sizes) => {
        const total = sizes.reduce((p, s) => p * s, 1);
        fc.pre(total > 1);
        const p = ofAtom(variable("p", total));
        expect(linearize(delinearize(p, sizes), contiguousStrides(sizes)).key).toBe(p.key);
      }),
      runs,
    );
  });

  test("coordinates of the position of coordinates are those again", () => {
    fc.assert(
      fc.property(shape, (sizes) => {
        const at = sizes.map((s, d) => (s === 1 ? fixed(0) : ofAtom(variable(`v${d}`, s))));
        const again = delinearize(linearize(at, contiguousStrides(sizes)), sizes);
        again.forEach((index, d) => {
          if ((sizes[d] as number) > 1) expect(index.key).toBe((at[d] as Index).key);
        });
      }),
      runs,
    );
  });
});

describe("what simplifies", () => {
  const i = ofAtom(variable("i", 3));
  const j = ofAtom(variable("j", 4));
  const wide = ofAtom(variable("w", 60));
  const sum = (...list: Index[]): Index => list.reduce(plus);

  test("a quotient and remainder of a sum whose parts do not meet", () => {
    const position = sum(times(i, 4), j);
    expect(dividedBy(position, 4).key).toBe(i.key);
    expect(remainder(position, 4).key).toBe(j.key);
  });

  test("quotients of quotients, remainders of remainders", () => {
    expect(dividedBy(dividedBy(wide, 3), 4).key).toBe(dividedBy(wide, 12).key);
    expect(remainder(remainder(wide, 12), 4).key).toBe(remainder(wide, 4).key);
  });

  test("a common factor", () => {
    expect(dividedBy(times(wide, 6), 9).key).toBe(dividedBy(times(wide, 2), 3).key);
  });

  test("quotient and remainder put together", () => {
    expect(sum(times(dividedBy(wide, 7), 7), remainder(wide, 7)).key).toBe(wide.key);
    expect(sum(fixed(5), times(dividedBy(wide, 7), -14), times(remainder(wide, 7), -2)).key).toBe(
      shift(times(wide, -2), 5).key,
    );
  });

  test("what cancels out", () => {
    expect(sum(i, j, times(i, -1)).key).toBe(j.key);
  });

  test("a value from memory is bounded by its extent", () => {
    const read = dataAtom(7, 10);
    expect([minOf(read), maxOf(read)]).toEqual([0, 9]);
    expect(dividedBy(read, 10).key).toBe(fixed(0).key);
  });
});
