/**
 * How elementwise operations are defined: one object says what is computed, for which types, and what the gradient
 * is; `unaryOperation` and `binaryOperation` make the function that checks operands and builds the node.
 */
import { type DType, isFloat, promote } from "../base/dtype.ts";
import { DTypeError } from "../base/errors.ts";
import type { BinaryFn, CompareFn, UnaryFn } from "../base/scalar.ts";
import { broadcastShapes } from "../base/shape.ts";
import { binary, cast, compare, expand, unary } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";

/** Types that an operation takes. Integers and bool are converted where `float` is asked for, as PyTorch does. */
export type Accepts = "any" | "number" | "float" | "integer";

/** Gradient with respect to the operand, from that of the result; null where it is zero everywhere. */
export type UnaryGradient = (gradient: Node, x: Node, y: Node) => Node | null;

/** Gradients with respect to both operands, before they are summed over what was broadcast. */
export type BinaryGradient = (
  gradient: Node,
  a: Node,
  b: Node,
  y: Node,
) => readonly [Node | null, Node | null];

export interface UnaryDefinition {
  readonly name: string;
  readonly fn: UnaryFn;
  readonly accepts: Accepts;
  /** Whether integers are results already; false by default. */
  readonly keepsIntegers?: boolean;
  readonly gradient: UnaryGradient;
}

export interface BinaryDefinition {
  readonly name: string;
  readonly fn: BinaryFn;
  readonly accepts: Accepts;
  /** What takes its place between two bools, whose result is a bool; without it there is none where `accepts` is "number". */
  readonly ofBools?: BinaryFn;
  readonly gradient: BinaryGradient;
}

/** A definition with the function that applies it. */
export type UnaryOperation = ((x: Node) => Node) & { readonly definition: UnaryDefinition };
/** As {@link UnaryOperation}; errors say `name` where it is given, else the definition's. */
export type BinaryOperation = ((a: Node, b: Node) => Node) &
  ((a: Node, b: Node, name: string) => Node) & { readonly definition: BinaryDefinition };

/** Converts an operand to a type that the operation takes. @throws DTypeError where there is none. */
export function accept(x: Node, accepts: Accepts, name: string): Node {
  if (accepts === "float" && !isFloat(x.dtype)) return cast(x, "float32");
  if (accepts === "number" && x.dtype === "bool") {
    throw new DTypeError(
      `${name}: a bool tensor has no ${name}; convert it with .to("float32") or .to("int32")`,
      {
        dtype: x.dtype,
      },
    );
  }
  if (accepts === "integer" && isFloat(x.dtype)) {
    throw new DTypeError(`${name}: needs integers or bool, got ${x.dtype}; convert with .to("int32")`, {
      dtype: x.dtype,
    });
  }
  return x;
}

export function unaryOperation(definition: UnaryDefinition): UnaryOperation {
  const { fn, accepts, name, keepsIntegers = false } = definition;
  const apply = (x: Node): Node => {
    const v = accept(x, accepts, name);
    return keepsIntegers && !isFloat(v.dtype) ? v : unary(fn, v);
  };
  return Object.assign(apply, { definition });
}

/** Both operands in their common type and shape. @throws DTypeError where that is none that the operation takes. */
export function harmonize(a: Node, b: Node, name: string, accepts: Accepts = "any"): [Node, Node] {
  let dtype: DType = promote(a.dtype, b.dtype);
  if (accepts === "float" && !isFloat(dtype)) dtype = "float32";
  if (accepts === "number" && dtype === "bool") accept(a, accepts, name);
  if (accepts === "integer") {
    accept(a, accepts, name);
    accept(b, accepts, name);
  }
  const shape = broadcastShapes(a.shape, b.shape, name);
  return [expand(cast(a, dtype), shape), expand(cast(b, dtype), shape)];
}

export function binaryOperation(definition: BinaryDefinition): BinaryOperation {
  const { fn, accepts, ofBools } = definition;
  const apply = (a: Node, b: Node, name = definition.name): Node => {
    if (ofBools !== undefined && a.dtype === "bool" && b.dtype === "bool") {
      return binary(ofBools, ...harmonize(a, b, name));
    }
    const [x, y] = harmonize(a, b, name, accepts);
    return binary(fn, x, y);
  };
  return Object.assign(apply, { definition });
}

/** A comparison; `swapped` compares b with a, which gives "greater" from "less". False comes before true. */
export function compareOperation(name: string, fn: CompareFn, swapped = false): (a: Node, b: Node) => Node {
  return (a, b) => {
    const both = harmonize(a, b, name);
    const ordered = fn === "lt" || fn === "le";
    const [x, y] =
      ordered && both[0].dtype === "bool" ? (both.map((n) => cast(n, "int32")) as [Node, Node]) : both;
    return swapped ? compare(fn, y, x) : compare(fn, x, y);
  };
}
