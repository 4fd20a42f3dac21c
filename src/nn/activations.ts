/**
 * Elementwise activation functions as layers, for use in `Sequential`. Each is the function of the same name in `F`.
 */
import type { Tensor } from "../tensor/tensor.ts";
import { checkChoice, checkNumber, checkOptions, checkPositive } from "./arguments.ts";
import * as F from "./functional/activations.ts";
import { Module } from "./module.ts";
import { Optionless } from "./optionless.ts";

/**
 * max(x, 0). (Nair and Hinton, 2010.)
 *
 * Shape (*) -> (*).
 *
 * @example
 * new nn.ReLU()(tensor([-2, 0, 3])); // [0, 0, 3]
 */
export class ReLU extends Optionless {
  static override readonly pure = true;
  /** @throws DTypeError for bool. */
  forward(x: Tensor): Tensor {
    return F.relu(x);
  }
}

/**
 * 1 / (1 + e ** -x).
 *
 * Shape (*) -> (*), elements from 0 to 1.
 *
 * @example
 * new nn.Sigmoid()(tensor([-2, 0, 2])); // [0.1192, 0.5, 0.8808]
 */
export class Sigmoid extends Optionless {
  static override readonly pure = true;
  forward(x: Tensor): Tensor {
    return F.sigmoid(x);
  }
}

/**
 * The hyperbolic tangent, (e ** x - e ** -x) / (e ** x + e ** -x).
 *
 * Shape (*) -> (*), elements from -1 to 1.
 *
 * @example
 * new nn.Tanh()(tensor([-1, 0, 1])); // [-0.7616, 0, 0.7616]
 */
export class Tanh extends Optionless {
  static override readonly pure = true;
  forward(x: Tensor): Tensor {
    return F.tanh(x);
  }
}

/**
 * x * P(X <= x) for a standard normal X. (Hendrycks and Gimpel, 2016.)
 *
 * Shape (*) -> (*).
 *
 * @example
 * new nn.GELU()(tensor([-1, 0, 1])); // [-0.1587, 0, 0.8413]
 */
export class GELU extends Module {
  static override readonly pure = true;
  readonly approximate: "none" | "tanh";

  /**
   * @param options.approximate "tanh" for the cheaper form; "none" by default
   * @throws ArgumentError for another form.
   */
  constructor(options: F.GeluOptions = {}) {
    super();
    checkOptions(options, ["approximate"], "GELU");
    this.approximate = checkChoice(options.approximate ?? "none", ["none", "tanh"], "approximate", "GELU");
  }

  forward(x: Tensor): Tensor {
    return F.gelu(x, { approximate: this.approximate });
  }

  override extraRepr(): string {
    return `approximate=${this.approximate}`;
  }
}

/**
 * x where x > 0, else negativeSlope * x. (Maas, Hannun and Ng, 2013.)
 *
 * Shape (*) -> (*).
 *
 * @example
 * new nn.LeakyReLU({ negativeSlope: 0.1 })(tensor([-2, 0, 3])); // [-0.2, 0, 3]
 */
export class LeakyReLU extends Module {
  static override readonly pure = true;
  /** What negative elements are multiplied by. Another value does not compile again. */
  negativeSlope: number;

  /**
   * @param options.negativeSlope what negative elements are multiplied by; 0.01 by default
   * @throws ArgumentError unless it is a finite number.
   */
  constructor(options: F.LeakyReluOptions = {}) {
    super();
    checkOptions(options, ["negativeSlope"], "LeakyReLU");
    this.negativeSlope = checkNumber(options.negativeSlope ?? 0.01, "negativeSlope", "LeakyReLU");
  }

  forward(x: Tensor): Tensor {
    return F.leakyRelu(x, { negativeSlope: this.negativeSlope });
  }

  override extraRepr(): string {
    return `negativeSlope=${this.negativeSlope}`;
  }
}

/**
 * x where x > 0, else alpha * (e ** x - 1). (Clevert, Unterthiner and Hochreiter, 2016.)
 *
 * Shape (*) -> (*).
 *
 * @example
 * new nn.ELU()(tensor([-1, 0, 2])); // [-0.6321, 0, 2]
 */
export class ELU extends Module {
  static override readonly pure = true;
  /** Minus the value approached for negative elements. Another value does not compile again. */
  alpha: number;

  /**
   * @param options.alpha minus the value approached for negative elements; 1 by default
   * @throws ArgumentError unless it is a finite number.
   */
  constructor(options: F.EluOptions = {}) {
    super();
    checkOptions(options, ["alpha"], "ELU");
    this.alpha = checkNumber(options.alpha ?? 1, "alpha", "ELU");
  }

  forward(x: Tensor): Tensor {
    return F.elu(x, { alpha: this.alpha });
  }

  override extraRepr(): string {
    return `alpha=${this.alpha}`;
  }
}

/**
 * x where x > 0, else alpha * (e ** (x / alpha) - 1): `ELU` whose slope has no jump at 0, whatever alpha is. (Barron,
 * 2017.)
 *
 * Shape (*) -> (*).
 *
 * @example
 * new nn.CELU({ alpha: 2 })(tensor([-1, 0, 2])); // [-0.7869, 0, 2]
 */
export class CELU extends Module {
  static override readonly pure = true;
  /** Minus the value approached for negative elements. Another value does not compile again. */
  alpha: number;

