/**
 * Reductions of an expanded graph: equal ones are one node, and extremes go through what keeps the order of elements. The
 * largest of `max(x, 0)` is the larger of 0 and the largest of `x`, which is known already where somebody asked for it.
 */
import type { BinaryFn } from "../base/scalar.ts";
import type { Shape } from "../base/shape.ts";
import { binary, compare, constant, expand, reduce, where } from "./build.ts";
import { type Node, resolve } from "./node.ts";

type Extreme = "fmin" | "fmax";

const opposite = { fmin: "fmax", fmax: "fmin" } as const;

export class Reductions {
  readonly #known = new Map<Node, Map<string, Node>>();

  /** What a reduction over `axes` gives; those axes stay, with size 1. */
  of(fn: Parameters<typeof reduce>[0], x: Node, axes: readonly number[]): Node {
    const known = this.#known.get(x) ?? new Map<string, Node>();
    this.#known.set(x, known);
    const key = `${fn} ${axes.join()}`;
    const found = known.get(key) ?? this.#make(fn, x, axes);
    known.set(key, found);
    return found;
  }

  #make(fn: Parameters<typeof reduce>[0], x: Node, axes: readonly number[]): Node {
    const inner = fn === "fmin" || fn === "fmax" ? this.#within(fn, x, axes) : null;
    return inner ?? reduce(fn, x, axes);
  }

  /** An extreme of what `x` is made of, mapped as `x` maps its elements; null where that may change their order. */
  #within(fn: Extreme, node: Node, axes: readonly number[]): Node | null {
    const x = resolve(node);
    if (x.value !== null) return null;
    const { op } = x;
    if (op.kind === "alias") return this.of(fn, resolve(x.inputs[0] as Node), axes);
    if (op.kind !== "binary" || x.dtype !== "float32") return null;
    const [a, b] = x.inputs.map(resolve) as [Node, Node];
    const shape = x.shape.map((s, d) => (axes.includes(d) ? 1 : s));
    const right = alongOne(b, axes, shape);
    if (right !== null) return this.#mapped(fn, op.fn, a, right, axes);
    const left = alongOne(a, axes, shape);
    if (left === null) return null;
    if (op.fn === "sub") return binary("sub", left, this.of(opposite[fn], b, axes));
    return this.#mapped(fn, op.fn, b, left, axes);
  }

  #mapped(fn: Extreme, by: BinaryFn, x: Node, other: Node, axes: readonly number[]): Node | null {
    switch (by) {
      case "add":
      case "sub":
      case "max":
      case "min":
        return binary(by, this.of(fn, x, axes), other);
      case "mul": {
        const rises = compare("le", constant(0, other.shape, other.dtype), other);
        const [same, turned] = [this.of(fn, x, axes), this.of(opposite[fn], x, axes)];
        return binary("mul", where(rises, same, turned), other);
      }
      default:
        return null;
    }
  }
}

/** An operand that is the same all along `axes`, in the shape of what is left of them; null for any other. */
function alongOne(node: Node, axes: readonly number[], shape: Shape): Node | null {
  if (node.value !== null) return null;
  if (node.op.kind === "constant") return constant(node.op.value, shape, node.dtype);
  if (node.op.kind !== "expand") return null;
  const source = resolve(node.inputs[0] as Node);
  const skipped = shape.length - source.shape.length;
  const varies = axes.some((d) => d >= skipped && source.shape[d - skipped] !== 1);
  return varies ? null : expand(source, shape);
}
