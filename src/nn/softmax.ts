import { ArgumentError } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkOptions, checkTensor } from "./arguments.ts";
import { logSoftmax, softmax } from "./functional/softmax.ts";
import { Module } from "./module.ts";

/** Options of `nn.Softmax` and `nn.LogSoftmax`. */
export interface SoftmaxOptions {
  /** The axis whose elements sum to 1; by default 0 for 0, 1 and 3 dimensions, else 1. */
  readonly dim?: number | undefined;
}

function checkDim(options: SoftmaxOptions, owner: string): number | undefined {
  checkOptions(options, ["dim"], owner);
  const { dim } = options;
  if (dim === undefined || Number.isInteger(dim)) return dim;
  throw new ArgumentError(`${owner}: dim must be an integer; got ${dim}`, { dim });
}

/** The axis asked for, or PyTorch's choice for an input of that many dimensions. */
function axisOf(x: Tensor, dim: number | undefined, owner: string): number {
  checkTensor(x, "input", owner);
  return dim ?? ([0, 1, 3].includes(x.ndim) ? 0 : 1);
}

/**
 * e ** x / sum of e ** x along an axis: logits become probabilities. Losses such as `CrossEntropyLoss` take the logits
 * themselves.
 *
 * Shape (*) -> (*).
 *
 * @example
 * new nn.Softmax({ dim: 1 })(tensor([[1, 2, 3]])); // [[0.09, 0.2447, 0.6652]]
 */
export class Softmax extends Module {
  static override readonly pure = true;
  readonly dim: number | undefined;

  /**
   * @param options.dim the axis whose elements are to sum to 1; by default 0 for 0, 1 and 3 dimensions, else 1
   * @throws ArgumentError unless it is an integer.
   */
  constructor(options: SoftmaxOptions = {}) {
    super();
    this.dim = checkDim(options, "Softmax");
  }

  /** @throws ShapeError for an axis that the input does not have. */
  forward(x: Tensor): Tensor {
    return softmax(x, axisOf(x, this.dim, "Softmax"));
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/**
 * ln softmax(x) along an axis: what `NLLLoss` takes.
 *
 * Shape (*) -> (*).
 *
 * @example
 * new nn.LogSoftmax({ dim: 1 })(tensor([[1, 2, 3]])); // [[-2.4076, -1.4076, -0.4076]]
 */
export class LogSoftmax extends Module {
  static override readonly pure = true;
  readonly dim: number | undefined;

  /**
   * @param options.dim the axis over which softmax sums to 1; by default 0 for 0, 1 and 3 dimensions, else 1
   * @throws ArgumentError unless it is an integer.
   */
  constructor(options: SoftmaxOptions = {}) {
    super();
    this.dim = checkDim(options, "LogSoftmax");
  }

  /** @throws ShapeError for an axis that the input does not have. */
  forward(x: Tensor): Tensor {
    return logSoftmax(x, axisOf(x, this.dim, "LogSoftmax"));
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
