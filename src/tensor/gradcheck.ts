/**
 * Gradients checked against finite differences: what tells whether a gradient rule is right.
 *
 * Here and not in `autograd/`, because it evaluates: it needs tensors and the engine.
 */
import { ArgumentError } from "../base/errors.ts";
import { formatShape, type Shape, sizeOf } from "../base/shape.ts";
import { fromOwned } from "./create.ts";
import { enableGrad, grad } from "./grad-mode.ts";
import type { Tensor } from "./tensor.ts";

/** Options of `gradcheck` and `gradgradcheck`. */
export interface GradcheckOptions {
  /** Step of the differences; 1e-6 by default. */
  readonly eps?: number;
  /** Absolute error that is accepted; 1e-5 by default. */
  readonly atol?: number;
  /** Relative error that is accepted; 1e-3 by default. */
  readonly rtol?: number;
  /**
   * Compares one random direction per input rather than every element: two evaluations per input. False by default.
   */
  readonly fastMode?: boolean;
}

/** A function of tensors that gives one or several. */
export type Differentiable = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

interface Tolerance {
  readonly eps: number;
  readonly atol: number;
  readonly rtol: number;
}

/**
 * Compares the gradients of `fn` with central differences (f(x + eps) - f(x - eps)) / (2 eps), weighting the elements
 * of its outputs with fixed numbers of no pattern. Outputs that need no gradient are left out.
 *
 * @param inputs tensors; those with `requiresGrad` are checked and must be float64, float32 is too coarse
 * @returns true if all agree
 * @throws ArgumentError naming the input, the element and both numbers where they do not; or a wrong input
 * @example
 * const x = randn([3, 4], { dtype: "float64", requiresGrad: true });
 * await autograd.gradcheck((x) => x.tanh().sum(1), [x]); // true
 */
export async function gradcheck(
  fn: Differentiable,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): Promise<true> {
  const tolerance = { eps: options.eps ?? 1e-6, atol: options.atol ?? 1e-5, rtol: options.rtol ?? 1e-3 };
  checkInputs(inputs);
  const start = await Promise.all(inputs.map((t) => t.data()));
  const at = (values: readonly ArrayLike<number>[]): Tensor[] =>
    inputs.map((t, i) => {
      if (!t.requiresGrad) return t;
      return fromOwned(Float64Array.from(values[i] as ArrayLike<number>), t.shape, "float64").requiresGrad_();
    });
  const analytic = await gradientsOf(fn, at(start));
  const difference = async (which: number, direction: Float64Array): Promise<number> => {
    const moved = (by: number): ArrayLike<number>[] =>
      start.map((data, i) =>
        i === which ? Float64Array.from(data, (v, j) => v + by * (direction[j] as number)) : data,
      );
    const [ahead, behind] = [at(moved(tolerance.eps)), at(moved(-tolerance.eps))];
    return ((await weightedSum(fn, ahead)) - (await weightedSum(fn, behind))) / (2 * tolerance.eps);
  };
  for (const [i, input] of inputs.entries()) {
    const gradient = analytic[i];
    if (!input.requiresGrad || gradient === undefined) continue;
    if (options.fastMode === true) await checkDirection(i, gradient, difference, tolerance);
    else await checkElements(i, input.shape, gradient, difference, tolerance);
  }
  return true;
}

/**
 * As `gradcheck`, for the gradients of `fn` themselves: its second derivatives.
 *
 * @example
 * const x = randn([3], { dtype: "float64", requiresGrad: true });
 * await autograd.gradgradcheck((x) => x.pow(3), [x]); // true
 */
export async function gradgradcheck(
  fn: Differentiable,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): Promise<true> {
  const shapes = differentiableOutputs(fn, [...inputs]).map((t) => t.shape);
  const seeds = shapes.map((shape) => weights(shape).requiresGrad_());
  const gradient = (...all: Tensor[]): Tensor[] => {
    const point = all.slice(0, inputs.length);
    const wanted = point.filter((t) => t.requiresGrad);
    const outputs = differentiableOutputs(fn, point);
    const found = grad(outputs, wanted, {
      gradOutputs: all.slice(inputs.length),
      createGraph: true,
      allowUnused: true,
    });
    return found.filter((g) => g !== null);
  };
  return gradcheck(gradient, [...inputs, ...seeds], options);
}

