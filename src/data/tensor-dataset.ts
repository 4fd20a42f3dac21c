/**
 * Tensors as a dataset: the rows of several tensors of equal length, side by side.
 */
import { allocate, type TypedArray } from "../base/dtype.ts";
import { ArgumentError } from "../base/errors.ts";
import { formatShape, sizeOf } from "../base/shape.ts";
import { checkTensor, type Tensor } from "../tensor/tensor.ts";
import { checkIndex, Dataset } from "./dataset.ts";
import type { HostArray, HostBatch } from "./host-array.ts";

/**
 * Sample i is `[a[i], b[i], ...]` of the given tensors. Their values are read once, at the first sample;
 * later in-place changes are not seen.
 *
 * @throws ArgumentError unless all tensors have the same first dimension.
 * @example
 * const dataset = new data.TensorDataset(randn([100, 3]), randint(0, 2, [100]));
 * dataset.length; // 100
 */
export class TensorDataset extends Dataset<readonly HostArray[]> {
  readonly tensors: readonly Tensor[];
  readonly length: number;
  #values: Promise<readonly TypedArray[]> | undefined;

  constructor(...tensors: readonly Tensor[]) {
    super();
    tensors.forEach((t, i) => {
      checkTensor(t, `argument ${i}`, "TensorDataset");
    });
    const length = tensors[0]?.shape[0];
    if (length === undefined || tensors.some((t) => t.shape[0] !== length)) {
      throw new ArgumentError(
        `TensorDataset: shapes ${tensors.map((t) => formatShape(t.shape)).join(", ")} need one common first ` +
          "dimension, the number of samples",
        { shapes: tensors.map((t) => t.shape) },
      );
    }
    this.tensors = tensors;
    this.length = length;
  }

  async get(index: number): Promise<readonly HostArray[]> {
    const rows = await this.batch([index]);
    return rows.map(({ dtype, shape, data }) => ({ dtype, shape: shape.slice(1), data }));
  }

  override async batch(indices: readonly number[]): Promise<HostBatch<readonly HostArray[]>> {
    for (const index of indices) checkIndex(index, this.length, "TensorDataset");
    this.#values ??= Promise.all(this.tensors.map((t) => t.data()));
    const values = await this.#values;
    return this.tensors.map((t, field) => {
      const row = t.shape.slice(1);
      const size = sizeOf(row);
      const source = values[field] as TypedArray;
      const data = allocate(t.dtype, indices.length * size);
      for (const [n, index] of indices.entries()) {
        data.set(source.subarray(index * size, (index + 1) * size), n * size);
      }
      return { dtype: t.dtype, shape: [indices.length, ...row], data };
    });
  }
}
