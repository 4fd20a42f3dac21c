/**
 * What follows a contraction element by element, as one scalar body: it runs on sums that are still in registers.
 */
import type { Node } from "../../graph/node.ts";
import { valueTypeOf } from "../../kernel/ir.ts";
import { type Index, zero } from "../index-math.ts";
import { type Buffer, type Group, type LoweringContext, nodesMadeBy, placeIn } from "../plan.ts";
import { ScalarBody } from "../scalar-body.ts";
import { alignedCoordinates, reachBuffers } from "./map.ts";
import type { BodyStore } from "./walk.ts";

export interface Epilogue {
  readonly body: ScalarBody;
  readonly stores: readonly BodyStore[];
}

/**
 * The stores of a contraction's group; hole 0 stands for the sum.
 *
 * @param place the coordinate along each loop dimension, `x0`, `x1`, ...; those of size 1 may be missing
 * @param used collects the buffers
 */
export function contractionEpilogue(
  group: Group,
  context: LoweringContext,
  place: ReadonlyMap<string, Index>,
  used: Map<number, Buffer>,
): Epilogue {
  const node = group.core[0] as Node;
  const own = nodesMadeBy(group, context);
  const load = reachBuffers(() => body, context, own, used);
  const body: ScalarBody = new ScalarBody((n, at, guards) =>
    n === node ? body.hole(0, valueTypeOf(node.dtype)) : load(n, at, guards),
  );
  const at = node.shape.map((s, d) => (s === 1 ? zero : (place.get(`x${d}`) as Index)));
  const stores = group.stores.map((s) => {
    used.set(s.buffer.id, s.buffer);
    const where = alignedCoordinates(at, node.shape, s.node);
    const value = body.evaluate(s.node, where);
    return { value, buffer: s.buffer, index: placeIn(s.buffer, where) };
  });
  return { body, stores };
}