function checkInputs(inputs: readonly Tensor[]): void {
  if (!inputs.some((t) => t.requiresGrad)) {
    throw new ArgumentError("gradcheck: no input has requiresGrad, so there is nothing to check");
  }
  const coarse = inputs.findIndex((t) => t.requiresGrad && t.dtype !== "float64");
  if (coarse >= 0) {
    const { dtype } = inputs[coarse] as Tensor;
    throw new ArgumentError(
      `gradcheck: input ${coarse} is ${dtype}, too coarse for differences; make it with { dtype: "float64" }`,
      { dtype },
    );
  }
}

function differentiableOutputs(fn: Differentiable, inputs: Tensor[]): Tensor[] {
  return enableGrad(() => [fn(...inputs)].flat()).filter((t) => t.requiresGrad);
}

/** Weight of the i-th output element: between -1 and 1, of no pattern that an operation could have. */
function weightOf(i: number): number {
  return Math.sin(12.9898 * (i + 1));
}

function weights(shape: Shape): Tensor {
  return fromOwned(
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => weightOf(i)),
    shape,
    "float64",
  );
}

async function weightedSum(fn: Differentiable, inputs: Tensor[]): Promise<number> {
  const data = await Promise.all(differentiableOutputs(fn, inputs).map((t) => t.data()));
  let sum = 0;
  for (const list of data) for (let i = 0; i < list.length; i++) sum += (list[i] as number) * weightOf(i);
  return sum;
}

/** Gradients of the weighted sum of all outputs; undefined for inputs that need none. */
async function gradientsOf(fn: Differentiable, inputs: Tensor[]): Promise<(ArrayLike<number> | undefined)[]> {
  const outputs = differentiableOutputs(fn, inputs);
  if (outputs.length === 0) return inputs.map((t) => new Float64Array(t.numel()));
  const wanted = inputs.filter((t) => t.requiresGrad);
  const gradOutputs = outputs.map((t) => weights(t.shape));
  const found = grad(outputs, wanted, { gradOutputs, allowUnused: true });
  const data = await Promise.all(
    found.map((g, i) => g?.data() ?? new Float64Array((wanted[i] as Tensor).numel())),
  );
  return inputs.map((t) => (t.requiresGrad ? data[wanted.indexOf(t)] : undefined));
}

type Difference = (which: number, direction: Float64Array) => Promise<number>;

function agree(a: number, b: number, t: Tolerance): boolean {
  return Math.abs(a - b) <= t.atol + t.rtol * Math.abs(b);
}

async function checkElements(
  which: number,
  shape: Shape,
  gradient: ArrayLike<number>,
  difference: Difference,
  tolerance: Tolerance,
): Promise<void> {
  for (let j = 0; j < gradient.length; j++) {
    const direction = new Float64Array(gradient.length);
    direction[j] = 1;
    const numeric = await difference(which, direction);
    if (agree(gradient[j] as number, numeric, tolerance)) continue;
    throw new ArgumentError(
      `gradcheck: the gradient of input ${which} (shape ${formatShape(shape)}) at ${formatShape(position(j, shape))} is ` +
        `${gradient[j]}, finite differences give ${numeric}`,
      { input: which, element: j, gradient: gradient[j], numeric },
    );
  }
}

async function checkDirection(
  which: number,
  gradient: ArrayLike<number>,
  difference: Difference,
  tolerance: Tolerance,
): Promise<void> {
  const direction = Float64Array.from({ length: gradient.length }, (_, i) => Math.cos(7.311 * (i + 1)));
  const numeric = await difference(which, direction);
  const own = direction.reduce((sum, d, i) => sum + d * (gradient[i] as number), 0);
  if (agree(own, numeric, tolerance)) return;
  throw new ArgumentError(
    `gradcheck: the gradient of input ${which} along one direction is ${own}, finite differences give ${numeric}; ` +
      "leave fastMode out to learn which element is wrong",
    { input: which, gradient: own, numeric },
  );
}

function position(element: number, shape: Shape): number[] {
  let rest = element;
  return shape.map((_, d) => {
    const step = sizeOf(shape.slice(d + 1));
    const at = Math.floor(rest / step);
    rest %= step;
    return at;
  });
}
