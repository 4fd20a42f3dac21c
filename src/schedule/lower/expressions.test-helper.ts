import { expandCalls } from "../../graph/expand.ts";
import type { Node } from "../../graph/node.ts";
import { walkGraph } from "../../graph/signature.ts";
import type { Expr } from "../../kernel/ir.ts";
import { eachExpression } from "../../kernel/rewrite.ts";
import { verifyProgram } from "../../kernel/verify.ts";
import { schedule } from "../schedule.ts";

/** How many expressions of a kind the kernels of a node's program have, with vectors of four. */
export function countExpressions(root: Node, isCounted: (e: Expr) => boolean): number {
  const { graph, of } = expandCalls(walkGraph([root]), [root]);
  const { program } = schedule({
    ...graph,
    wanted: [{ node: of(root), leaf: null }],
    target: { lanes: 4, registers: 16, fma: false, prefetch: false },
  });
  verifyProgram(program);
  let count = 0;
  for (const { body } of program.kernels) {
    eachExpression(body, (e) => {
      if (isCounted(e)) count++;
    });
  }
  return count;
}
