/**
 * Planes and lines at another size, by their neighbours.
 */
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { expand, reshape } from "../../graph/build.ts";
import { named } from "../../graph/named-calls.ts";
import type { Node } from "../../graph/node.ts";
import { type AxisMapping, resample } from "../../ops/index.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkChoice, checkFloat, checkOptions, checkPositive, sizesOf } from "../arguments.ts";

/** How elements between those of the input are made; "linear" is for one spatial axis, "bilinear" and "bicubic" for two. */
export type InterpolateMode = "nearest" | "nearest-exact" | "linear" | "bilinear" | "bicubic";

/** Options of `F.interpolate` and `nn.Upsample`. */
export interface InterpolateOptions {
  /** Size of each spatial axis of the output, or one number for all. Either this or `scaleFactor`. */
  readonly size?: number | readonly number[] | undefined;
  /** Factor for each spatial axis, or one for all; sizes are rounded down. Either this or `size`. */
  readonly scaleFactor?: number | readonly number[] | undefined;
  /** "nearest" by default. */
  readonly mode?: InterpolateMode | undefined;
  /**
   * Whether the outermost elements of input and output lie at the same place, instead of their outer edges; false by
   * default. For "linear", "bilinear" and "bicubic".
   */
  readonly alignCorners?: boolean | undefined;
}

const modes = ["nearest", "nearest-exact", "linear", "bilinear", "bicubic"] as const;
const axesOf = { linear: 1, bilinear: 2, bicubic: 2 } as const;

/** Checks what does not depend on the input. @throws ArgumentError. */
export function checkInterpolation(options: InterpolateOptions, owner: string): void {
  checkOptions(options, ["size", "scaleFactor", "mode", "alignCorners"], owner, { flags: ["alignCorners"] });
  const { size, scaleFactor } = options;
  if ((size === undefined) === (scaleFactor === undefined)) {
    throw new ArgumentError(
      `${owner}: give either size or scaleFactor; got ${size === undefined ? "neither" : "both"}`,
      {
        size,
        scaleFactor,
      },
    );
  }
  const given = size ?? scaleFactor;
  sizeAndScale(options, Array.isArray(given) && given.length === 2 ? [1, 1] : [1], owner);
  const mode = checkChoice(options.mode ?? "nearest", modes, "mode", owner);
  if (options.alignCorners === undefined || mode === "linear" || mode === "bilinear" || mode === "bicubic")
    return;
  throw new ArgumentError(
    `${owner}: alignCorners is for mode "linear", "bilinear" and "bicubic"; got "${mode}", leave it out`,
    { mode, alignCorners: options.alignCorners },
  );
}

/** Sizes of the output, and distances in the input between neighbours of the output where a factor says so. */
function sizeAndScale(
  options: InterpolateOptions,
  input: readonly number[],
  owner: string,
): { out: readonly number[]; scale: readonly (number | null)[] } {
  const axes = input.length;
  if (options.size !== undefined) {
    return { out: sizesOf(options.size, axes, 1, "size", owner), scale: input.map(() => null) };
  }
  const given = options.scaleFactor;
  const factors = typeof given === "number" ? input.map(() => given) : (given ?? []);
  if (!Array.isArray(factors) || factors.length !== axes) {
    throw new ArgumentError(
      `${owner}: scaleFactor must be a number, or a list of ${axes} of them; got ${String(given)}`,
      {
        scaleFactor: given,
      },
    );
  }
  factors.forEach((factor) => void checkPositive(factor, "scaleFactor", owner));
  return {
    out: factors.map((factor, i) => Math.floor((input[i] as number) * factor)),
    scale: factors.map((factor) => 1 / factor),
  };
}

