/** Elementwise activation functions without parameters. */

import { binary, constant, unary } from "../../graph/build.ts";
import * as ops from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** max(x, 0). Shape (*) -> (*). */
export function relu(x: Tensor): Tensor {
  return Tensor.of(ops.relu(x.node));
}

/** 1 / (1 + e ** -x). Shape (*) -> (*). */
export function sigmoid(x: Tensor): Tensor {
  return Tensor.of(ops.sigmoid(x.node));
}

/** Hyperbolic tangent. Shape (*) -> (*). */
export function tanh(x: Tensor): Tensor {
  return Tensor.of(ops.tanh(x.node));
}

export interface GeluOptions {
  /** "tanh" replaces the error function by 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x ** 3))); "none" by default. */
  readonly approximate?: "none" | "tanh" | undefined;
}

/** x * P(X <= x) for a standard normal X (Hendrycks and Gimpel, 2016). Shape (*) -> (*). */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  if (options.approximate !== "tanh") return Tensor.of(ops.gelu(x.node));
  const v = x.node;
  const times = (n: typeof v, by: number): typeof v => binary("mul", n, constant(by, n.shape, n.dtype));
  const cube = binary("mul", binary("mul", v, v), v);
  const inner = times(binary("add", v, times(cube, 0.044715)), Math.sqrt(2 / Math.PI));
  const bent = binary("add", unary("tanh", inner), constant(1, v.shape, v.dtype));
  return Tensor.of(binary("mul", times(v, 0.5), bent));
}
