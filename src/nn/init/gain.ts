import { ArgumentError } from "../../base/errors.ts";

/** Functions whose gain is known. */
export type Nonlinearity =
  | "linear"
  | "conv1d"
  | "conv2d"
  | "conv3d"
  | "convTranspose1d"
  | "convTranspose2d"
  | "convTranspose3d"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leaky_relu"
  | "selu";

const gains: Record<Nonlinearity, (slope: number) => number> = {
  linear: () => 1,
  conv1d: () => 1,
  conv2d: () => 1,
  conv3d: () => 1,
  convTranspose1d: () => 1,
  convTranspose2d: () => 1,
  convTranspose3d: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leaky_relu: (slope) => Math.sqrt(2 / (1 + slope ** 2)),
  selu: () => 3 / 4,
};

/**
 * Factor by which weights must be larger because of the function that follows, so that the spread of activations stays
 * the same from layer to layer: sqrt(2) for "relu", sqrt(2 / (1 + slope ** 2)) for "leaky_relu", 5 / 3 for "tanh", 3 /
 * 4 for "selu", 1 for the others.
 *
 * @param options.param negative slope of "leaky_relu"; 0.01 by default
 * @throws ArgumentError for a function without a known gain
 * @example
 * nn.init.calculateGain("relu"); // 1.4142
 * nn.init.calculateGain("leaky_relu", { param: 0.2 }); // 1.3868
 */
export function calculateGain(
  nonlinearity: Nonlinearity,
  options: { readonly param?: number | undefined } | number = {},
): number {
  const gain = Object.hasOwn(gains, nonlinearity) ? gains[nonlinearity] : undefined;
  if (gain === undefined) {
    throw new ArgumentError(
      `calculateGain: the gain of "${nonlinearity}" is unknown; use one of ${Object.keys(gains).join(", ")}`,
      { nonlinearity },
    );
  }
  return gain((typeof options === "number" ? options : options.param) ?? 0.01);
}
