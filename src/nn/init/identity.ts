/**
 * Initialisers with which a layer starts by passing its input on.
 */
import { allocate } from "../../base/dtype.ts";
import { ShapeError } from "../../base/errors.ts";
import { formatShape, sizeOf } from "../../base/shape.ts";
import { hostSource } from "../../graph/build.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkCount, checkOptions } from "../arguments.ts";
import { assign } from "./fill.ts";

/**
 * Ones on the diagonal of a matrix, zeros elsewhere, in place: a linear layer passes its input on.
 *
 * @returns the tensor
 * @throws ShapeError unless there are 2 dimensions
 * @example
 * nn.init.eye_(zeros([2, 3])); // [[1, 0, 0], [0, 1, 0]]
 */
export function eye_<T extends Tensor>(tensor: T): T {
  const [rows, columns] = tensor.shape;
  if (tensor.ndim !== 2 || rows === undefined || columns === undefined) {
    throw new ShapeError(`eye_: needs 2 dimensions, got shape ${formatShape(tensor.shape)}`, {
      shape: tensor.shape,
    });
  }
  const data = allocate(tensor.dtype, rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) data[i * columns + i] = 1;
  return assign(tensor, hostSource(data, tensor.shape, tensor.dtype));
}

/**
 * A convolution weight (out, in, *kernel) that copies channel i to channel i, in each group; in place.
 *
 * @param options.groups number of groups of output channels; 1 by default
 * @returns the tensor
 * @throws ShapeError unless there are 3 to 5 dimensions and groups divide the output channels
 * @example
 * nn.init.dirac_(zeros([2, 2, 3])); // [[[0, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 1, 0]]]
 */
export function dirac_<T extends Tensor>(tensor: T, options: { readonly groups?: number } = {}): T {
  checkOptions(options, ["groups"], "dirac_");
  const groups = checkCount(options.groups ?? 1, 1, "groups", "dirac_");
  const [out, inside, ...kernel] = tensor.shape;
  if (
    out === undefined ||
    inside === undefined ||
    kernel.length < 1 ||
    kernel.length > 3 ||
    out % groups !== 0
  ) {
    throw new ShapeError(
      `dirac_: needs shape (out, in, *kernel) with 1 to 3 kernel axes and out divisible by ${groups}, got ` +
        formatShape(tensor.shape),
      { shape: tensor.shape, groups },
    );
  }
  const data = allocate(tensor.dtype, sizeOf(tensor.shape));
  const field = sizeOf(kernel);
  const middle = kernel.reduce((at, k) => at * k + Math.floor(k / 2), 0);
  for (let o = 0; o < out; o++) {
    const i = o % (out / groups);
    if (i < inside) data[(o * inside + i) * field + middle] = 1;
  }
  return assign(tensor, hostSource(data, tensor.shape, tensor.dtype));
}
