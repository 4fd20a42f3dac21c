/**
 * One program from traces at several sizes. What is equal in all of them is a constant of the program; a number that
 * differs depends on a size of the input, and is kept as the list of its values, one for each trace.
 */

import type { DType } from "../../../base/dtype.ts";
import { ArgumentError } from "../../../base/errors.ts";
import type { Node } from "../../../graph/node.ts";
import { type Place, Ref, type Tape, type TapeStep } from "./trace.ts";

/** A number that is another one for inputs of another size. */
export class Varying {
  readonly values: readonly number[];

  constructor(values: readonly number[]) {
    this.values = values;
  }
}

/** A size of an axis. */
export type Dim = number | Varying;

/** A step of all traces: as a tape's, with {@link Varying} for numbers that differ. */
export interface Step {
  readonly kind: string;
  readonly args: readonly unknown[];
  readonly results: readonly { readonly id: number; readonly dims: readonly Dim[]; readonly dtype: DType }[];
  readonly place: Place;
  /** The first result in the first trace. */
  readonly node: Node;
}

export interface Program {
  readonly steps: readonly Step[];
  readonly outputs: Tape["outputs"];
}

/** Whether two sizes are equal whatever the input's size. */
export function sameDim(a: Dim | undefined, b: Dim | undefined): boolean {
  if (a instanceof Varying && b instanceof Varying) return a.values.every((v, i) => v === b.values[i]);
  return a === b;
}

/** @throws ArgumentError where the traces are of different structure */
export function mergeTapes(tapes: readonly Tape[]): Program {
  const [first] = tapes as [Tape];
  const differs = tapes.find(
    (t) =>
      t.steps.length !== first.steps.length ||
      t.outputs.some((o, i) => o.id !== first.outputs[i]?.id) ||
      t.outputs.length !== first.outputs.length,
  );
  const steps = first.steps.map((step, i) => {
    const versions = tapes.map((t) => t.steps[i]);
    const odd = versions.find(
      (v) => v === undefined || v.kind !== step.kind || v.results.length !== step.results.length,
    );
    if (odd !== undefined || versions.includes(undefined)) throw structureError(step, odd);
    return mergeStep(step, versions as TapeStep[]);
  });
  if (differs !== undefined) throw structureError(first.steps[first.steps.length - 1] as TapeStep, undefined);
  return { steps, outputs: first.outputs };
}

function structureError(step: TapeStep, other: TapeStep | undefined): ArgumentError {
  const at = step.place.path === "" ? "" : ` in ${step.place.path}`;
  return new ArgumentError(
    `exportOnnx: forward does other things for inputs of another size: at ${step.kind}${at} the sizes part` +
      `${other === undefined ? "" : `, one goes on with ${other.kind}`}; a graph has one course for all sizes. Export with fixed sizes: ` +
      "dynamicBatch: false and no dynamicAxes",
    { operation: step.kind, module: step.place.path },
  );
}

function mergeStep(step: TapeStep, versions: readonly TapeStep[]): Step {
  const merge = (values: readonly unknown[]): unknown => {
    const [a] = values;
    if (a instanceof Ref) {
      if (values.some((v) => !(v instanceof Ref) || v.id !== a.id)) throw structureError(step, undefined);
      return a;
    }
    if (Array.isArray(a)) {
      if (values.some((v) => !Array.isArray(v) || v.length !== a.length))
        throw structureError(step, undefined);
      return a.map((_, i) => merge(values.map((v) => (v as unknown[])[i])));
    }
    if (typeof a === "object" && a !== null && Object.getPrototypeOf(a) === Object.prototype) {
      return Object.fromEntries(
        Object.keys(a).map((key) => [
          key,
          merge(values.map((v) => (v as Record<string, unknown> | null)?.[key])),
        ]),
      );
    }
    if (values.every((v) => Object.is(v, a))) return a;
    if (values.every((v) => typeof v === "number")) return new Varying(values);
    throw structureError(step, undefined);
  };
  return {
    kind: step.kind,
    args: merge(versions.map((v) => v.args)) as readonly unknown[],
    results: step.results.map((result, r) => {
      const shapes = versions.map((v) => v.results[r]?.shape);
      return { id: result.id, dims: merge(shapes) as readonly Dim[], dtype: result.dtype };
    }),
    place: step.place,
    node: step.node,
  };
}
