/**
 * How a contraction is laid over a matrix multiplication: which operand is read element by element ("rows") and
 * which by vectors ("columns"), in which order its loop dimensions run, and so how the result lies in memory.
 *
 * Where each group has one result and no columns, as in a convolution with a group for each channel, vectors run along
 * the groups, and both operands are read by vectors.
 */
import type { Node } from "../graph/node.ts";
import type { AxisMap, ContractionSpec } from "../graph/operation.ts";
import { winogradOperand } from "./lower/winograd/form.ts";
import { stridesFor } from "./order.ts";
import type { LoweringContext, Order } from "./plan.ts";

export interface ContractionPlan {
  /** Operand (0 or 1) read one element at a time and repeated over a vector. */
  readonly rowOperand: 0 | 1;
  /** Loop dimensions in both operands and in the result. */
  readonly batch: readonly number[];
  /** Loop dimensions of the result that only the row operand has; slowest first. */
  readonly rows: readonly number[];
  /** Loop dimensions of the result that only the column operand has; the vector dimension is the last. */
  readonly columns: readonly number[];
  /** Whether the row operand has the columns, too, side by side: it is read by vectors then, and there is no batch. */
  readonly sharesColumns: boolean;
  /** Summed dimensions, slowest first. */
  readonly summed: readonly number[];
  /** Physical order of the result. */
  readonly order: Order;
  /**
   * How many columns lie side by side where vectors run along the images of a batch; null elsewhere. A pixel's images, or in the
   * gradient of a kernel those of one vector.
   */
  readonly run: number | null;
}

/** Elements between neighbours along a loop dimension in an operand with these axis strides. */
export function dimStride(maps: readonly AxisMap[], strides: readonly number[], dim: number): number {
  let sum = 0;
  maps.forEach((map, axis) => {
    map.dims.forEach((d, i) => {
      if (d === dim) sum += (map.strides[i] as number) * (strides[axis] as number);
    });
  });
  return sum;
}

/** Whether an operand with these axes has a loop dimension. */
export function hasDim(maps: readonly AxisMap[], dim: number): boolean {
  return maps.some((m) => m.dims.includes(dim));
}

/** What the choice depends on beside the contraction itself. */
export type Surroundings = Pick<LoweringContext, "orderOf" | "isWrittenOut" | "isSteady" | "imagesLast"> & {
  readonly target: Pick<LoweringContext["target"], "lanes">;
};

/**
 * Chooses the cheaper assignment of operands; ties go to the second operand as columns. A result that is written out
 * has to be row-major in the end; a steady operand is laid out only when it changes.
 */
export function contractionPlan(node: Node, around: Surroundings): ContractionPlan {
  if (node.op.kind !== "contraction") throw new Error("schedule: not a contraction");
  const { spec } = node.op;
  const { lanes } = around.target;
  const strides = node.inputs.map((x) => stridesFor(x.shape, around.orderOf(x)));
  const straight = arrange(spec, 0, strides);
  const swapped = arrange(spec, 1, strides);
  const along = around.imagesLast ? alongImages(spec, [straight, swapped], strides, lanes) : null;
  if (along !== null) return along;
  const isSteady = (operand: 0 | 1): boolean => around.isSteady(node.inputs[operand] as Node);
  const winograd = node.dtype === "float32" ? winogradOperand(spec, lanes, isSteady) : null;
  if (winograd !== null) return winograd === 0 ? straight : swapped;
  if (node.dtype === "float32" && straight.sharesColumns !== swapped.sharesColumns)
    return straight.sharesColumns ? straight : swapped;
  const total = (plan: ContractionPlan): number => {
    const turned = around.isWrittenOut(node) && !falls(spec, plan.order) ? 4 * extent(spec, plan.order) : 0;
    const columns = plan.rowOperand === 0 ? 1 : 0;
    const laying = isSteady(columns) ? 0 : layingOut(spec, plan, strides, lanes);
    return multiplying(spec, plan, lanes) + laying + turned;
  };
  const overSecond = slidesOver(spec, spec.b);
  const [first, second] = overSecond ? [swapped, straight] : [straight, swapped];
  const share = overSecond || slidesOver(spec, spec.a) ? shareToTurn : 1;
  return total(second) < share * total(first) ? second : first;
}

/** Whether an order is row-major, wherever axes of size 1 may be. */
function falls(spec: ContractionSpec, order: Order): boolean {
  const moving = order.filter((d) => spec.sizes[d] !== 1);
  return moving.every((d, i) => i === 0 || (moving[i - 1] as number) < d);
}

/** Channels come before the pixels of an image only where that costs no more than this share: all else likes them last. */
const shareToTurn = 0.6;

/** Whether windows of a convolution, or of its input gradient, move over an operand with these axes. */
function slidesOver(spec: ContractionSpec, maps: readonly AxisMap[]): boolean {
  const size = (d: number): number => spec.sizes[d] as number;
  return maps.some(({ dims: [p = 0, q = 0], dims }) => {
    if (dims.length !== 2) return false;
    const [kept, summed] = p < spec.outputs ? [p, q] : [q, p];
    return kept < spec.outputs && summed >= spec.outputs && size(kept) > size(summed);
  });
}

/** Fewer groups than the narrowest vector has lanes are computed one by one. */
const fewestGroups = 4;

