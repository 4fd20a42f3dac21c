/** Row operands of contractions that are read without the zeros around them. */
import { type Node, resolve } from "../../graph/node.ts";
import type { AxisMap, ContractionSpec } from "../../graph/operation.ts";
import type { Target } from "../../kernel/program.ts";
import {
  type ContractionPlan,
  contractionPlan,
  dimStride,
  extent,
  type Surroundings,
} from "../contraction-plan.ts";
import { type Padded, zerosAround } from "../margins.ts";
import { stridesFor } from "../order.ts";
import { isView } from "../views.ts";
import { type ClippedRows, clipRows, meetNoZeros } from "./contraction-clip.ts";
import { lanesOf, tileOf } from "./tile-shape.ts";
import { winogradOperand } from "./winograd/form.ts";

/** A sum of at least this many terms may be cut into parts. */
export const longSum = 1024;
/** Elements of a result up to which partial results cost little beside reading operands again and again. */
export const smallResult = 65_536;

/** The operand that is read one element at a time, and where along its axes. */
export interface RowOperand {
  readonly node: Node;
  readonly maps: readonly AxisMap[];
}

export function rowOperandOf(node: Node, { rowOperand }: ContractionPlan): RowOperand {
  const { spec } = node.op as { readonly spec: ContractionSpec };
  return {
    node: resolve(node.inputs[rowOperand] as Node),
    maps: rowOperand === 0 ? spec.a : spec.b,
  };
}

/** @param stride of the row operand, for a step of a loop dimension */
export function clippedRows(
  spec: ContractionSpec,
  plan: ContractionPlan,
  operand: RowOperand,
  tile: number,
  stride: (dim: number) => number,
): ClippedRows | null {
  if (extent(spec, plan.summed) >= longSum) return null;
  return clipRows({ ...operand, spec, rows: plan.rows, summed: plan.summed, stride, tile });
}

/** An operand that is read without its padding. */
export interface Unpadded extends Padded {
  readonly operand: Node;
}

/** What this depends on beside the contraction itself. */
type Around = Surroundings & { readonly target: Pick<Target, "lanes" | "registers"> };

/**
 * What is between the zeros around a contraction's row operand, where no tile meets any of them: it is read without them, and they
 * need not be written. Null where the operand is read as it is.
 */
export function unpaddedRows(node: Node, around: Around): Unpadded | null {
  if (node.op.kind !== "contraction") return null;
  const { spec } = node.op;
  // Most contractions have no padding: they are not planned once more for it.
  if (node.inputs.every((input) => zerosAround(input).value === resolve(input))) return null;
  const plan = contractionPlan(node, around);
  const operand = rowOperandOf(node, plan);
  const padded = zerosAround(operand.node);
  const { value } = padded;
  const order = around.orderOf(value);
  // In another order it would be read across its memory, and a view is no memory.
  if (value === operand.node || isView(value) || order.join() !== around.orderOf(operand.node).join())
    return null;
  const isSteady = (side: 0 | 1): boolean => around.isSteady(node.inputs[side] as Node);
  if (winogradOperand(spec, around.target.lanes, isSteady) !== null) return null;
  const strides = stridesFor(value.shape, order);
  const columns = extent(spec, plan.columns);
  const { rows } = tileOf(spec, plan, columns, lanesOf(node, columns, around.target), around.target, false);
  const clipped = clippedRows(spec, plan, operand, rows, (d) => dimStride(operand.maps, strides, d));
  return clipped !== null && meetNoZeros(clipped, { ...operand, spec })
    ? { ...padded, operand: operand.node }
    : null;
}
