/**
 * Activation functions as layers, for use in `Sequential`.
 */
import type { Tensor } from "../tensor/tensor.ts";
import { checkChoice } from "./arguments.ts";
import { type GeluOptions, gelu, relu, sigmoid, tanh } from "./functional/activations.ts";
import { logSoftmax, softmax } from "./functional/softmax.ts";
import { Module } from "./module.ts";

/** max(x, 0). Shape (*) -> (*). */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** 1 / (1 + e ** -x). Shape (*) -> (*). */
export class Sigmoid extends Module {
  forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** Hyperbolic tangent. Shape (*) -> (*). */
export class Tanh extends Module {
  forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** x * P(X <= x) for a standard normal X (Hendrycks and Gimpel, 2016). Shape (*) -> (*). */
export class GELU extends Module {
  readonly approximate: "none" | "tanh";

  /** @param options.approximate "tanh" for the cheaper form; "none" by default */
  constructor(options: GeluOptions = {}) {
    super();
    this.approximate = checkChoice(options.approximate ?? "none", ["none", "tanh"], "approximate", "GELU");
  }

  forward(x: Tensor): Tensor {
    return gelu(x, { approximate: this.approximate });
  }

  override extraRepr(): string {
    return `approximate=${this.approximate}`;
  }
}

export interface SoftmaxOptions {
  /** The axis whose elements sum to 1; by default 0 for 0, 1 and 3 dimensions, else 1. */
  readonly dim?: number | undefined;
}

const axisOf = (x: Tensor, dim: number | undefined): number => dim ?? ([0, 1, 3].includes(x.ndim) ? 0 : 1);

/** e ** x / sum of e ** x along an axis. Shape (*) -> (*). */
export class Softmax extends Module {
  readonly dim: number | undefined;

  constructor(options: SoftmaxOptions = {}) {
    super();
    this.dim = options.dim;
  }

  forward(x: Tensor): Tensor {
    return softmax(x, axisOf(x, this.dim));
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** ln softmax(x) along an axis. Shape (*) -> (*). */
export class LogSoftmax extends Module {
  readonly dim: number | undefined;

  constructor(options: SoftmaxOptions = {}) {
    super();
    this.dim = options.dim;
  }

  forward(x: Tensor): Tensor {
    return logSoftmax(x, axisOf(x, this.dim));
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
