import { expandCalls } from "../../graph/expand.ts";
import type { Node } from "../../graph/node.ts";
import { walkGraph } from "../../graph/signature.ts";
import type { Expr, Kernel } from "../../kernel/ir.ts";
import { eachExpression } from "../../kernel/rewrite.ts";
import { verifyProgram } from "../../kernel/verify.ts";
import { schedule } from "../schedule.ts";

/** The kernels of a node's program, with vectors of four. */
export function kernelsOf(root: Node): readonly Kernel[] {
  const { graph, of } = expandCalls(walkGraph([root]), [root]);
  const { program } = schedule({
    ...graph,
    wanted: [{ node: of(root), leaf: null }],
    target: { lanes: 4, registers: 16, fma: false, prefetch: false },
  });
  verifyProgram(program);
  return program.kernels;
}

/** How many expressions of a kind these kernels have. */
export function countExpressions(root: Node, isCounted: (e: Expr) => boolean): number {
  let count = 0;
  for (const { body } of kernelsOf(root)) {
    eachExpression(body, (e) => {
      if (isCounted(e)) count++;
    });
  }
  return count;
}