function arrange(spec: ContractionSpec, rowOperand: 0 | 1, strides: readonly number[][]): ContractionPlan {
  const rowMaps = rowOperand === 0 ? spec.a : spec.b;
  const columnMaps = rowOperand === 0 ? spec.b : spec.a;
  const rowStrides = strides[rowOperand] as number[];
  const columnStrides = strides[1 - rowOperand] as number[];
  const all = spec.sizes.map((_, d) => d);
  const outputs = all.filter((d) => d < spec.outputs);
  const inRows = (d: number): boolean => hasDim(rowMaps, d);
  const inColumns = (d: number): boolean => hasDim(columnMaps, d);
  const byStride = (maps: readonly AxisMap[], s: readonly number[]) => (x: number, y: number) =>
    dimStride(maps, s, y) - dimStride(maps, s, x) || x - y;
  const batch = outputs.filter((d) => inRows(d) && inColumns(d));
  const rows = outputs.filter((d) => inRows(d) && !inColumns(d)).sort(byStride(rowMaps, rowStrides));
  const columns = outputs.filter((d) => !inRows(d)).sort(byStride(columnMaps, columnStrides));
  const summed = all.filter((d) => d >= spec.outputs).sort(byStride(rowMaps, rowStrides));
  const groups = batch.toSorted(byStride(rowMaps, rowStrides));
  const inRow = areInRow(spec, groups, (d) => dimStride(rowMaps, rowStrides, d));
  if (inRow && extent(spec, groups) >= fewestGroups && extent(spec, columns) === 1) {
    const shared = [...columns, ...groups];
    const order = [...rows, ...shared];
    return { rowOperand, batch: [], rows, columns: shared, sharesColumns: true, summed, order, run: null };
  }
  const order = [...batch, ...rows, ...columns];
  return { rowOperand, batch, rows, columns, sharesColumns: false, summed, order, run: null };
}

/**
 * A convolution with the images of its batch in the vectors, where these are last in memory: its kernel is read element by element.
 * Of the gradient of a kernel both operands are read by vectors, and each lane is a result; see `images-in-vectors.ts`.
 */
function alongImages(
  spec: ContractionSpec,
  arranged: readonly ContractionPlan[],
  strides: readonly number[][],
  lanes: number,
): ContractionPlan | null {
  const plans = arranged.flatMap((plan): ContractionPlan[] => {
    const { rowOperand, batch, rows, columns } = plan;
    const columnMaps = rowOperand === 0 ? spec.b : spec.a;
    const rowMaps = rowOperand === 0 ? spec.a : spec.b;
    const inColumns = (d: number): number => dimStride(columnMaps, strides[1 - rowOperand] as number[], d);
    const [lane] = batch;
    if (lane !== undefined) {
      const isLane = batch.length === 1 && spec.sizes[lane] === lanes && inColumns(lane) === 1;
      if (!isLane || dimStride(rowMaps, strides[rowOperand] as number[], lane) !== 1) return [];
      const both = [...columns, lane];
      return [
        { ...plan, batch: [], columns: both, sharesColumns: true, order: [...rows, ...both], run: lanes },
      ];
    }
    const images = columns.at(-1);
    const windows = columnMaps.flatMap(({ dims }) => (dims.length > 1 ? dims : []));
    if (images === undefined || windows.length === 0 || windows.includes(images)) return [];
    const run = spec.sizes[images] as number;
    if (inColumns(images) !== 1 || run % lanes !== 0) return [];
    // Innermost the channels: loops over the rows of a window may end where the image does.
    const isInWindow = (d: number): number => (windows.includes(d) ? 0 : 1);
    const summed = plan.summed.toSorted((x, y) => isInWindow(x) - isInWindow(y));
    return [{ ...plan, summed, run }];
  });
  return plans.toSorted((x, y) => extent(spec, y.rows) - extent(spec, x.rows))[0] ?? null;
}

/** Whether each lane of a vector is a result of its own, as in the gradient of a kernel with vectors along the images. */
export const isLaneByLane = ({ run, sharesColumns }: ContractionPlan): boolean =>
  run !== null && sharesColumns;

/** How many times loops over these dimensions run. */
export const extent = (spec: ContractionSpec, dims: readonly number[]): number =>
  dims.reduce((p, d) => p * (spec.sizes[d] as number), 1);

/** Estimated cycles of multiplications on padded vectors. */
function multiplying(spec: ContractionSpec, plan: ContractionPlan, lanes: number): number {
  const vectors = Math.ceil(extent(spec, plan.columns) / lanes);
  return (extent(spec, [...plan.batch, ...plan.rows, ...plan.summed]) * vectors) / 2;
}

/** Estimated cycles of laying out the column operand, or of reading it as it lies. */
function layingOut(
  spec: ContractionSpec,
  plan: ContractionPlan,
  strides: readonly number[][],
  lanes: number,
): number {
  const columns = extent(spec, plan.columns);
  const maps = plan.rowOperand === 0 ? spec.b : spec.a;
  const stride = (d: number): number => dimStride(maps, strides[1 - plan.rowOperand] as number[], d);
  const last = plan.columns[plan.columns.length - 1];
  const layOut = last !== undefined && stride(last) === 1 ? 0.5 : 2;
  const lies = columns % lanes === 0 && areInRow(spec, plan.columns, stride);
  return extent(spec, [...plan.batch, ...plan.summed]) * columns * (lies ? 0.1 : layOut);
}

/** Whether loop dimensions, slowest first, go through neighbouring elements. */
function areInRow(spec: ContractionSpec, dims: readonly number[], stride: (d: number) => number): boolean {
  let step = 1;
  for (const d of dims.toReversed()) {
    const size = spec.sizes[d] as number;
    if (size > 1 && stride(d) !== step) return false;
    step *= size;
  }
  return true;
}
