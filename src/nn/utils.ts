/**
 * Helpers over lists of parameters.
 */
import { ShapeError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import { constant, expand, reshape, scalar } from "../graph/build.ts";
import { type Node, withGradMode } from "../graph/node.ts";
import * as ops from "../ops/index.ts";
import { Tensor } from "../tensor/tensor.ts";
import { checkRange } from "./arguments.ts";

type Parameters = Tensor | Iterable<Tensor>;

function gradientsOf(parameters: Parameters): Tensor[] {
  const list = parameters instanceof Tensor ? [parameters] : [...parameters];
  return list.flatMap((p) => (p.grad === null ? [] : [p.grad]));
}

/**
 * Scales gradients in place so that their norm, taken over all of them together, is at most `maxNorm`. Nothing is read
 * back: the factor is computed in the same program as the step.
 *
 * @param parameters a tensor or several; those without a gradient are left out
 * @param maxNorm 0 or more
 * @param options.normType order of the norm; 2 by default, Infinity for the largest magnitude
 * @returns the norm before, a scalar
 * @throws ArgumentError for a maxNorm below 0
 * @example
 * const w = zeros([2], { requiresGrad: true });
 * w.mul(tensor([3, 4])).sum().backward();
 * nn.utils.clipGradNorm_(w, 1); // 5
 * await w.grad?.array(); // [0.6, 0.8]
 */
export function clipGradNorm_(
  parameters: Parameters,
  maxNorm: number,
  options: { readonly normType?: number | undefined } = {},
): Tensor {
  checkRange(maxNorm, 0, Number.POSITIVE_INFINITY, "maxNorm", "clipGradNorm_");
  const p = options.normType ?? 2;
  const gradients = gradientsOf(parameters);
  if (gradients.length === 0) return Tensor.of(constant(0, [], "float32"));
  return withGradMode(false, () => {
    const norms = gradients.map((g) => reshape(ops.norm(g.node, { p }), [1]));
    const total = ops.norm(ops.concatenate(norms, 0), { p });
    const { dtype } = total;
    const factor = ops.div(scalar(maxNorm, dtype), ops.add(total, constant(1e-6, [], dtype)));
    const clipped = ops.minimum(factor, constant(1, [], dtype));
    for (const g of gradients) g.assignNode(ops.mul(g.node, clipped));
    return Tensor.of(total);
  });
}

/**
 * Limits every element of the gradients to [-clipValue, clipValue], in place. Parameters without a gradient are left
 * out.
 *
 * @param parameters a tensor or several
 * @param clipValue 0 or more
 * @throws ArgumentError for a clipValue below 0
 * @example
 * const w = tensor([1, 2], { requiresGrad: true });
 * w.mul(tensor([-3, 0.5])).sum().backward();
 * nn.utils.clipGradValue_(w, 1);
 * await w.grad?.array(); // [-1, 0.5]
 */
export function clipGradValue_(parameters: Parameters, clipValue: number): void {
  checkRange(clipValue, 0, Number.POSITIVE_INFINITY, "clipValue", "clipGradValue_");
  withGradMode(false, () => {
    for (const g of gradientsOf(parameters)) {
      const bound = (v: number): Node => expand(scalar(v, g.dtype), g.shape);
      g.assignNode(ops.minimum(ops.maximum(g.node, bound(-clipValue)), bound(clipValue)));
    }
  });
}

/**
 * All elements of all parameters as one vector. Gradients flow through.
 *
 * @example
 * nn.utils.parametersToVector([tensor([[1, 2], [3, 4]]), tensor([5])]); // [1, 2, 3, 4, 5]
 */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  return Tensor.of(
    ops.concatenate(
      [...parameters].map((p) => reshape(p.node, [p.numel()])),
      0,
    ),
  );
}

/**
 * Writes a vector as `parametersToVector` gives it back into parameters.
 *
 * @throws ShapeError unless the vector has as many elements as all parameters together
 * @example
 * const layer = new nn.Linear(2, 1);
 * nn.utils.vectorToParameters(tensor([1, 2, 3]), layer.parameters());
 * layer.weight; // [[1, 2]]
 * layer.bias; // [3]
 */
export function vectorToParameters(vector: Tensor, parameters: Iterable<Tensor>): void {
  const list = [...parameters];
  const total = list.reduce((n, p) => n + p.numel(), 0);
  if (vector.ndim !== 1 || vector.numel() !== total) {
    throw new ShapeError(
      `vectorToParameters: the vector has shape ${formatShape(vector.shape)}, expected [${total}]`,
      {
        vector: vector.shape,
        total,
      },
    );
  }
  withGradMode(false, () => {
    let at = 0;
    for (const p of list) {
      p.assignNode(reshape(ops.narrow(vector.node, 0, at, p.numel()), p.shape));
      at += p.numel();
    }
  });
}
