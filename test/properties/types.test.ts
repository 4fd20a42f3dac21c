/**
 * Every operation takes every element type or refuses it at the call: none is accepted and then cannot be computed.
 */
import { describe, expect, it } from "vitest";
import { type DType, dtypes } from "../../src/base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../src/base/errors.ts";
import { useEngine } from "../../src/engine/default.ts";
import type { Engine } from "../../src/engine/engine.ts";
import * as F from "../../src/nn/functional.ts";
import { cat, einsum, ones, where } from "../../src/tensor/create.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { engines } from "../conformance/engines.ts";

type Results = Tensor | readonly Tensor[] | { readonly values: Tensor; readonly indices: Tensor };
type Method = (x: Tensor) => Results;

const ofNothing = [
  ...[
    "neg",
    "abs",
    "sign",
    "exp",
    "expm1",
    "log",
    "log1p",
    "sqrt",
    "rsqrt",
    "square",
    "reciprocal",
    "sin",
    "cos",
  ],
  ...[
    "tanh",
    "sigmoid",
    "relu",
    "gelu",
    "erf",
    "floor",
    "ceil",
    "round",
    "trunc",
    "isnan",
    "isfinite",
    "logicalNot",
  ],
  ...[
    "sum",
    "prod",
    "mean",
    "var",
    "std",
    "max",
    "min",
    "amax",
    "amin",
    "argmax",
    "argmin",
    "any",
    "all",
    "norm",
  ],
  ...["sort", "argsort", "clone", "squeeze", "flatten", "t"],
] as const;
const ofOneDim = ["cumsum", "cumprod", "softmax", "logSoftmax", "logsumexp", "max", "min"] as const;
const ofAnother = [
  ...[
    "add",
    "sub",
    "mul",
    "div",
    "pow",
    "remainder",
    "maximum",
    "minimum",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
  ],
  ...["logicalAnd", "logicalOr", "logicalXor", "matmul"],
] as const;
/** Functions of layers that take nothing but a tensor and options. */
const ofImages = Object.entries(F).flatMap(([name, fn]) => (fn.length === 1 ? [name] : []));

const byName = (x: Tensor, name: string, ...args: unknown[]): Results =>
  ((x as unknown as Record<string, unknown>)[name] as (...args: unknown[]) => Results).apply(x, args);

function methods(): Record<string, Method> {
  const all: Record<string, Method> = {};
  for (const name of ofNothing) all[name] = (x) => byName(x, name);
  for (const name of ofOneDim) all[`${name} of a dimension`] = (x) => byName(x, name, 1);
  for (const name of ofAnother) {
    if (name !== "matmul" && !name.startsWith("logical")) {
      all[`${name} of 2`] = (x) => byName(x, name, 2);
      all[`${name} of 0.5`] = (x) => byName(x, name, 0.5);
      all[`${name} of true`] = (x) => byName(x, name, true);
    }
    for (const dtype of dtypes) all[`${name} of ${dtype}`] = (x) => byName(x, name, ones(x.shape, { dtype }));
  }
  const called: Record<string, (x: Tensor) => Results> = { ...F } as never;
  for (const name of ofImages) all[`F.${name}`] = (x) => (called[name] as Method)(x.view([1, 3, 3, 1]));
  return { ...all, ...others };
}

