/**
 * Stores of a contraction that would go across memory. Out of the accumulators they go lane by lane; a walk of their own
 * moves them in blocks.
 */
import { type Shape, sizeOf } from "../../base/shape.ts";
import type { Node } from "../../graph/node.ts";
import { mergedAxes } from "../merged-axes.ts";
import { stridesFor } from "../order.ts";
import { changed, type Group, type LoweringContext, type Order, type Store } from "../plan.ts";

/** What a contraction stores, and what is laid out anew behind it. */
export interface SortedStores {
  readonly direct: Store[];
  readonly copies: readonly Store[];
  /** The context in which all values of copies are in memory. */
  readonly context: LoweringContext;
}

/** Elements from which a walk of its own is worth its start. */
const fewest = 16_384;

/**
 * @param turns whether what goes across memory is to be turned; not out of Winograd's sums, which write a small part of the
 *   result at a time
 */
export function sortStores(group: Group, turns: boolean, context: LoweringContext): SortedStores {
  const copies = group.stores.filter((s) => isTurnedCopy(s, group, context));
  const others = group.stores.filter((s) => !copies.includes(s));
  const across = others.flatMap((store) => {
    const order = turns ? orderAcross(store, group, context) : null;
    return order === null ? [] : [{ store, order }];
  });
  const [only] = across;
  // Several are updated in place: they are read across memory, too, and nothing would be saved.
  if (only === undefined || across.length > 1) return { direct: others, copies, context };
  const { node } = only.store;
  const room = context.temporary(node.dtype, sizeOf(node.shape));
  const buffer = { ...room, strides: stridesFor(node.shape, only.order) };
  return {
    direct: others.map((s) => (s === only.store ? { node, buffer } : s)),
    copies: [only.store, ...copies],
    context: changed(context, { bufferOf: (n) => (n === node ? buffer : context.bufferOf(n)) }),
  };
}

/** Whether a store repeats what the group stores in another order. */
function isTurnedCopy({ node, buffer }: Store, group: Group, context: LoweringContext): boolean {
  const first = context.bufferOf(node);
  if (first === null || first === buffer || !group.stores.some((s) => s.buffer === first)) return false;
  return node.shape.some((size, d) => size > 1 && first.strides[d] !== buffer.strides[d]);
}

/** The order in which the sums come, where a store of some size goes across it; else null. */
function orderAcross({ node, buffer }: Store, group: Group, context: LoweringContext): Order | null {
  const core = group.core[0] as Node;
  const order = orderAs(context.orderOf(core), core.shape, node.shape);
  const last = order?.findLast((d) => node.shape[d] !== 1);
  const isLarge = sizeOf(node.shape) >= fewest;
  return isLarge && last !== undefined && buffer.strides[last] !== 1 ? order : null;
}

/** The order of a shape in that of another one, of which neighbouring axes may be one; null where these do not lie together. */
function orderAs(order: Order, parts: Shape, whole: Shape): Order | null {
  const counts = mergedAxes(parts, whole);
  if (counts === null) return null;
  const places = order.filter((d) => parts[d] !== 1);
  const axes = parts.map((_, d) => d).filter((d) => parts[d] !== 1);
  const first: number[] = [];
  let next = 0;
  for (const count of counts) {
    const place = places.indexOf(axes[next] as number);
    for (let i = 1; i < count; i++) if (places[place + i] !== axes[next + i]) return null;
    first.push(place);
    next += count;
  }
  const long = whole.map((_, d) => d).filter((d) => whole[d] !== 1);
  const sorted = long.map((d, i) => ({ d, place: first[i] as number })).sort((a, b) => a.place - b.place);
  return [...whole.map((_, d) => d).filter((d) => whole[d] === 1), ...sorted.map(({ d }) => d)];
}
