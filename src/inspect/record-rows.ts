/** Records of a recorder as one tensor, a row each: what a training that is saved keeps of them. */
import { fromOwned } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Rows of equal length, one below the other: (rows, width). */
export function rowsAsTensor(rows: readonly ArrayLike<number>[], width: number): Tensor {
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, i) => void data.set(row, i * width));
  return fromOwned(data, [rows.length, width], "float32");
}

/** The rows of such a tensor; null where they have another length, or there are fewer of them than are wanted. */
export async function rowsOf(
  values: Tensor,
  width: number,
  wanted: number,
): Promise<((row: number) => Float32Array) | null> {
  const [rows, found] = values.shape;
  if (values.ndim !== 2 || found !== width || rows !== wanted || values.dtype !== "float32") return null;
  const data = (await values.data()) as Float32Array;
  return (row) => data.slice(row * width, (row + 1) * width);
}
