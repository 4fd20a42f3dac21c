/**
 * The scalar body of a kernel: what is computed for one point of its iteration space, as a shared expression DAG
 * whose leaves are loads at symbolic indices. Views disappear here: walking through one rewrites the coordinates.
 */
import type { DType } from "../base/dtype.ts";
import type { BinaryFn, CompareFn, UnaryFn } from "../base/scalar.ts";
import { contiguousStrides } from "../base/shape.ts";
import { type Node, resolve } from "../graph/node.ts";
import type { ViewOperation } from "../graph/operation.ts";
import { type ValueType, valueTypeOf } from "../kernel/ir.ts";
import {
  dataAtom,
  delinearize,
  dividedBy,
  fixed,
  type Index,
  linearize,
  maxOf,
  minOf,
  plus,
  remainder,
  shift,
  times,
  zero,
} from "./index-math.ts";

/** A condition on the point: low <= index < high. Where it fails, a padded view has its fill value. */
export interface Guard {
  readonly index: Index;
  readonly low: number;
  readonly high: number;
}

interface ScalarBase {
  readonly id: number;
  readonly type: ValueType;
}

export interface LoadScalar extends ScalarBase {
  readonly kind: "load";
  readonly buffer: number;
  readonly dtype: DType;
  readonly index: Index;
  /** The access is only allowed where all of these hold; elsewhere its value is not used. */
  readonly guards: readonly Guard[];
}

export type Scalar =
  | (ScalarBase & { readonly kind: "const"; readonly value: number })
  | (ScalarBase & { readonly kind: "index"; readonly index: Index })
  | LoadScalar
  | (ScalarBase & { readonly kind: "unary"; readonly fn: UnaryFn; readonly args: readonly [Scalar] })
  | (ScalarBase & {
      readonly kind: "binary";
      readonly fn: BinaryFn;
      readonly args: readonly [Scalar, Scalar];
    })
  | (ScalarBase & {
      readonly kind: "compare";
      readonly fn: CompareFn;
      readonly args: readonly [Scalar, Scalar];
    })
  | (ScalarBase & { readonly kind: "select"; readonly args: readonly [Scalar, Scalar, Scalar] })
  | (ScalarBase & { readonly kind: "cast" | "bitcast"; readonly args: readonly [Scalar] })
  | (ScalarBase & { readonly kind: "inside"; readonly guards: readonly Guard[] })
  | (ScalarBase & { readonly kind: "philox"; readonly word: number; readonly args: readonly Scalar[] })
  /** A value that the kernel itself produces before the body is evaluated: a sum, an accumulator. */
  | (ScalarBase & { readonly kind: "hole"; readonly hole: number });

/** Says where a node's value comes from when the body reaches it, or null to go on into its operation. */
export type Reach = (node: Node, at: readonly Index[], guards: readonly Guard[]) => Scalar | null;

const noGuards: readonly Guard[] = [];

/** Operands of a scalar; loads and leaves have none. */
export function operandsOf(s: Scalar): readonly Scalar[] {
  return "args" in s ? s.args : [];
}

/** Whether a scalar is the same at every point. `seen` holds those that were found to be. */
export function isUniform(s: Scalar, seen: Set<Scalar>): boolean {
  if (seen.has(s)) return true;
  const guards = s.kind === "load" || s.kind === "inside" ? s.guards : [];
  const indices = [...guards.map((g) => g.index), ...("index" in s ? [s.index] : [])];
  if (s.kind === "hole" || indices.some((i) => i.terms.length > 0)) return false;
  if (!operandsOf(s).every((o) => isUniform(o, seen))) return false;
  seen.add(s);
  return true;
}

export class ScalarBody {
  readonly #known = new Map<string, Scalar>();
  /** The values of nodes by their positions, at each place: coordinates and guards. */
  readonly #evaluated = new Map<string, Map<number, Scalar>>();
  /** The same for coordinates without guards, which elementwise operations hand on as they are. */
  readonly #unguarded = new Map<readonly Index[], Map<number, Scalar>>();
  readonly #reach: Reach;
  /** All scalars in the order they were made: operands come before what uses them. */
  readonly all: Scalar[] = [];

  constructor(reach: Reach) {
    this.#reach = reach;
  }

