/**
 * Row operands that are laid out anew. A tile reads one element of each of its rows at each step of the sum: where rows are
 * neighbours in memory and steps far apart, each step meets another line of the cache, and often lines that displace each
 * other.
 */
import { sizeOf } from "../../base/shape.ts";
import type { ContractionSpec } from "../../graph/operation.ts";
import type { Target } from "../../kernel/program.ts";
import { type ContractionPlan, extent } from "../contraction-plan.ts";
import { factorOf } from "../index-math.ts";
import { stridesFor } from "../order.ts";
import { changed, type LoweredCall, type LoweringContext, type Order } from "../plan.ts";
import { type Access, accessOf } from "./access.ts";
import { cacheSets, lineElements } from "./cache.ts";
import { isRoomy } from "./kernel-frame.ts";
import { lowerMap } from "./map.ts";
import { longSum, type RowOperand, smallResult } from "./unpadded.ts";

/** Columns from which laying out pays: the tile of a machine with few registers waits for each line. */
const leastColumns = { fewRegisters: 32, manyRegisters: 512 };
/** Few sets of the cache, and a sum that fills their lines many times over. */
const displacing = { sets: 16, summed: 256 };
/** Into how many parts a sum is cut at most, each with a result of its own. */
export const mostParts = 16;

/** When rows that lie across the sum are laid out anew: rather than the sum is cut into parts, where it is not cut, or never. */
type LaidOut = "rather than cut" | "if not cut" | "never";

/** Whether a row operand lies so, and what follows from how often it is read and how much there is to sum up. */
export function layingOutRows(
  access: Access,
  operand: RowOperand,
  spec: ContractionSpec,
  plan: ContractionPlan,
  target: Pick<Target, "registers">,
): LaidOut {
  const apart = distanceAcross(access, spec, plan);
  if (apart === null) return "never";
  const [columns, summed] = [extent(spec, plan.columns), extent(spec, plan.summed)];
  const results = extent(spec, plan.rows) * columns;
  if (!isRoomy(target)) {
    if (columns < leastColumns.fewRegisters) return "never";
    return summed >= longSum && results >= smallResult ? "rather than cut" : "if not cut";
  }
  // Partial results would be more to read and write than the rows. Windows, turned, would be many short runs.
  const windows = operand.maps.some(({ dims }) => dims.length > 1);
  const manyResults = results >= smallResult / 2 && summed <= columns * mostParts;
  if (summed >= longSum && manyResults && !windows) return "rather than cut";
  const displaces = cacheSets(apart) <= displacing.sets && summed >= displacing.summed;
  return displaces && columns >= leastColumns.manyRegisters ? "if not cut" : "never";
}

/** How far apart steps of the sum are where neighbours in memory are rows; null where rows do not lie so. */
function distanceAcross({ index }: Access, spec: ContractionSpec, plan: ContractionPlan): number | null {
  const last = (dims: readonly number[]): number | undefined => dims.findLast((d) => spec.sizes[d] !== 1);
  const [row, step] = [last(plan.rows), last(plan.summed)];
  if (row === undefined || step === undefined || plan.sharesColumns) return null;
  const [acrossRows, apart] = [row, step].map((d) => Math.abs(factorOf(index, `x${d}`))) as [number, number];
  return acrossRows === 1 && apart >= lineElements ? apart : null;
}

/**
 * The row operand and the kernels that lay it out, with the sum along its memory; null where it would have to repeat
 * elements.
 *
 * @param asItLies what it is read from otherwise
 */
export function turnedRows(
  { node, maps }: RowOperand,
  asItLies: Access,
  spec: ContractionSpec,
  { summed }: ContractionPlan,
  context: LoweringContext,
): { readonly access: Access; readonly before: readonly LoweredCall[] } | null {
  if (sizeOf(node.shape) > asItLies.buffer.size) return null;
  const place = (axis: number): number =>
    Math.max(...(maps[axis]?.dims ?? []).map((d) => summed.indexOf(d)), -1);
  const order: Order = maps.map((_, axis) => axis).sort((a, b) => place(a) - place(b) || a - b);
  const room = context.temporary(node.dtype, sizeOf(node.shape));
  const buffer = { ...room, strides: stridesFor(node.shape, order) };
  const inMemory = changed(context, { bufferOf: (n) => (n === node ? buffer : context.bufferOf(n)) });
  const access = accessOf(node, maps, spec, inMemory);
  if (access === null) return null;
  return { access, before: lowerMap({ kind: "map", core: [], stores: [{ node, buffer }] }, context) };
}