/**
 * The input at another size.
 *
 * "nearest" takes element floor(i * scale) of the input for element i of the output, with scale = input size / output
 * size (or 1 / scaleFactor), "nearest-exact" element floor((i + 0.5) * scale). The other modes interpolate at
 * (i + 0.5) * scale - 0.5, or with `alignCorners` at i * (input size - 1) / (output size - 1): "linear" and "bilinear"
 * between the neighbours on both sides, "bicubic" by a cubic convolution over four (Keys, 1981; a = -0.75).
 *
 * @param x shape (N, C, L) or (N, C, H, W), floats
 * @param options.size size of each spatial axis of the output, or one number for all
 * @param options.scaleFactor factor for each spatial axis, or one for all; sizes are rounded down
 * @param options.mode "nearest" (the default), "nearest-exact", "linear", "bilinear" or "bicubic"
 * @param options.alignCorners whether outermost elements keep their place; false by default
 * @returns shape (N, C, *size)
 * @throws ShapeError for a number of dimensions that the mode is not for, ArgumentError, DTypeError.
 * @example
 * const line = tensor([[[0, 2, 4]]]);
 * F.interpolate(line, { scaleFactor: 2 }); // [[[0, 0, 2, 2, 4, 4]]]
 * F.interpolate(line, { size: 5, mode: "linear", alignCorners: true }); // [[[0, 1, 2, 3, 4]]]
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  return interpolateFor(x, options, "interpolate");
}

/** `interpolate` for a layer or function of that name. */
export function interpolateFor(x: Tensor, options: InterpolateOptions, owner: string): Tensor {
  checkInterpolation(options, owner);
  checkFloat(x, owner);
  const mode = options.mode ?? "nearest";
  const axes = x.ndim - 2;
  const wanted = mode === "nearest" || mode === "nearest-exact" ? axes : axesOf[mode];
  if (axes < 1 || axes > 2 || axes !== wanted) {
    const layout = wanted === 1 ? "N, C, L" : wanted === 2 ? "N, C, H, W" : "N, C, L or N, C, H, W";
    throw new ShapeError(
      `${owner}: input has ${x.ndim} dimensions (shape ${formatShape(x.shape)}), expected ${layout} for mode "${mode}"`,
      { input: x.shape, mode },
    );
  }
  const spatial = x.shape.slice(2);
  const { out, scale } = sizeAndScale(options, spatial, owner);
  if ([...out, ...spatial].some((s) => s < 1)) {
    throw new ShapeError(
      `${owner}: ${formatShape(spatial)} cannot become ${formatShape(out)}: all sizes must be 1 or more`,
      { input: x.shape, output: out },
    );
  }
  return Tensor.of(resized(x.node, out, scale, mode, options.alignCorners ?? false));
}

type Resizing = (
  x: Node,
  out: readonly number[],
  scale: readonly (number | null)[],
  mode: InterpolateMode,
  alignCorners: boolean,
) => Node;

const resized: Resizing = named("interpolate", ((x, out, scale, mode, alignCorners) =>
  out.reduce((node: Node, size, i) => {
    const length = x.shape[i + 2] as number;
    const step = scale[i] ?? null;
    if (mode === "nearest" || mode === "nearest-exact") return nearest(node, i + 2, size, step, mode);
    // The same size, by size or by a factor of 1: every element stays.
    if (size === length && (step === null || step === 1)) return node;
    return resample(node, i + 2, smooth(length, size, step, mode, alignCorners));
  }, x)) satisfies Resizing);

function nearest(x: Node, axis: number, size: number, step: number | null, mode: InterpolateMode): Node {
  const length = x.shape[axis] as number;
  // In single precision, as PyTorch computes positions: at whole numbers the rounding decides.
  const scale = Math.fround(step ?? length / size);
  const shift = mode === "nearest" ? 0 : 0.5;
  const indices = Int32Array.from({ length: size }, (_, i) =>
    Math.min(Math.floor(Math.fround((i + shift) * scale)), length - 1),
  );
  if (size === length && indices.every((v, i) => v === i)) return x;
  const times = size / length;
  if (indices.every((v, i) => v === Math.floor(i / times)) && Number.isInteger(times)) {
    return repeated(x, axis, times);
  }
  return resample(x, axis, { taps: 1, indices, weights: new Float64Array(size).fill(1) });
}

/** Every element `times` times in a row. */
function repeated(x: Node, axis: number, times: number): Node {
  const { shape } = x;
  const size = shape[axis] as number;
  const around = (...middle: number[]): number[] => [
    ...shape.slice(0, axis),
    ...middle,
    ...shape.slice(axis + 1),
  ];
  return reshape(expand(reshape(x, around(size, 1)), around(size, times)), around(size * times));
}

function smooth(
  length: number,
  size: number,
  step: number | null,
  mode: "linear" | "bilinear" | "bicubic",
  alignCorners: boolean,
): AxisMapping {
  const scale = alignCorners ? (size > 1 ? (length - 1) / (size - 1) : 0) : (step ?? length / size);
  const cubic = mode === "bicubic";
  const taps = cubic ? 4 : 2;
  const indices = new Int32Array(size * taps);
  const weights = new Float64Array(size * taps);
  for (let i = 0; i < size; i++) {
    const at = alignCorners ? i * scale : (i + 0.5) * scale - 0.5;
    const place = cubic ? at : Math.max(at, 0);
    const whole = Math.floor(place);
    const list = cubic ? cubicWeights(place - whole) : [1 - (place - whole), place - whole];
    list.forEach((weight, k) => {
      const index = whole + k - (cubic ? 1 : 0);
      indices[i * taps + k] = Math.min(Math.max(index, 0), length - 1);
      weights[i * taps + k] = weight;
    });
  }
  return { taps, indices, weights };
}

/** Weights of the two elements before and the two after a place, `t` behind the second one (Keys, 1981). */
function cubicWeights(t: number): number[] {
  const a = -0.75;
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return [far(t + 1), near(t), near(1 - t), far(2 - t)];
}