const int = { dtype: "int32" } as const;
const others: Record<string, Method> = {
  "clamp between numbers": (x) => x.clamp({ min: 0, max: 0.5 }),
  "clamp below a tensor": (x) => x.clamp({ max: ones([3]) }),
  maskedFill: (x) => x.maskedFill(ones([3], { dtype: "bool" }), 7.5),
  "where by it": (x) => where(x, 1, 2.5),
  "where of it": (x) => where(ones([3], { dtype: "bool" }), x, 2.5),
  "where, method": (x) => x.where(ones([3], { dtype: "bool" }), 300),
  "topk of 1": (x) => x.topk(1),
  "topk of 20": (x) => x.view([-1]).repeat([4]).topk(20),
  "norm of order 1": (x) => x.norm({ p: 1 }),
  "norm of order 3": (x) => x.norm({ p: 3 }),
  "norm, the largest": (x) => x.norm({ p: Number.POSITIVE_INFINITY }),
  flip: (x) => x.flip([0]),
  roll: (x) => x.roll(1, 0),
  repeat: (x) => x.repeat([2, 2]),
  expand: (x) => x.expand([2, 3, 3]),
  permute: (x) => x.permute([1, 0]),
  "slice with a step": (x) => x.slice(0, 0, null, { step: 2 }),
  "pad with 7.5": (x) => x.pad([1, 1], { value: 7.5 }),
  "pad with NaN": (x) => x.pad([1, 1], { value: Number.NaN }),
  "pad with -1": (x) => x.pad([1, 1], { value: -1 }),
  "pad by reflection": (x) => x.pad([1, 1], { mode: "reflect" }),
  unfold: (x) => x.unfold(0, 2, 1),
  cat: (x) => cat([x, x], 0),
  "cat with floats": (x) => cat([x, ones([3, 3])], 0),
  gather: (x) => x.gather(0, ones([3, 3], int)),
  indexSelect: (x) => x.indexSelect(0, ones([2], int)),
  index: (x) =>
    x.index([
      [0, 1],
      [1, 2],
    ]),
  scatter: (x) => x.scatter(0, ones([3, 3], int), x),
  "scatter of a number": (x) => x.scatter(0, ones([3, 3], int), 2.5),
  scatterAdd: (x) => x.scatterAdd(0, ones([3, 3], int), x),
  "einsum of one": (x) => einsum("ij->j", x),
  "einsum of two": (x) => einsum("ij,jk->ik", x, x),
  "to float64": (x) => x.to("float64"),
  "to int32": (x) => x.to("int32"),
  "to uint8": (x) => x.to("uint8"),
  "to bool": (x) => x.to("bool"),
  fill_: (x) => x.clone().fill_(2.5),
  "fill_ with NaN": (x) => x.clone().fill_(Number.NaN),
  "add_ of 2": (x) => x.clone().add_(2),
  "add_ of 0.5": (x) => x.clone().add_(0.5),
  "mul_ of itself": (x) => x.clone().mul_(x),
  "div_ of 2": (x) => x.clone().div_(2),
  lerp_: (x) => x.clone().lerp_(ones([3, 3]), 0.5),
  addcmul_: (x) => x.clone().addcmul_(x, x, { value: 0.5 }),
  addcdiv_: (x) => x.clone().addcdiv_(x, x),
  clamp_: (x) => x.clone().clamp_({ min: 0.5 }),
  copy_: (x) => x.clone().copy_(ones([3, 3], { dtype: "float64" })),
  uniform_: (x) => x.clone().uniform_(),
  normal_: (x) => x.clone().normal_(),
  "F.maxPool2d": (x) => F.maxPool2d(x.view([1, 3, 3]), 2),
  "F.maxPool2d with padding": (x) => F.maxPool2d(x.view([1, 3, 3]), 2, { padding: 1, returnIndices: true }),
  "F.avgPool2d": (x) => F.avgPool2d(x.view([1, 3, 3]), 2),
  "F.conv2d": (x) => F.conv2d(x.view([1, 3, 3]), x.view([1, 1, 3, 3])),
  "F.linear": (x) => F.linear(x, x),
  "F.softmax": (x) => F.softmax(x, 0),
  "F.pixelShuffle": (x) => F.pixelShuffle(x.view([9, 1, 1]), 3),
  "F.interpolate": (x) => F.interpolate(x.view([1, 1, 3, 3]), { scaleFactor: 2 }),
  "F.embedding": (x) => F.embedding(ones([2], int), x),
};

function listed(results: Results): readonly Tensor[] {
  if (results instanceof Tensor) return [results];
  return "indices" in results ? [results.values, results.indices] : results;
}

/** The results; null where the call is refused. @throws what is no refusal. */
function taken(name: string, method: Method, x: Tensor): readonly Tensor[] | null {
  try {
    return listed(method(x));
  } catch (e) {
    const ours = e instanceof ArgumentError || e instanceof ShapeError || e instanceof DTypeError;
    if (ours) return null;
    throw new Error(`${name}: refused with ${String(e)}`);
  }
}

describe("on the interpreter", () => {
  it.each(dtypes)("%s is taken or refused by every operation", async (dtype: DType) => {
    const found: string[] = [];
    for (const [name, method] of Object.entries(methods())) {
      // A program that fails takes everything pending with it: an engine for each.
      const engine = (engines["interpreter, 4 lanes"] as () => Engine)();
      useEngine(engine);
      const results = taken(name, method, ones([3, 3], { dtype })) ?? [];
      await Promise.all(results.map((r) => r.data())).catch((e) => found.push(`${name}: ${String(e)}`));
      await engine.close();
    }
    expect(found).toEqual([]);
  });
});

describe("on wasm", () => {
  it("what is taken can be computed, in one program", async () => {
    const engine = (engines["wasm, 1 thread"] as () => Engine)();
    useEngine(engine);
    const all = dtypes.flatMap((dtype) =>
      Object.entries(methods()).flatMap(
        ([name, method]) => taken(name, method, ones([3, 3], { dtype })) ?? [],
      ),
    );
    await engine.flush(all.map((t) => t.node));
    expect(all.length).toBeGreaterThan(500);
    await engine.close();
  });
});
