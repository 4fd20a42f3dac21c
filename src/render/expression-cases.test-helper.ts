/** Every expression that is no scalar function: casts, selections, vectors, constants and memory. */
import type { DType } from "../base/dtype.ts";
import {
  add,
  address,
  bitcast,
  cast,
  constant,
  extract,
  fma,
  int,
  iota,
  Locals,
  load,
  loadAt,
  pack,
  select,
  shuffle,
  splat,
  store,
  sub,
} from "../kernel/build.ts";
import { type Expr, valueTypeOf } from "../kernel/ir.ts";
import {
  dtypeOf,
  type Element,
  elementwise,
  floats,
  ints,
  lanesFor,
  samplesOf,
} from "./elementwise-sample.test-helper.ts";
import { buffer, type Case, programOf, type RendererUnderTest } from "./render.test-helper.ts";

const types: readonly Element[] = ["f32", "f64", "i32", "bool"];

export function expressionCases({ lanes }: RendererUnderTest): Case[] {
  return [
    ...castCases(lanes),
    ...bitcastCases(lanes),
    ...selectCases(lanes),
    ...vectorCases(lanes.filter((n) => n > 1)),
    ...constantCases(lanes),
    ...multiplyAddCases(lanes),
    ...memoryCases(lanes),
  ];
}

function castCases(lanes: readonly number[]): Case[] {
  return types.flatMap((from) =>
    types.map((to) => {
      const values = from === "bool" ? samplesOf.bool : [...samplesOf[from], 3e9, -3e9, 1e20, 0.99];
      const widths = lanesFor(from, lanes).filter((n) => lanesFor(to, lanes).includes(n));
      return {
        name: `cast ${from} to ${to}`,
        samples: widths.map((n) =>
          elementwise(n, dtypeOf[to], [[dtypeOf[from], values]], (i) =>
            cast(load(1, dtypeOf[from], i, n), to),
          ),
        ),
      };
    }),
  );
}

function bitcastCases(lanes: readonly number[]): Case[] {
  const numbers = floats.filter((x) => !Number.isNaN(x));
  const samples = lanes.flatMap((n) => [
    elementwise(n, "int32", [["float32", numbers]], (i) => bitcast(load(1, "float32", i, n), "i32")),
    elementwise(n, "float32", [["int32", ints]], (i) => bitcast(load(1, "int32", i, n), "f32")),
  ]);
  return [{ name: "bitcast", samples }];
}

function selectCases(lanes: readonly number[]): Case[] {
  return types.map((type) => {
    const values = samplesOf[type];
    const dtype = dtypeOf[type];
    const inputs = [
      ["bool", values.map((_, i) => (i % 3 === 0 ? 1 : 0))],
      [dtype, values],
      [dtype, [...values].reverse()],
    ] as const;
    const choose = (n: number, i: Expr, condition: Expr): Expr =>
      select(condition, load(2, dtype, i, n), load(3, dtype, i, n));
    const samples = lanesFor(type, lanes).flatMap((n) => [
      elementwise(n, dtype, inputs, (i) => choose(n, i, load(1, "bool", i, n))),
      elementwise(n, dtype, inputs, (i) => choose(n, i, load(1, "bool", i))),
      elementwise(n, dtype, inputs, (i) =>
        select(load(1, "bool", i), load(2, dtype, i, n), constant(1, type, n)),
      ),
    ]);
    return { name: `select of ${type}`, samples };
  });
}

/** Lanes of both operands in no order that an instruction has by itself. */
const woven = (n: number): number[] =>
  Array.from({ length: n }, (_, i) => (5 * i + (i % 2) * n + 1) % (2 * n));

function vectorCases(lanes: readonly number[]): Case[] {
  return (["f32", "i32", "bool"] as const).map((type) => {
    const dtype = dtypeOf[type];
    const inputs = [[dtype, samplesOf[type]]] as const;
    const one = (i: Expr): Expr => load(1, dtype, i);
    const packed = (n: number, i: Expr): Expr[] =>
      Array.from({ length: n / 4 }, (_, group) => [
        one(add(i, int(3))),
        one(i),
        constant(1, type),
        extract(load(1, dtype, i, n), (5 * group + 1) % n),
      ]).flat();
    const samples = lanes.flatMap((n) => [
      elementwise(n, dtype, inputs, (i) => splat(one(i), n)),
      elementwise(n, dtype, inputs, (i) => splat(extract(load(1, dtype, i, n), n - 2), n)),
      elementwise(n, dtype, inputs, (i) => pack(packed(n, i))),
      elementwise(n, dtype, inputs, (i) => shuffle(load(1, dtype, i, n), pack(packed(n, i)), woven(n))),
      elementwise(n, "int32", inputs, (i) => add(splat(i, n), iota(n))),
    ]);
    return { name: `splat, pack, extract, shuffle and iota of ${type}`, samples };
  });
}

function constantCases(lanes: readonly number[]): Case[] {
  return types.map((type) => {
    const values = type === "bool" ? [0, 1] : samplesOf[type];
    const samples = lanesFor(type, lanes).map((n) => {
      const body = values.map((value, i) => store(0, int(i * n), constant(value, type, n)));
      const buffers = [buffer(dtypeOf[type], values.length * n, "write")];
      return { program: programOf(buffers, new Locals().local("chunk", "i32"), body), contents: [] };
    });
    return { name: `constants of ${type}`, samples };
  });
}

function multiplyAddCases(lanes: readonly number[]): Case[] {
  return (["f32", "f64", "i32"] as const).map((type) => {
    const values = [1.5, -2, 3.25, 100, 0.1, -7, 12, 9].map((x) => (type === "i32" ? Math.trunc(x) : x));
    const dtype = dtypeOf[type];
    const samples = lanesFor(type, lanes).map((n) => {
      const at = (i: Expr): Expr => load(1, dtype, i, n);
      return elementwise(n, dtype, [[dtype, values]], (i) => fma(at(i), at(i), at(i)), 1e-6);
    });
    return { name: `multiply-add of ${type}`, samples };
  });
}

function memoryCases(lanes: readonly number[]): Case[] {
  const bytes = [0, 1, 127, 128, 255, 7, 200, 33];
  const all = (["float32", "float64", "int32", "uint8", "bool"] as const).map((dtype: DType) => {
    const type = valueTypeOf(dtype) as Element;
    const inputs = [[dtype, dtype === "uint8" ? bytes : samplesOf[type].slice(0, 8)]] as const;
    const samples = lanesFor(type, lanes).flatMap((n) => [
      elementwise(n, dtype, inputs, (i) => load(1, dtype, i, n)),
      elementwise(n, dtype, inputs, (i) => loadAt(address(1, int(1)), dtype, sub(i, int(1)), n)),
    ]);
    return { name: `memory of ${dtype}`, samples };
  });
  const lowBytes = lanes.map((n) =>
    elementwise(n, "uint8", [["int32", ints]], (i) => load(1, "int32", i, n)),
  );
  return [...all, { name: "an integer stored to uint8 keeps its low byte", samples: lowBytes }];
}
