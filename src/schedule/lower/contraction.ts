/**
 * Lowers a contraction: chooses the tile, lays out the column operand where it must be, and emits the loops around
 * the micro-kernel. Two shapes of loops exist. Where each result is one sum of moderate length, chunks own parts of
 * the result and run the epilogue on the accumulators. Where long sums make few results from operands that both lie
 * along them (a weight gradient), chunks own parts of the sum, work in blocks that stay in cache, and a second
 * kernel adds the parts up.
 */
import type { Node } from "../../graph/node.ts";
import type { Group, LoweredCall, LoweringContext } from "../plan.ts";
import { lowerParts, splitSum } from "./contraction-parts.ts";
import { analyze } from "./contraction-problem.ts";
import { WholeSums } from "./contraction-whole.ts";
import { combineContraction } from "./reduce.ts";
export function lowerContraction(group: Group, context: LoweringContext): LoweredCall[] {
  const problem = analyze(group.core[0] as Node, context);
  const parts = splitSum(problem);
  const calls = [...problem.column.before];
  if (parts === null) calls.push(new WholeSums(group, problem, context).lower());
  else {
    const { rowSize } = parts;
    const partial = context.temporary(problem.dtype, parts.count * problem.batch * problem.rows * rowSize);
    calls.push(lowerParts(problem, parts, partial));
    const order = problem.plan.order.filter((d) => problem.spec.sizes[d] !== 1);
    const axes = problem.plan.columns.filter((d) => problem.spec.sizes[d] !== 1).length;
    const { shape } = problem.node;
    const stored = {
      shape,
      order,
      partial: [partial],
      count: parts.count,
      rowSize: { axes, stride: rowSize },
    };
    calls.push(combineContraction(group, context, stored));
  }
  return calls;
}