  #share(key: string, make: (id: number) => Scalar): Scalar {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = make(this.all.length);
    this.all.push(made);
    this.#known.set(key, made);
    return made;
  }

  const(value: number, type: ValueType): Scalar {
    const text = Object.is(value, -0) ? "-0" : String(value);
    return this.#share(`c${type}${text}`, (id) => ({ kind: "const", id, type, value }));
  }

  index(index: Index): Scalar {
    return this.#share(`i${index.key}`, (id) => ({ kind: "index", id, type: "i32", index }));
  }

  load(buffer: number, dtype: DType, index: Index, guards: readonly Guard[]): Scalar {
    return this.#share(`l${buffer}@${index.key}${guardKey(guards)}`, (id) => ({
      kind: "load",
      id,
      type: valueTypeOf(dtype),
      buffer,
      dtype,
      index,
      guards,
    }));
  }

  hole(hole: number, type: ValueType): Scalar {
    return this.#share(`h${hole}`, (id) => ({ kind: "hole", id, type, hole }));
  }

  unary(fn: UnaryFn, a: Scalar): Scalar {
    return this.#share(`u${fn}(${a.id}`, (id) => ({ kind: "unary", id, type: a.type, fn, args: [a] }));
  }

  binary(fn: BinaryFn, a: Scalar, b: Scalar): Scalar {
    return this.#share(`b${fn}(${a.id},${b.id}`, (id) => ({
      kind: "binary",
      id,
      type: a.type,
      fn,
      args: [a, b],
    }));
  }

  compare(fn: CompareFn, a: Scalar, b: Scalar): Scalar {
    return this.#share(`q${fn}(${a.id},${b.id}`, (id) => ({
      kind: "compare",
      id,
      type: "bool",
      fn,
      args: [a, b],
    }));
  }

  select(c: Scalar, a: Scalar, b: Scalar): Scalar {
    if (a === b) return a;
    return this.#share(`s(${c.id},${a.id},${b.id}`, (id) => ({
      kind: "select",
      id,
      type: a.type,
      args: [c, a, b],
    }));
  }

  cast(a: Scalar, type: ValueType): Scalar {
    if (a.type === type) return a;
    return this.#share(`t${type}(${a.id}`, (id) => ({ kind: "cast", id, type, args: [a] }));
  }

  bitcast(a: Scalar, type: ValueType): Scalar {
    return this.#share(`r${type}(${a.id}`, (id) => ({ kind: "bitcast", id, type, args: [a] }));
  }

  /** Whether all guards hold, as a bool. */
  inside(guards: readonly Guard[]): Scalar {
    return this.#share(`g${guardKey(guards)}`, (id) => ({ kind: "inside", id, type: "bool", guards }));
  }

  #philox(word: number, args: readonly Scalar[]): Scalar {
    const key = `p${word}(${args.map((a) => a.id).join(",")}`;
    return this.#share(key, (id) => ({ kind: "philox", id, type: "i32", word, args }));
  }

  /** The value of a node at the given coordinates. */
  evaluate(node: Node, at: readonly Index[], guards: readonly Guard[] = noGuards): Scalar {
    const n = resolve(node);
    const here = this.#valuesAt(at, guards);
    const known = here.get(n.position);
    if (known !== undefined) return known;
    const value = this.#reach(n, at, guards) ?? this.#compute(n, at, guards);
    here.set(n.position, value);
    return value;
  }

  #valuesAt(at: readonly Index[], guards: readonly Guard[]): Map<number, Scalar> {
    const met = guards.length === 0 ? this.#unguarded.get(at) : undefined;
    if (met !== undefined) return met;
    const key = at.map((i) => i.key).join(",") + guardKey(guards);
    const values = this.#evaluated.get(key) ?? new Map<number, Scalar>();
    this.#evaluated.set(key, values);
    if (guards.length === 0) this.#unguarded.set(at, values);
    return values;
  }

  /** As `evaluate`, for a node that is to be computed here even though it has a buffer. */
  compute(node: Node, at: readonly Index[], guards: readonly Guard[] = noGuards): Scalar {
    return this.#compute(resolve(node), at, guards);
  }

  #compute(node: Node, at: readonly Index[], guards: readonly Guard[]): Scalar {
    const op = node.op;
    const operand = (i: number): Scalar => this.evaluate(node.inputs[i] as Node, at, guards);
    switch (op.kind) {
      case "constant":
        return this.const(op.value, valueTypeOf(node.dtype));
      case "iota":
        return this.index(at[0] as Index);
      case "unary":
        return this.#wrap(node.dtype, this.unary(op.fn, operand(0)));
      case "binary":
        return this.#wrap(node.dtype, this.binary(op.fn, operand(0), operand(1)));
      case "compare":
        return this.compare(op.fn, operand(0), operand(1));
      case "where":
        return this.select(operand(0), operand(1), operand(2));
      case "cast":
        return this.#wrap(node.dtype, this.cast(operand(0), valueTypeOf(node.dtype)));
      case "bitcast":
        return this.bitcast(operand(0), valueTypeOf(node.dtype));
      case "alias":
        return operand(0);
      case "random": {
        const element = this.index(linearize(at, contiguousStrides(node.shape)));
        const state = node.inputs.map((i) => this.evaluate(i, [], noGuards));
        return this.#philox(op.word, [element, ...state]);
      }
      case "gather": {
        const picked = this.evaluate(node.inputs[1] as Node, at, guards);
        const source = node.inputs[0] as Node;
        const extent = source.shape[op.axis] as number;
        const safe = this.binary(
          "max",
          this.const(0, "i32"),
          this.binary("min", picked, this.const(extent - 1, "i32")),
        );
        const moved = [...at];
        moved[op.axis] = dataAtom(safe.id, extent);
        return this.evaluate(source, moved, guards);
      }
      case "reshape":
      case "permute":
      case "expand":
      case "pad":
      case "slice":
      case "flip":
      case "window":
      case "unwindow":
        return this.#view(node, op, at, guards);
      case "source":
      case "scalar":
      case "reduce":
      case "scatterAdd":
      case "contraction":
      case "call":
      case "result":
        throw new Error(`schedule: a ${op.kind} node was reached that has no buffer`);
    }
  }

  /** uint8 arithmetic wraps as in C: values in registers are i32. */
  #wrap(dtype: DType, value: Scalar): Scalar {
    return dtype === "uint8" ? this.binary("and", value, this.const(255, "i32")) : value;
  }

  #view(node: Node, op: ViewOperation, at: readonly Index[], guards: readonly Guard[]): Scalar {
    const source = node.inputs[0] as Node;
    const { coordinates, extra } = throughView(op, node, source, at);
    const needed = extra.filter((g) => minOf(g.index) < g.low || maxOf(g.index) >= g.high);
    if (needed.length === 0) return this.evaluate(source, coordinates, guards);
    const inner = this.evaluate(source, coordinates, [...guards, ...needed]);
    const fill = this.const(op.kind === "pad" ? op.value : 0, valueTypeOf(node.dtype));
    return this.select(this.inside(needed), inner, fill);
  }
}

