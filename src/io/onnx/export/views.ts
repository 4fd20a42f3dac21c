/** Changes of shape as ONNX operators, where sizes may vary. */

import type { GraphWriter } from "./graph-writer.ts";
import type { Dim } from "./merge.ts";
import { sameDim, Varying } from "./merge.ts";

const isOne = (d: Dim): boolean => d === 1;

const sameDims = (a: readonly Dim[], b: readonly Dim[]): boolean =>
  a.length === b.length && a.every((d, i) => sameDim(d, b[i]));

/** The same elements in another shape, by the operator that says most about it. */
export function reshapeTo(g: GraphWriter, name: string, from: readonly Dim[], to: readonly Dim[]): string {
  if (sameDims(from, to)) return name;
  if (to.length === 2 && from.length > 2 && sameDim(to[0], from[0]))
    return g.add("Flatten", [name], { axis: 1 });
  const solid = (dims: readonly Dim[]): Dim[] => dims.filter((d) => !isOne(d));
  if (sameDims(solid(from), solid(to)) && from.length !== to.length) {
    const ones = to.length > from.length ? extraOnes(to, from) : extraOnes(from, to);
    if (ones !== null)
      return g.add(to.length > from.length ? "Unsqueeze" : "Squeeze", [name, g.int64(ones, "axes")]);
  }
  const copied = to.map((d, i) => (d instanceof Varying && sameDim(d, from[i]) ? 0 : d));
  const open = copied.filter((d) => d instanceof Varying).length;
  if (open > 1 || to.includes(0))
    return g.add("Reshape", [name, g.shape(to)], to.includes(0) ? { allowzero: 1 } : {});
  return g.add("Reshape", [
    name,
    g.int64(
      copied.map((d) => (d instanceof Varying ? -1 : d)),
      "shape",
    ),
  ]);
}

/** Axes of size 1 that the longer shape has and the shorter has not; null unless that is the only difference. */
function extraOnes(longer: readonly Dim[], shorter: readonly Dim[]): number[] | null {
  const axes: number[] = [];
  let at = 0;
  longer.forEach((d, axis) => {
    if (at < shorter.length && sameDim(d, shorter[at])) at++;
    else if (isOne(d)) axes.push(axis);
    else at = Number.POSITIVE_INFINITY;
  });
  return at === shorter.length ? axes : null;
}

/** Beyond the end of every axis. */
const far = 2 ** 53 - 1;

/** Elements start, start + step, ... along each axis. Bounds that vary are counted from the end. */
export function sliceOf(
  g: GraphWriter,
  name: string,
  from: readonly Dim[],
  start: readonly Dim[],
  step: readonly number[],
  to: readonly Dim[],
): string {
  const axes: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  from.forEach((size, axis) => {
    const [s, count] = [start[axis] as Dim, to[axis] as Dim];
    const by = step[axis] as number;
    if (s === 0 && by === 1 && sameDim(size, count)) return;
    axes.push(axis);
    starts.push(fromEnd(g, s, size, "where a slice begins"));
    const end = combine(s, count, (a, n) => a + (n - 1) * by + 1);
    const whole = combine(end, size, (e, n) => (by > 1 && n - e < by && n >= e ? 1 : e === n ? 1 : 0));
    ends.push(whole === 1 ? far : fromEnd(g, end, size, "where a slice ends"));
  });
  if (axes.length === 0) return name;
  const steps = axes.map((axis) => step[axis] as number);
  const inputs = [name, g.int64(starts, "starts"), g.int64(ends, "ends"), g.int64(axes, "axes")];
  return g.add("Slice", steps.every((s) => s === 1) ? inputs : [...inputs, g.int64(steps, "steps")]);
}

function combine(a: Dim, b: Dim, f: (a: number, b: number) => number): Dim {
  if (typeof a === "number" && typeof b === "number") return f(a, b);
  const count = a instanceof Varying ? a.values.length : (b as Varying).values.length;
  const at = (d: Dim, i: number): number => (typeof d === "number" ? d : (d.values[i] as number));
  const values = Array.from({ length: count }, (_, i) => f(at(a, i), at(b, i)));
  return values.every((v) => v === values[0]) ? (values[0] as number) : new Varying(values);
}

function fromEnd(g: GraphWriter, position: Dim, size: Dim, what: string): number {
  if (typeof position === "number") return position;
  return g.fixed(
    combine(position, size, (p, n) => p - n),
    what,
  );
}
