/**
 * Reductions that one condition for all elements leaves empty: `reduce(fn, where(condition, x, neutral))`. Their loops run
 * only where the condition holds, so that a second look at a tensor costs nothing while the first has told enough.
 */
import type { ReduceFn } from "../base/scalar.ts";
import { type Node, resolve } from "../graph/node.ts";
import { type ValueType, valueTypeOf } from "../kernel/ir.ts";

/** Whether a node is such a reduction. */
export function isConditional(node: Node): boolean {
  if (node.op.kind !== "reduce") return false;
  const chosen = resolve(node.inputs[0] as Node);
  if (chosen.op.kind !== "where" || chosen.value !== null) return false;
  const [condition, , otherwise] = chosen.inputs.map(resolve) as [Node, Node, Node];
  const { op } = otherwise;
  if (op.kind !== "constant" || !isOneValue(condition)) return false;
  return op.value === neutralOf(node.op.fn, valueTypeOf(node.dtype));
}

/** The number that changes nothing when it is combined with others; of positions, the value that every other beats. */
export function neutralOf(fn: ReduceFn, type: ValueType): number {
  switch (fn) {
    case "sum":
      return 0;
    case "prod":
      return 1;
    case "max":
    case "fmax":
    case "argmax":
      return type === "i32" ? -(2 ** 31) : Number.NEGATIVE_INFINITY;
    case "min":
    case "fmin":
    case "argmin":
      return type === "i32" ? 2 ** 31 - 1 : Number.POSITIVE_INFINITY;
  }
}

function isOneValue(node: Node): boolean {
  if (node.shape.every((s) => s === 1)) return true;
  return node.op.kind === "expand" && node.value === null && isOneValue(resolve(node.inputs[0] as Node));
}
