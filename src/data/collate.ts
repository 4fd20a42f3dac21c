/**
 * Joins samples to a batch: field by field, arrays of one shape get a new first dimension, class indices
 * become an int32 vector.
 */
import { allocate } from "../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import { formatShape, sameShape, sizeOf } from "../base/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Field, HostArray, HostBatch, Sample } from "./host-array.ts";

/**
 * @param samples At least one.
 * @returns One array per field: (N, ...) of the field's own type, or (N,) int32 for class indices.
 * @throws ShapeError, DTypeError or ArgumentError naming the first sample that does not fit to the first one.
 */
export function collateSamples<S extends Sample>(samples: readonly S[]): HostBatch<S> {
  const first = samples[0];
  if (first === undefined) throw new ArgumentError("collate: there are no samples to join");
  samples.forEach((sample, n) => {
    if (sample.length !== first.length) {
      throw new ArgumentError(
        `collate: sample ${n} of the batch has ${sample.length} fields, sample 0 has ${first.length}; ` +
          "every sample of a dataset must have the same fields",
        { sample: n },
      );
    }
  });
  const fields = first.map((_, f) =>
    joinField(
      samples.map((sample) => sample[f] as Field),
      f,
    ),
  );
  // One array per field of S, which TypeScript cannot follow through map.
  return fields as unknown as HostBatch<S>;
}

function joinField(values: readonly Field[], field: number): HostArray {
  return typeof values[0] === "number" ? joinIndices(values, field) : joinArrays(values, field);
}

function joinIndices(values: readonly Field[], field: number): HostArray {
  const data = new Int32Array(values.length);
  values.forEach((value, n) => {
    if (typeof value !== "number" || (value | 0) !== value) {
      // A batch of targets that happen to be whole would silently change its type, so floats have to say so.
      throw new DTypeError(
        `collate: field ${field} of sample ${n} of the batch is ` +
          `${typeof value === "number" ? value : "an array"}, ` +
          "but a plain number stands for a class index (int32); give other numbers as " +
          '{ dtype: "float32", shape: [], data: new Float32Array([value]) }',
        { field, sample: n, value },
      );
    }
    data[n] = value;
  });
  return { dtype: "int32", shape: [values.length], data };
}

function joinArrays(values: readonly Field[], field: number): HostArray {
  checkHost(values[0], 0, field);
  const { dtype, shape } = values[0] as HostArray;
  const size = sizeOf(shape);
  const data = allocate(dtype, values.length * size);
  values.forEach((value, n) => {
    checkHost(value, n, field);
    if (typeof value === "number" || value.dtype !== dtype) {
      throw new DTypeError(
        `collate: field ${field} of sample ${n} of the batch is ` +
          `${typeof value === "number" ? "a number" : value.dtype}, ` +
          `that of sample 0 is ${dtype}; every sample of a dataset must have one type`,
        { field, sample: n },
      );
    }
    if (!sameShape(value.shape, shape)) {
      throw new ShapeError(
        `collate: field ${field} of sample ${n} of the batch has shape ${formatShape(value.shape)}, that ` +
          "of sample 0 " +
          `${formatShape(shape)}; bring samples to one shape (RandomCrop, Resize) or give the loader a ` +
          "collate function",
        { field, sample: n, shape: value.shape, expected: shape },
      );
    }
    data.set(value.data, n * size);
  });
  return { dtype, shape: [values.length, ...shape], data };
}

/** A tensor has a type and a shape too, but its `data` is a method: the batch would silently be zeros. */
function checkHost(value: unknown, sample: number, field: number): void {
  const isHost =
    typeof value === "number" ||
    (typeof value === "object" &&
      value !== null &&
      "dtype" in value &&
      "shape" in value &&
      "data" in value &&
      ArrayBuffer.isView(value.data));
  if (isHost) return;
  const kind =
    typeof value === "object" && value !== null ? `a ${value.constructor?.name ?? "record"}` : show(value);
  throw new DTypeError(
    `collate: field ${field} of sample ${sample} of the batch is ${value instanceof Tensor ? "a tensor" : kind}, but samples are ` +
      'made of host arrays: give { dtype: "float32", shape: [1], data: new Float32Array([value]) }, or all samples at once ' +
      "as tensors to new data.TensorDataset(x, y)",
    { field, sample },
  );
}
