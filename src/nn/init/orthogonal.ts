/**
 * Random orthogonal matrices, made on the host in float64.
 */
import { allocate, isFloat } from "../../base/dtype.ts";
import { DTypeError, ShapeError } from "../../base/errors.ts";
import { formatShape, sizeOf } from "../../base/shape.ts";
import { hostSource } from "../../graph/build.ts";
import { defaultGenerator } from "../../tensor/generator.ts";
import { hostNormal } from "../../tensor/host-normal.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkOptions } from "../arguments.ts";
import { assign, type RandomInitOptions } from "./fill.ts";

/** Options of `orthogonal_`. */
export interface OrthogonalOptions extends RandomInitOptions {
  /** Factor of all elements, as `calculateGain` gives it; 1 by default. */
  readonly gain?: number | undefined;
}

/**
 * A matrix with orthonormal rows or columns, whichever there are fewer of, times `gain`; all such matrices are equally
 * likely (Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
 * networks", 2014). Axes from the second on count as one, so that a convolution weight (out, in, *kernel) is a matrix
 * (out, in * kernel). It takes rows * columns * min(rows, columns) multiplications on the calling thread.
 *
 * @param tensor float, of 2 dimensions or more
 * @param options.gain factor of all elements; 1 by default
 * @param options.generator where the numbers come from; the default generator unless given
 * @throws ShapeError below 2 dimensions, DTypeError for integers
 * @example
 * const w = nn.init.orthogonal_(zeros([2, 3]));
 * w.matmul(w.t()); // [[1, 0], [0, 1]]
 */
export function orthogonal_<T extends Tensor>(tensor: T, options: OrthogonalOptions = {}): T {
  checkOptions(options, ["gain", "generator"], "orthogonal_");
  const { shape, dtype } = tensor;
  const [rows, ...others] = shape;
  if (rows === undefined || others.length === 0) {
    throw new ShapeError(`orthogonal_: needs 2 dimensions or more, got shape ${formatShape(shape)}`, {
      shape,
    });
  }
  if (!isFloat(dtype)) throw new DTypeError(`orthogonal_: needs a float tensor, got ${dtype}`, { dtype });
  const columns = sizeOf(others);
  const [length, count] = rows < columns ? [columns, rows] : [rows, columns];
  const state = (options.generator ?? defaultGenerator).next();
  const vectors = orthonormal(hostNormal(state, length * count), length, count);
  const data = allocate(dtype, rows * columns);
  const gain = options.gain ?? 1;
  vectors.forEach((vector, i) => {
    vector.forEach((v, j) => {
      data[rows < columns ? i * length + j : j * count + i] = gain * v;
    });
  });
  return assign(tensor, hostSource(data, shape, dtype));
}

/**
 * Makes normal vectors orthonormal, one after the other (Gram and Schmidt, modified). Each keeps its direction outside
 * of those before, so the factor R of the QR decomposition has a positive diagonal, without which Q would not be
 * uniform (Mezzadri, "How to generate random matrices from the classical compact groups", 2007).
 */
function orthonormal(values: Float64Array, length: number, count: number): Float64Array[] {
  const vectors: Float64Array[] = [];
  const zero = new Float64Array(length);
  for (let k = 0; k < count; k++) {
    const v = values.subarray(k * length, (k + 1) * length);
    let before = normOf(v);
    let left = removeParts(v, vectors, zero);
    // Where much has cancelled, rounding is no longer small: remove what is left of it ("twice is enough").
    while (left < before / 2) {
      before = left;
      left = removeParts(v, vectors, zero);
    }
    for (let i = 0; i < length; i++) v[i] = (v[i] as number) / left;
    vectors.push(v);
  }
  return vectors;
}

/** Takes the parts along orthonormal vectors out of v. @returns the norm of what is left. */
function removeParts(v: Float64Array, units: readonly Float64Array[], zero: Float64Array): number {
  for (let k = 0; k < units.length; k += 4) {
    const [a = zero, b = zero, c = zero, d = zero] = units.slice(k, k + 4);
    removeFour(v, a, b, c, d);
  }
  return normOf(v);
}

/** Four at a time, so that v is read and written a quarter as often. */
function removeFour(
  v: Float64Array,
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  d: Float64Array,
): void {
  let [alongA, alongB, alongC, alongD] = [0, 0, 0, 0];
  for (let i = 0; i < v.length; i++) {
    const x = v[i] as number;
    alongA += x * (a[i] as number);
    alongB += x * (b[i] as number);
    alongC += x * (c[i] as number);
    alongD += x * (d[i] as number);
  }
  for (let i = 0; i < v.length; i++) {
    const first = alongA * (a[i] as number) + alongB * (b[i] as number);
    v[i] = (v[i] as number) - (first + (alongC * (c[i] as number) + alongD * (d[i] as number)));
  }
}

function normOf(v: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < v.length; i++) sum += (v[i] as number) ** 2;
  return Math.sqrt(sum);
}
