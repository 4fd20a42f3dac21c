/**
 * Lowers a contraction: chooses the tile, lays out the column operand where it must be, and emits the loops around
 * the micro-kernel. Three shapes of loops exist. Where each result is one sum of moderate length, chunks own parts of
 * the result and run the epilogue on the accumulators. Where long sums make few results from operands that both lie
 * along them (a weight gradient), chunks own parts of the sum, work in blocks that stay in cache, and a second
 * kernel adds the parts up. Where such sums make many results and registers are few, chunks own parts of the result and
 * lay their rows out, block by block.
 */
import type { Node } from "../../graph/node.ts";
import type { Buffer, Group, LoweredCall, LoweringContext } from "../plan.ts";
import { cutInside, joinLoops, lowerParts, type SumParts, splitSum } from "./contraction-parts.ts";
import { analyze, type Problem } from "./contraction-problem.ts";
import { sortStores } from "./contraction-stores.ts";
import { WholeSums } from "./contraction-whole.ts";
import { lowerMap } from "./map.ts";
import { combineContraction } from "./reduce.ts";
import { lowerWinograd } from "./winograd/lower.ts";
import { recognize } from "./winograd/recognize.ts";

export function lowerContraction(group: Group, context: LoweringContext): LoweredCall[] {
  const { direct, walks } = sortStores(group, context);
  return [
    ...lowerCore({ ...group, stores: direct.stores }, direct.context),
    ...walks.flatMap(({ stores, context: made }) => lowerMap({ kind: "map", core: [], stores }, made)),
  ];
}

function lowerCore(group: Group, context: LoweringContext): LoweredCall[] {
  const winograd = recognize(group.core[0] as Node, context);
  if (winograd !== null) return lowerWinograd(winograd, group, context);
  const problem = cutInside(analyze(group.core[0] as Node, context));
  const parts = splitSum(problem);
  if (parts === null)
    return [...problem.before, ...problem.column.before, new WholeSums(group, problem, context).lower()];
  const table = joinLoops(problem, context);
  const joined = table?.problem ?? problem;
  return [
    ...problem.column.before,
    ...(table === null ? [] : [table.before]),
    ...partialSums(group, joined, splitSum(joined) ?? parts, table?.buffer ?? null, context),
  ];
}

function partialSums(
  group: Group,
  problem: Problem,
  parts: SumParts,
  table: Buffer | null,
  context: LoweringContext,
): LoweredCall[] {
  const { rowSize, count } = parts;
  const { plan, spec, node } = problem;
  const partial = context.temporary(problem.dtype, count * problem.batch * problem.rows * rowSize);
  const isLoop = (d: number): boolean => spec.sizes[d] !== 1;
  const stored = {
    shape: node.shape,
    order: plan.order.filter(isLoop),
    partial: [partial],
    count,
    rowSize: { axes: plan.columns.filter(isLoop).length, stride: rowSize },
  };
  return [lowerParts(problem, parts, partial, table), combineContraction(group, context, stored)];
}
