/** How the operands of a contraction lie in memory. */
import type { Node } from "../../graph/node.ts";
import type { AxisMap, ContractionSpec } from "../../graph/operation.ts";
import {
  fixed,
  type Index,
  isAffine,
  ofAtom,
  plus,
  times,
  type Variable,
  variable,
  zero,
} from "../index-math.ts";
import type { Buffer, LoweringContext } from "../plan.ts";
import { ScalarBody } from "../scalar-body.ts";
import { reachBuffers } from "./map.ts";

/** An operand as memory: a buffer and the index in it, linear in the loop dimensions `x0`, `x1`, ... */
export interface Access {
  readonly buffer: Buffer;
  readonly index: Index;
}

const dimVariable = (d: number, size: number): Variable => variable(`x${d}`, size);

export function axisIndex(map: AxisMap, spec: ContractionSpec): Index {
  let sum = zero;
  map.dims.forEach((d, i) => {
    const size = spec.sizes[d] as number;
    if (size > 1) sum = plus(sum, times(ofAtom(dimVariable(d, size)), map.strides[i] as number));
  });
  return sum;
}

/**
 * The memory that an operand is read from, if its index there is linear.
 *
 * @param before zeros that the axes have before the value, though it has them not
 */
export function accessOf(
  node: Node,
  maps: readonly AxisMap[],
  spec: ContractionSpec,
  context: LoweringContext,
  before?: readonly number[],
): Access | null {
  const used = new Map<number, Buffer>();
  const body: ScalarBody = new ScalarBody(reachBuffers(() => body, context, new Set(), used));
  const value = body.evaluate(
    node,
    maps.map((m, axis) => plus(axisIndex(m, spec), fixed(-(before?.[axis] ?? 0)))),
  );
  if (value.kind !== "load" || value.guards.length > 0) return null;
  if (!isAffine(value.index)) return null;
  return { buffer: used.get(value.buffer) as Buffer, index: value.index };
}
