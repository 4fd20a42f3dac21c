/**
 * The iteration space of a kernel: the axes of a value in the order they lie in memory, those that can be walked
 * as one merged into one.
 */
import type { Shape } from "../../base/shape.ts";
import {
  delinearize,
  factorOf,
  type Index,
  occursInside,
  ofAtom,
  type Variable,
  variable,
  zero,
} from "../index-math.ts";
import type { Order } from "../plan.ts";
import type { Scalar } from "../scalar-body.ts";

/** One loop: a run of axes that are walked together, slowest first. */
export interface Dim {
  readonly variable: Variable;
  readonly extent: number;
  readonly axes: readonly number[];
  /** Whether the loop sums, rather than producing elements. */
  readonly reduced: boolean;
}

/** One loop for each axis that is not 1, in physical order. */
export function splitDims(shape: Shape, order: Order, reduced: readonly number[] = []): Dim[] {
  return order.filter((d) => shape[d] !== 1).map((d) => makeDim([d], shape, reduced.includes(d)));
}

function makeDim(axes: readonly number[], shape: Shape, reduced: boolean): Dim {
  const extent = axes.reduce((p, d) => p * (shape[d] as number), 1);
  return { variable: variable(`v${axes.join("_")}`, extent), extent, axes, reduced };
}

/** Coordinates of the point that the loops stand at. */
export function coordinates(dims: readonly Dim[], shape: Shape): Index[] {
  const at = new Array<Index>(shape.length).fill(zero);
  for (const dim of dims) {
    const sizes = dim.axes.map((d) => shape[d] as number);
    delinearize(ofAtom(dim.variable), sizes).forEach((index, i) => {
      at[dim.axes[i] as number] = index;
    });
  }
  return at;
}

/** Merges neighbouring loops wherever every index moves through both as through one. */
export function mergeDims(dims: readonly Dim[], indices: readonly Index[], shape: Shape): Dim[] {
  const out: Dim[] = [];
  for (const dim of dims) {
    const last = out[out.length - 1];
    if (last !== undefined && last.reduced === dim.reduced && mergeable(last, dim, indices)) {
      out[out.length - 1] = makeDim([...last.axes, ...dim.axes], shape, dim.reduced);
    } else out.push(dim);
  }
  return out;
}

function mergeable(outer: Dim, inner: Dim, indices: readonly Index[]): boolean {
  // The last axis of a merged run is the one whose factor the run has in the indices made with split loops.
  const outerName = `v${outer.axes[outer.axes.length - 1]}`;
  const innerName = inner.variable.name;
  return indices.every(
    (i) =>
      !occursInside(i, outerName) &&
      !occursInside(i, innerName) &&
      factorOf(i, outerName) === factorOf(i, innerName) * inner.extent,
  );
}

/** What is computed at a point of a domain, and where results go. */
interface Computed {
  readonly body: { readonly all: readonly Scalar[] };
  readonly stores: readonly { readonly index: Index }[];
}

/** All indices that a kernel goes by: of loads, guards, values of positions, and stores. */
export function indicesOf({ body, stores }: Computed): Index[] {
  const out: Index[] = [];
  for (const s of body.all) {
    if (s.kind === "load") out.push(s.index, ...s.guards.map((g) => g.index));
    else if (s.kind === "index") out.push(s.index);
    else if (s.kind === "inside") out.push(...s.guards.map((g) => g.index));
  }
  return [...out, ...stores.map((s) => s.index)];
}