  /**
   * @param options.alpha minus the value approached for negative elements, above 0; 1 by default
   * @throws ArgumentError unless it is a finite number above 0.
   */
  constructor(options: F.CeluOptions = {}) {
    super();
    checkOptions(options, ["alpha"], "CELU");
    this.alpha = checkPositive(options.alpha ?? 1, "alpha", "CELU");
  }

  forward(x: Tensor): Tensor {
    return F.celu(x, { alpha: this.alpha });
  }

  override extraRepr(): string {
    return `alpha=${this.alpha}`;
  }
}

/**
 * scale * x where x > 0, else scale * alpha * (e ** x - 1), with scale 1.0507 and alpha 1.6733, which keep mean 0 and
 * variance 1 from layer to layer if weights are normal with variance 1 / fan-in. (Klambauer, Unterthiner, Mayr and
 * Hochreiter, 2017.)
 *
 * Shape (*) -> (*).
 *
 * @example
 * new nn.SELU()(tensor([-1, 0, 1])); // [-1.1113, 0, 1.0507]
 */
export class SELU extends Optionless {
  static override readonly pure = true;
  forward(x: Tensor): Tensor {
    return F.selu(x);
  }
}

/**
 * x * sigmoid(x), also called swish. (Elfwing, Uchibe and Doya, 2017.)
 *
 * Shape (*) -> (*).
 *
 * @example
 * new nn.SiLU()(tensor([-1, 0, 1])); // [-0.2689, 0, 0.7311]
 */
export class SiLU extends Optionless {
  static override readonly pure = true;
  forward(x: Tensor): Tensor {
    return F.silu(x);
  }
}

/**
 * x * tanh(softplus(x)). (Misra, 2019.)
 *
 * Shape (*) -> (*).
 *
 * @example
 * new nn.Mish()(tensor([-1, 0, 1])); // [-0.3034, 0, 0.8651]
 */
export class Mish extends Optionless {
  static override readonly pure = true;
  forward(x: Tensor): Tensor {
    return F.mish(x);
  }
}

/**
 * x * min(max(x + 3, 0), 6) / 6: `SiLU` without an exponential. (Howard et al., 2019.)
 *
 * Shape (*) -> (*).
 *
 * @example
 * new nn.Hardswish()(tensor([-1, 0, 1, 4])); // [-0.3333, 0, 0.6667, 4]
 */
export class Hardswish extends Optionless {
  static override readonly pure = true;
  forward(x: Tensor): Tensor {
    return F.hardswish(x);
  }
}

/**
 * min(max(x + 3, 0), 6) / 6: a sigmoid of three straight lines. (Howard et al., 2019.)
 *
 * Shape (*) -> (*), elements from 0 to 1.
 *
 * @example
 * new nn.Hardsigmoid()(tensor([-4, 0, 1.5, 4])); // [0, 0.5, 0.75, 1]
 */
export class Hardsigmoid extends Optionless {
  static override readonly pure = true;
  forward(x: Tensor): Tensor {
    return F.hardsigmoid(x);
  }
}

/**
 * min(max(x, minVal), maxVal): a hyperbolic tangent of three straight lines. (Collobert, 2004.)
 *
 * Shape (*) -> (*), elements from minVal to maxVal.
 *
 * @example
 * new nn.Hardtanh({ maxVal: 2 })(tensor([-2, 0.5, 3])); // [-1, 0.5, 2]
 */
export class Hardtanh extends Module {
  static override readonly pure = true;
  /** The smallest result. Another value does not compile again. */
  minVal: number;
  /** The largest result. */
  maxVal: number;

  /**
   * @param options.minVal the smallest result; -1 by default
   * @param options.maxVal the largest result; 1 by default
   * @throws ArgumentError unless both are finite numbers and minVal is below maxVal.
   */
  constructor(options: F.HardtanhOptions = {}) {
    super();
    const { minVal, maxVal } = F.hardtanhBounds(options, "Hardtanh");
    this.minVal = minVal;
    this.maxVal = maxVal;
  }

  forward(x: Tensor): Tensor {
    return F.hardtanh(x, { minVal: this.minVal, maxVal: this.maxVal });
  }

  override extraRepr(): string {
    return `minVal=${this.minVal}, maxVal=${this.maxVal}`;
  }
}

/**
 * ln(1 + e ** (beta x)) / beta, a smooth `ReLU`; x itself where beta x > threshold. (Dugas et al., 2001.)
 *
 * Shape (*) -> (*).
 *
 * @example
 * new nn.Softplus()(tensor([-1, 0, 1])); // [0.3133, 0.6931, 1.3133]
 */
export class Softplus extends Module {
  static override readonly pure = true;
  /** Steepness of the bend. Another value does not compile again. */
  beta: number;
  /** Where beta * x is larger, the result is x itself. */
  threshold: number;

  /**
   * @param options.beta steepness of the bend, above 0; 1 by default
   * @param options.threshold where beta * x is larger, the result is x itself; 20 by default
   * @throws ArgumentError for a beta that is not above 0, or a threshold that is not a finite number.
   */
  constructor(options: F.SoftplusOptions = {}) {
    super();
    checkOptions(options, ["beta", "threshold"], "Softplus");
    this.beta = checkPositive(options.beta ?? 1, "beta", "Softplus");
    this.threshold = checkNumber(options.threshold ?? 20, "threshold", "Softplus");
  }

  forward(x: Tensor): Tensor {
    return F.softplus(x, { beta: this.beta, threshold: this.threshold });
  }

  override extraRepr(): string {
    return `beta=${this.beta}, threshold=${this.threshold}`;
  }
}
