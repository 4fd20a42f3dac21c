import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { currentEngine, useEngine } from "../engine/default.ts";
import { Engine } from "../engine/engine.ts";
import { createInterpreterDevice } from "../runtime/interpreter-device.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Matrices of this size, so that a transpose fits where its operand was. */
const n = 3;
type Matrix = number[][];

const table = (f: (i: number, j: number) => number): Matrix =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => f(i, j)));
const at = (m: Matrix, i: number, j: number): number => m[i]?.[j] ?? Number.NaN;

/** One expression, as the library computes it and as plain loops do. */
interface Form {
  readonly lazy: (x: Tensor, y: Tensor) => Tensor;
  readonly plain: (x: Matrix, y: Matrix) => Matrix;
}

const indices = [0, 1, 2];
const sumOver = (f: (k: number) => number): number => indices.reduce((s, k) => s + f(k), 0);

/** Everything stays a small whole number, so that results are equal to the last bit. */
const forms: Record<string, Form> = {
  copy: { lazy: (x) => x.clone(), plain: (x) => table((i, j) => at(x, i, j)) },
  add: {
    lazy: (x, y) => x.add(y).remainder(7),
    plain: (x, y) => table((i, j) => (at(x, i, j) + at(y, i, j)) % 7),
  },
  // A copy: a transpose alone is a view, which sees its base change.
  transpose: { lazy: (x) => x.transpose(0, 1).clone(), plain: (x) => table((i, j) => at(x, j, i)) },
  flip: { lazy: (x) => x.flip([0]), plain: (x) => table((i, j) => at(x, n - 1 - i, j)) },
  mixed: {
    lazy: (x, y) =>
      x
        .transpose(0, 1)
        .add(y.flip([1]))
        .remainder(5),
    plain: (x, y) => table((i, j) => (at(x, j, i) + at(y, i, n - 1 - j)) % 5),
  },
  rows: {
    lazy: (x, y) => x.sum(1, { keepdim: true }).add(y).remainder(5),
    plain: (x, y) => table((i, j) => (sumOver((k) => at(x, i, k)) + at(y, i, j)) % 5),
  },
  matmul: {
    lazy: (x, y) => x.matmul(y).remainder(5),
    plain: (x, y) => table((i, j) => sumOver((k) => at(x, i, k) * at(y, k, j)) % 5),
  },
  total: {
    lazy: (x, y) => y.add(x.sum()).remainder(11),
    plain: (x, y) => table((i, j) => (sumOver((k) => sumOver((l) => at(x, k, l))) + at(y, i, j)) % 11),
  },
};

type Command =
  /** Adds a value to the pool of values; earlier versions of variables stay in it. */
  | { readonly kind: "make"; readonly form: string; readonly x: number; readonly y: number }
  | { readonly kind: "assign"; readonly variable: number; readonly value: number }
  | { readonly kind: "flush" };

const variables = 3;
const place = fc.nat({ max: 20 });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("make" as const),
      form: fc.constantFrom(...Object.keys(forms)),
      x: place,
      y: place,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("assign" as const),
      variable: fc.nat({ max: variables - 1 }),
      value: place,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "flush" as const }) },
);

/** Runs a program both ways and compares all values that are left. */
async function check(commands: readonly Command[]): Promise<void> {
  const start = Array.from({ length: variables }, (_, v) => table((i, j) => (v * 5 + i * n + j) % 7));
  const stored = start.map((m) => tensor(m).persist());
  const plain = start.map((m) => m);
  await currentEngine().flush();
  let made: { lazy: Tensor; plain: Matrix }[] = [];
  const pick = (k: number): { lazy: Tensor; plain: Matrix } => {
    const all = [...stored.map((lazy, v) => ({ lazy, plain: plain[v] as Matrix })), ...made];
    return all[k % all.length] as { lazy: Tensor; plain: Matrix };
  };
  for (const c of commands) {
    if (c.kind === "flush") {
      await currentEngine().flush();
      made = made.slice(-2);
    } else if (c.kind === "make") {
      const [x, y] = [pick(c.x), pick(c.y)];
      const form = forms[c.form] as Form;
      made.push({ lazy: form.lazy(x.lazy, y.lazy), plain: form.plain(x.plain, y.plain) });
    } else {
      const from = pick(c.value);
      stored[c.variable]?.copy_(from.lazy);
      plain[c.variable] = from.plain;
    }
  }
  await currentEngine().flush();
  expect(await Promise.all(stored.map((t) => t.array()))).toEqual(plain);
  expect(await Promise.all(made.map((m) => m.lazy.array()))).toEqual(made.map((m) => m.plain));
}

let before: Engine | null = null;
beforeAll(() => {
  before = useEngine(new Engine(createInterpreterDevice()));
});
afterAll(() => {
  if (before !== null) useEngine(before);
});

const make = (form: string, x: number, y = 0): Command => ({ kind: "make", form, x, y });
const assign = (variable: number, value: number): Command => ({ kind: "assign", variable, value });

describe("assignments of one flush", () => {
  test("two variables swap their values", () => check([make("copy", 0), assign(0, 1), assign(1, 3)]));

  test("three variables pass their values round", () =>
    check([make("copy", 0), assign(0, 1), assign(1, 2), assign(2, 3)]));

  test("each of two variables is computed from the old value of the other", () =>
    check([make("mixed", 0, 1), make("matmul", 1, 0), assign(0, 4), assign(1, 3)]));

  test("an old value is read after its variable was overwritten, through what overwrote it", () =>
    check([
      make("rows", 1, 1),
      assign(0, 3),
      make("mixed", 0, 2),
      assign(1, 4),
      make("transpose", 0),
      assign(2, 5),
    ]));

  test("a value made before an update keeps the old numbers", () =>
    check([make("transpose", 0), make("flip", 0), assign(0, 3), { kind: "flush" }, make("add", 0, 3)]));

  test("values that could be made together are not, where one overwrites what something between them reads", async () => {
    await check([
      make("add", 0),
      make("copy", 0),
      make("rows", 0),
      make("copy", 0),
      make("copy", 8),
      make("matmul", 15, 11),
      assign(0, 0),
      assign(1, 5),
    ]);
    await check([
      make("copy", 0),
      make("total", 0, 1),
      make("copy", 0),
      assign(2, 0),
      assign(1, 0),
      assign(0, 16),
      make("copy", 0),
      make("copy", 0),
    ]);
  });

  test("random programs equal their evaluation in order", async () => {
    await fc.assert(fc.asyncProperty(fc.array(command, { minLength: 2, maxLength: 14 }), check), {
      numRuns: 1500,
      seed: 20,
    });
  });
});