function guardKey(guards: readonly Guard[]): string {
  let key = "";
  for (const g of guards) key += `?${g.index.key}:${g.low}:${g.high}`;
  return key;
}

/** Coordinates in the operand of a view, and the conditions under which the operand is read at all. */
// long: one case per kind of view, which are only readable side by side.
function throughView(
  op: ViewOperation,
  node: Node,
  source: Node,
  at: readonly Index[],
): { coordinates: readonly Index[]; extra: readonly Guard[] } {
  switch (op.kind) {
    case "reshape":
      return { coordinates: throughReshape(node.shape, source.shape, at), extra: [] };
    case "permute": {
      const coordinates = new Array<Index>(at.length);
      op.axes.forEach((axis, i) => {
        coordinates[axis] = at[i] as Index;
      });
      return { coordinates, extra: [] };
    }
    case "expand":
      return {
        coordinates: at
          .slice(at.length - source.shape.length)
          .map((i, d) => (source.shape[d] === 1 ? zero : i)),
        extra: [],
      };
    case "slice":
      return {
        coordinates: at.map((i, d) => shift(times(i, op.step[d] as number), op.start[d] as number)),
        extra: [],
      };
    case "flip":
      return {
        coordinates: at.map((i, d) =>
          op.axes.includes(d) ? shift(times(i, -1), (node.shape[d] as number) - 1) : i,
        ),
        extra: [],
      };
    case "pad": {
      const coordinates = at.map((i, d) => shift(i, -(op.before[d] as number)));
      const extra = coordinates.map((index, d) => ({ index, low: 0, high: source.shape[d] as number }));
      return { coordinates, extra };
    }
    case "window": {
      const position = plus(
        times(at[op.axis] as Index, op.stride),
        times(at[op.axis + 1] as Index, op.dilation),
      );
      return { coordinates: [...at.slice(0, op.axis), position, ...at.slice(op.axis + 2)], extra: [] };
    }
    case "unwindow": {
      const offset = at[op.axis + 1] as Index;
      const scaled = plus(at[op.axis] as Index, times(offset, -op.dilation));
      const position = dividedBy(scaled, op.stride);
      const coordinates = [...at];
      coordinates[op.axis] = position;
      return {
        coordinates,
        extra: [
          { index: position, low: 0, high: source.shape[op.axis] as number },
          { index: remainder(scaled, op.stride), low: 0, high: 1 },
        ],
      };
    }
  }
}

/**
 * Coordinates in another shape of as many elements. Matches runs of axes of equal size on both sides, so that each run is
 * reshaped on its own.
 */
export function throughReshape(
  from: readonly number[],
  to: readonly number[],
  at: readonly Index[],
): Index[] {
  const out: Index[] = [];
  let i = 0;
  let j = 0;
  while (i < from.length || j < to.length) {
    const i0 = i;
    const j0 = j;
    let a = i < from.length ? (from[i++] as number) : 1;
    let b = j < to.length ? (to[j++] as number) : 1;
    while (a !== b) {
      if (a < b) a *= from[i++] as number;
      else b *= to[j++] as number;
    }
    const run = from.slice(i0, i);
    const position = linearize(at.slice(i0, i), contiguousStrides(run));
    out.push(...delinearize(position, to.slice(j0, j)));
  }
  return out.length === to.length ? out : to.map(() => fixed(0));
}
