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
import { type ClippedAxes, type ClippedRows, clipPlaces, clipRows, meetNoZeros } from "./contraction-clip.ts";
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
  return operandOf(node, rowOperand);
}

function operandOf(node: Node, which: 0 | 1): RowOperand {
  const { spec } = node.op as { readonly spec: ContractionSpec };
  return { node: resolve(node.inputs[which] as Node), maps: which === 0 ? spec.a : spec.b };
}

/** Where windows over the column operand hang over zeros, if vectors run along the images. */
export function clippedImages(spec: ContractionSpec, plan: ContractionPlan, node: Node): ClippedAxes | null {
  if (plan.run === null || plan.sharesColumns) return null;
  const columns = operandOf(node, plan.rowOperand === 0 ? 1 : 0);
  return clipPlaces({ ...columns, spec, rows: plan.columns, summed: plan.summed });
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
 * What is between the zeros around the operand that a contraction's windows move over, where no tile meets any of them: it is read
 * without them, and they need not be written. Null where the operand is read as it is.
 */
export function unpaddedOperand(node: Node, around: Around): Unpadded | null {
  if (node.op.kind !== "contraction") return null;
  const { spec } = node.op;
  // Most contractions have no padding: they are not planned once more for it.
  if (node.inputs.every((input) => zerosAround(input).value === resolve(input))) return null;
  const plan = contractionPlan(node, around);
  const isInColumns = plan.run !== null;
  const operand = operandOf(node, isInColumns === (plan.rowOperand === 0) ? 1 : 0);
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
  const clipped = isInColumns
    ? clippedImages(spec, plan, node)
    : clippedRows(spec, plan, operand, rows, (d) => dimStride(operand.maps, strides, d));
  return clipped !== null && meetNoZeros(clipped, { ...operand, spec })
    ? { ...padded, operand: operand.node }
    : null;
}
