/**
 * Axes that are read by quotients and remainders of their positions, taken apart: what is flattened in one order and lies
 * in another, as images of channels last before a linear layer, has the axes of the image again.
 */
import { contiguousStrides, type Shape } from "../../base/shape.ts";
import { type Atom, dependsOn, type Index, linearize } from "../index-math.ts";
import type { Order } from "../plan.ts";
import type { Dim } from "./domain.ts";

/** A domain with more axes than the values that it is walked for. */
export interface FineDomain {
  readonly shape: Shape;
  readonly order: Order;
  /** Axes of the domain that each axis of the values has become. */
  readonly parts: readonly (readonly number[])[];
  /** The coordinates of a point in the shape of the values. */
  whole(at: readonly Index[]): Index[];
}

/** Takes axes apart along which indices have quotients and remainders; null where none can be. */
export function refine(dims: readonly Dim[], indices: readonly Index[], shape: Shape): FineDomain | null {
  const cut = new Map<number, readonly number[]>();
  for (const { axes, variable } of dims) {
    const sizes = axes.length === 1 ? partsOf(variable.name, variable.max + 1, indices) : null;
    if (sizes !== null) cut.set(axes[0] as number, sizes);
  }
  if (cut.size === 0) return null;
  const parts = shape.map((size, d) => cut.get(d) ?? [size]);
  const starts = parts.map((_, d) => parts.slice(0, d).flat().length);
  const axesOf = (d: number): number[] => (parts[d] as number[]).map((_, i) => (starts[d] as number) + i);
  const walked = dims.flatMap((dim) => dim.axes);
  const rest = shape.map((_, d) => d).filter((d) => !walked.includes(d));
  return {
    shape: parts.flat(),
    order: [...rest, ...walked].flatMap(axesOf),
    parts: shape.map((_, d) => axesOf(d)),
    whole: (at) =>
      parts.map((sizes, d) =>
        linearize(
          axesOf(d).map((axis) => at[axis] as Index),
          contiguousStrides(sizes),
        ),
      ),
  };
}

/** The sizes into which an axis falls; null where it is read as a whole, or by anything but whole parts. */
function partsOf(name: string, extent: number, indices: readonly Index[]): number[] | null {
  const cuts = new Set<number>();
  const isPart = ({ terms }: Index): boolean =>
    terms.every(({ atom }) => !isInside(atom, name) || unitOf(atom, name, cuts) !== null);
  if (!indices.every(isPart) || cuts.size === 0) return null;
  const ends = [...cuts, extent].sort((a, b) => a - b);
  const sizes = ends.map((end, i) => end / (ends[i - 1] ?? 1));
  return sizes.every(Number.isInteger) ? sizes.filter((size) => size > 1).reverse() : null;
}

const isInside = (atom: Atom, name: string): boolean =>
  (atom.kind === "div" || atom.kind === "mod") && dependsOn(atom.arg, name);

/**
 * How many positions one step of an atom stands for, which is a position or a quotient or remainder of one; null for any
 * other. Collects where the axis is cut.
 */
function unitOf(atom: Atom, name: string, cuts: Set<number>): number | null {
  if (atom.kind === "data") return null;
  if (atom.kind === "var") return atom.name === name ? 1 : null;
  const { terms, offset } = atom.arg;
  const [only] = terms;
  if (only === undefined || terms.length > 1 || only.factor !== 1 || offset !== 0) return null;
  const unit = unitOf(only.atom, name, cuts);
  if (unit === null) return null;
  cuts.add(unit * atom.by);
  return atom.kind === "div" ? unit * atom.by : unit;
}
