/**
 * What a contraction stores itself, and what is made of that by walks of their own: stores that would go across memory are
 * moved in blocks, and an optimizer's step goes through a weight row by row.
 */
import { type Shape, sizeOf } from "../../base/shape.ts";
import { type Node, resolve } from "../../graph/node.ts";
import { contractionPlan } from "../contraction-plan.ts";
import { mergedAxes } from "../merged-axes.ts";
import { stridesFor } from "../order.ts";
import { changed, type Group, type LoweringContext, type Order, type Store } from "../plan.ts";
import { isLargeUpdate, worthTurning } from "../written-out.ts";

/** Stores that are made together, and what is in memory when they are. */
interface Made {
  readonly stores: Store[];
  readonly context: LoweringContext;
}

/** What a contraction stores out of its accumulators, and what walks of their own make of that, one after the other. */
export interface SortedStores {
  readonly direct: Made;
  readonly walks: readonly Made[];
}

export function sortStores(group: Group, context: LoweringContext): SortedStores {
  const copies = group.stores.filter((s) => isTurnedCopy(s, group, context));
  const others = group.stores.filter((s) => !copies.includes(s));
  const { direct, walks } = withUpdates(others, group, context) ?? turned(others, group, context);
  const last = walks.at(-1)?.context ?? context;
  return { direct, walks: [...walks, ...copies.map((s) => ({ stores: [s], context: last }))] };
}

/**
 * The gradient of a weight is stored alone, and an optimizer's step is made of it row by row. Tile by tile, out of the
 * accumulators, the weight and its moments are read and written in bits of a dozen rows at once, which caches and
 * prefetchers do not like. Null where there is no such step, or little of it.
 */
function withUpdates(stores: Store[], group: Group, context: LoweringContext): SortedStores | null {
  const core = group.core[0] as Node;
  const sums = stores.find((s) => resolve(s.node) === core);
  const updates = stores.filter((s) => s !== sums);
  if (sums === undefined || updates.length === 0 || !isLargeUpdate(core, context)) return null;
  const { direct, walks } = turned([sums], group, context);
  return { direct, walks: [...walks, { stores: updates, context: withStored(sums, context) }] };
}

/** What goes across memory is stored as it comes, and turned by a walk. */
function turned(stores: Store[], group: Group, context: LoweringContext): SortedStores {
  const across = stores.flatMap((store) => {
    const order = orderAcross(store, group, context);
    return order === null ? [] : [{ store, order }];
  });
  const [only, second] = across;
  // Several are updated in place: they are read across memory, too, and nothing would be saved.
  if (only === undefined || second !== undefined) return { direct: { stores, context }, walks: [] };
  const { node } = only.store;
  const room = context.temporary(node.dtype, sizeOf(node.shape));
  const inRoom = { node, buffer: { ...room, strides: stridesFor(node.shape, only.order) } };
  const inMemory = withStored(inRoom, context);
  return {
    direct: { stores: stores.map((s) => (s === only.store ? inRoom : s)), context: inMemory },
    walks: [{ stores: [only.store], context: inMemory }],
  };
}

const withStored = ({ node, buffer }: Store, context: LoweringContext): LoweringContext =>
  changed(context, { bufferOf: (n) => (n === node ? buffer : context.bufferOf(n)) });

/** Whether a store repeats what the group stores in another order. */
function isTurnedCopy({ node, buffer }: Store, group: Group, context: LoweringContext): boolean {
  const first = context.bufferOf(node);
  if (first === null || first === buffer || !group.stores.some((s) => s.buffer === first)) return false;
  return node.shape.some((size, d) => size > 1 && first.strides[d] !== buffer.strides[d]);
}

/**
 * The order in which the sums come, where a store of some size goes across it; else null. The axes around the vectors run
 * as they are stored later, so that what is turned is a plain matrix.
 */
function orderAcross({ node, buffer }: Store, group: Group, context: LoweringContext): Order | null {
  const core = group.core[0] as Node;
  const order = orderAs(contractionPlan(core, context).order, core.shape, node.shape);
  const last = order?.findLast((d) => node.shape[d] !== 1);
  if (order === null || last === undefined || sizeOf(node.shape) < worthTurning) return null;
  const stride = (d: number): number => buffer.strides[d] as number;
  if (stride(last) === 1) return null;
  return [...order.filter((d) => d !== last).sort((a, b) => stride(b) - stride(a) || a - b), last];
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
