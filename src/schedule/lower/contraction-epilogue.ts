/**
 * What follows a contraction element by element, as one scalar body: it runs on sums that are still in registers.
 */
import type { Node } from "../../graph/node.ts";
import { use } from "../../kernel/build.ts";
import { type Expr, type Local, valueTypeOf } from "../../kernel/ir.ts";
import { type Index, zero } from "../index-math.ts";
import { type Buffer, type Group, type LoweringContext, nodesMadeBy, placeIn } from "../plan.ts";
import { ScalarBody } from "../scalar-body.ts";
import type { TileAt } from "./contraction-blocks.ts";
import { bindRow, columnOf, emitInline, hold, type Problem } from "./contraction-problem.ts";
import type { Emitter } from "./emitter.ts";
import { alignedCoordinates, reachBuffers } from "./map.ts";
import { type BodyStore, emitStores } from "./walk.ts";

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

/** Runs the epilogue on a tile's accumulators, without the lanes beyond the last column. */
export function finishTile(
  emitter: Emitter,
  problem: Problem,
  { m, n }: TileAt,
  accumulators: readonly (readonly Local[])[],
  stores: readonly BodyStore[],
): void {
  const { lanes, columns } = problem;
  const column = columnOf(emitter, problem, n);
  const finish = (i: number, v: number, sum: Expr): void =>
    emitInline(emitter, () => {
      bindRow(emitter, problem, m, i);
      for (const [name, value] of column) emitter.bind(name, value, name === "n" ? v * lanes : 0);
      emitter.fill(0, hold(emitter, sum));
      emitStores(emitter, stores);
    });
  accumulators.forEach((list, i) => {
    list.forEach((c, v) => {
      const rest = n.kind === "const" ? columns - n.value - v * lanes : lanes;
      if (rest <= 0) return;
      const active = Math.min(rest, lanes);
      emitter.vectorized({ variable: "n", lanes, active }, () => finish(i, v, use(c)));
    });
  });
}
