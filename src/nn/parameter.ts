/**
 * Tensors that a module learns: found by the module that holds them as a field, handed to an optimizer.
 */

import type { Shape } from "../base/shape.ts";
import { alias, constant, detach } from "../graph/build.ts";
import { checkTensor, Tensor } from "../tensor/tensor.ts";

/**
 * A tensor that is a parameter of the module whose field it is. It starts as a copy of `data` and lives in device
 * memory.
 *
 * @param options.requiresGrad whether it is to be learned; true by default
 * @throws DTypeError for integers that are to be learned
 * @example
 * class Scale extends nn.Module {
 *   factor = new nn.Parameter(tensor([3]));
 *   forward(x: Tensor) {
 *     return x.mul(this.factor);
 *   }
 * }
 * new Scale()(tensor([1, 2])); // [3, 6]
 * new Scale().parameters().length; // 1
 */
export class Parameter extends Tensor {
  /** @param options.requiresGrad whether it is to be learned; true by default. */
  constructor(data: Tensor, options: { readonly requiresGrad?: boolean } = {}) {
    checkTensor(data, "data", "Parameter");
    super(alias(detach(data.node)));
    if (options.requiresGrad ?? true) this.requiresGrad = true;
    this.persist();
  }
}

/** A parameter of zeros, for a layer to initialise. */
export function emptyParameter(shape: Shape): Parameter {
  return new Parameter(emptyBuffer(shape));
}

/** A float32 tensor of one value that is not computed until something needs it. */
export function emptyBuffer(shape: Shape, value = 0): Tensor {
  return new Tensor(constant(value, shape, "float32"));
}
