/**
 * What may not be passed where, and a way to check that it is refused: by an error of ours, at the call, with the name
 * of the layer or function and of the argument.
 */
import { inspect } from "node:util";
import { type DType, isFloat } from "../../src/base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../src/base/errors.ts";
import type { Shape } from "../../src/base/shape.ts";
import { ones, zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const notANumber = [Number.NaN, "1", true, {}];
const notASize = [...notANumber, -1, 1.5, Number.POSITIVE_INFINITY, [], [1, 2, 3], [1, "1"], ["1"]];
const notATensor = [5, "x", true, {}, [1, 2], Promise.resolve(1)];

/** What an argument must be. */
export type Kind =
  | "count"
  | "integer"
  | "size"
  | "pair"
  | "pair or null"
  | "size from 0"
  | "pair from 0"
  | "number"
  | "positive"
  | "from 0"
  | "share"
  | "share or null"
  | "flag"
  | "choice"
  | "tensor or null"
  | "tensor";

/** Values that must be refused for an argument of each kind; null belongs to all but the nullable kinds. */
const wrong: Readonly<Record<Kind, readonly unknown[]>> = {
  /** An integer of 1 or more. */
  count: [null, ...notASize, 0, [1]],
  integer: [null, ...notANumber, 1.5, []],
  /** One integer of 1 or more for one axis, and for two. */
  size: [null, ...notASize, 0, [1, 2]],
  pair: [null, ...notASize, 0, [1]],
  "pair or null": [...notASize, 0, [1]],
  "size from 0": [null, ...notASize, [1, 2]],
  "pair from 0": [null, ...notASize, [1]],
  number: [null, ...notANumber, []],
  positive: [null, ...notANumber, 0, -1, []],
  "from 0": [null, ...notANumber, -1, []],
  share: [null, ...notANumber, -0.1, 1.1, []],
  "share or null": [...notANumber, -0.1, 1.1, []],
  flag: [null, 0, 1, "false", "", {}],
  choice: [null, "nonsense", "", 1, true, {}],
  /** A tensor that may be left out. */
  "tensor or null": notATensor,
  tensor: [undefined, null, ...notATensor],
};

/** A positional argument: its name, its kind (or the values to refuse), and a good value. */
export type Argument = readonly [name: string, kind: Kind | readonly unknown[], good: unknown];

/** A tensor that is passed: a good shape and type, and those that must be refused. */
export interface Input {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype?: DType;
  readonly shapes?: readonly Shape[];
  /** Types to refuse; what the good type is not, by default. */
  readonly types?: readonly DType[];
}

export interface Subject {
  /** What is called with wrong values: `inputs`, then `args`, then the options. */
  readonly call: (inputs: readonly unknown[], args: readonly unknown[], options?: unknown) => unknown;
  /** The name that errors must begin with; layers may show their arguments behind it. */
  readonly name: string;
  readonly inputs?: readonly Input[];
  readonly args?: readonly Argument[];
  /** Left out where nothing is taken in this place. */
  readonly options?: Readonly<Record<string, Kind | readonly unknown[]>>;
  /** Options without which nothing is right. */
  readonly needed?: Readonly<Record<string, unknown>>;
}

export function inputOf({ shape, dtype = "float32" }: Input): Tensor {
  return isFloat(dtype) ? ones(shape, { dtype }) : zeros(shape, { dtype });
}

function show(value: unknown): string {
  return value instanceof Promise ? "a promise" : inspect(value);
}

/** What is wrong with the way that a call is refused; null if nothing is. The message begins with the first name. */
function complaint(call: () => unknown, [owner = "", ...names]: readonly string[]): string | null {
  try {
    call();
  } catch (e) {
    const ours = e instanceof ArgumentError || e instanceof ShapeError || e instanceof DTypeError;
    if (!ours) return `refused with ${String(e)}`;
    const missing = names.filter((name) => !e.message.includes(name));
    if (!new RegExp(`^${owner}[:(]`).test(e.message)) missing.unshift(owner);
    return missing.length === 0 ? null : `"${e.message}" does not name ${missing.join(", ")}`;
  }
  return "not refused";
}

type Calls = Generator<[label: string, names: readonly string[], call: () => unknown]>;

const put = (list: readonly unknown[], i: number, value: unknown): unknown[] =>
  list.map((v, d) => (d === i ? value : v));
const goodArguments = (s: Subject): unknown[] => (s.args ?? []).map(([, , value]) => value);
const valuesOf = (kind: Kind | readonly unknown[]): readonly unknown[] =>
  typeof kind === "string" ? wrong[kind] : kind;

function* badInputs(s: Subject): Calls {
  const { inputs = [], needed } = s;
  const good = inputs.map(inputOf);
  const goodArgs = goodArguments(s);
  for (const [i, input] of inputs.entries()) {
    for (const value of wrong.tensor) {
      const call = (): unknown => s.call(put(good, i, value), goodArgs, needed);
      yield [`${input.name} ${show(value)}`, [s.name, input.name], call];
    }
    for (const shape of input.shapes ?? []) {
      const call = (): unknown => s.call(put(good, i, inputOf({ ...input, shape })), goodArgs, needed);
      yield [`${input.name} of shape ${show(shape)}`, [s.name], call];
    }
    for (const dtype of input.types ?? ["bool", "int32", "uint8"]) {
      const call = (): unknown => s.call(put(good, i, inputOf({ ...input, dtype })), goodArgs, needed);
      yield [`${input.name} of type ${dtype}`, [s.name, dtype], call];
    }
  }
}

function* badArguments(s: Subject): Calls {
  const { inputs = [], args = [], options = {}, needed } = s;
  const good = inputs.map(inputOf);
  const goodArgs = goodArguments(s);
  for (const [i, [name, kind]] of args.entries()) {
    for (const value of [undefined, ...valuesOf(kind)]) {
      const call = (): unknown => s.call(good, put(goodArgs, i, value), needed);
      yield [`${name} ${show(value)}`, [s.name, name], call];
    }
  }
  for (const [name, kind] of Object.entries(options)) {
    for (const value of valuesOf(kind)) {
      const call = (): unknown => s.call(good, goodArgs, { ...needed, [name]: value });
      yield [`option ${name} ${show(value)}`, [s.name, name], call];
    }
  }
  if (s.options === undefined) return;
  const misspelt = (): unknown => s.call(good, goodArgs, { ...needed, pading: 1 });
  yield ["an unknown option", [s.name, "pading"], misspelt];
  for (const value of [null, "x", true, zeros([2]), [1]]) {
    yield [`options ${show(value)}`, [s.name], () => s.call(good, goodArgs, value)];
  }
}

/** Everything that should be refused, and is not, or not in the right words. */
export function complaints(subject: Subject, which: "inputs" | "all" = "all"): string[] {
  const found: string[] = [];
  const calls = which === "inputs" ? badInputs(subject) : both(subject);
  for (const [label, names, call] of calls) {
    const said = complaint(call, names);
    if (said !== null) found.push(`${label}: ${said}`);
  }
  return found;
}

function* both(s: Subject): Calls {
  yield* badInputs(s);
  yield* badArguments(s);
}

/** Makes the call with good values: if that is refused, refusals mean nothing. */
export function works(s: Subject): void {
  s.call((s.inputs ?? []).map(inputOf), goodArguments(s), s.needed);
}
