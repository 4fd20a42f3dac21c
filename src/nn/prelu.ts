import type { Tensor } from "../tensor/tensor.ts";
import { checkCount, checkNumber, checkOptions } from "./arguments.ts";
import { preluFor } from "./functional/prelu.ts";
import { constant_ } from "./init/fill.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/** Options of `nn.PReLU`. */
export interface PReLUOptions {
  /** 1 for one weight that all share, or the number of channels; 1 by default. */
  readonly numParameters?: number | undefined;
  /** What weights start with; 0.25 by default. */
  readonly init?: number | undefined;
}

/**
 * x where x > 0, else weight * x, with a learned weight. Weight decay would pull it towards 0, so it is better left
 * out of that. (He, Zhang, Ren and Sun, 2015.)
 *
 * Shape (*) -> (*), or (N, C, *) -> the same with one weight per channel.
 *
 * @example
 * const layer = new nn.PReLU();
 * layer(tensor([-2, 0, 3])); // [-0.5, 0, 3]
 */
export class PReLU extends Module {
  static override readonly pure = true;
  readonly numParameters: number;
  /** Shape (numParameters). */
  weight: Parameter;

  /**
   * @param options the number of parameters alone, or an object
   * @param options.numParameters 1 for one weight that all share, or the number of channels; 1 by default
   * @param options.init what weights start with; 0.25 by default
   * @throws ArgumentError unless the number is a positive integer and init is finite.
   */
  constructor(options: number | PReLUOptions = {}) {
    super();
    const given = typeof options === "number" ? { numParameters: options } : options;
    checkOptions(given, ["numParameters", "init"], "PReLU");
    const { numParameters = 1, init = 0.25 } = given;
    this.numParameters = checkCount(numParameters, 1, "numParameters", "PReLU");
    this.weight = constant_(emptyParameter([numParameters]), checkNumber(init, "init", "PReLU"));
  }

  /** @throws ShapeError for other channels than weights, DTypeError unless the input has the weight's type. */
  forward(x: Tensor): Tensor {
    return preluFor(x, this.weight, `PReLU(${this.numParameters})`);
  }

  override extraRepr(): string {
    return `numParameters=${this.numParameters}`;
  }
}
