import { ShapeError } from "../../base/errors.ts";
import { formatShape, sizeOf } from "../../base/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Number of inputs that each output of a weight (out, in, *kernel) sees, and of outputs that each input feeds. */
export function fans(weight: Tensor, owner: string): { readonly fanIn: number; readonly fanOut: number } {
  const [out, inside, ...kernel] = weight.shape;
  if (out === undefined || inside === undefined) {
    throw new ShapeError(
      `${owner}: fan-in and fan-out need a weight of 2 dimensions or more, got shape ${formatShape(weight.shape)}`,
      { shape: weight.shape },
    );
  }
  const field = sizeOf(kernel);
  return { fanIn: inside * field, fanOut: out * field };
}
