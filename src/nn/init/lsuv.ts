/**
 * Layer-sequential unit-variance initialisation: weights that are fitted to data, one layer after the other.
 */
import { ArgumentError } from "../../base/errors.ts";
import { scalar } from "../../graph/build.ts";
import * as ops from "../../ops/index.ts";
import type { Generator } from "../../tensor/generator.ts";
import { noGrad } from "../../tensor/grad-mode.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkCount, checkOptions, checkRange, checkTensor } from "../arguments.ts";
import type { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";
import { assign } from "./fill.ts";
import { orthogonal_ } from "./orthogonal.ts";

/** Options of `lsuv_`. */
export interface LsuvOptions {
  /** Standard deviation that each layer's output is to have; 1 by default. */
  readonly targetStd?: number | undefined;
  /** Distance from `targetStd` that is accepted; 0.1 by default. */
  readonly tolerance?: number | undefined;
  /** Times a layer is rescaled at most; 10 by default. */
  readonly maxIterations?: number | undefined;
  /** Where random weights come from; the default generator, seeded by `manualSeed`, unless given. */
  readonly generator?: Generator | undefined;
}

/** What became of one layer. */
export interface LsuvResult {
  /** Path of the layer in the module. */
  readonly name: string;
  /** Standard deviation of its output at the end. */
  readonly std: number;
  /** Times that its weight was rescaled. */
  readonly iterations: number;
}

/** A layer that multiplies its input with a weight, so that a larger weight gives larger outputs. */
interface Weighted {
  readonly name: string;
  readonly module: Module;
  readonly weight: Parameter;
}

/**
 * Makes the output of every layer have standard deviation 1 on a batch of data (Mishkin and Matas, "All you need is a
 * good init", ICLR 2016): weights of linear and convolution layers become orthogonal; then, in the order in which the
 * layers are called, each weight is divided by the standard deviation of the layer's output until that is near 1.
 * Layers of your own take part if they have a `weight` of 2 dimensions or more and `inFeatures` or `inChannels`, as the
 * library's have. Biases stay as they are. The module runs in its present mode; running statistics are put back.
 *
 * @param module any module whose `forward` takes the batch
 * @param batch input, as in training; some hundred images are enough
 * @param options.targetStd standard deviation of each layer's output; 1 by default
 * @param options.tolerance distance from it that is accepted; 0.1 by default
 * @param options.maxIterations times that a layer is rescaled at most; 10 by default
 * @returns for each layer, in the order of calls: its name, the standard deviation reached, and the times it was rescaled
 * @throws ArgumentError for wrong options, a module without such layers, or a layer whose output is constant or not finite
 * @example
 * const layers = new nn.Sequential(new nn.Linear(64, 32), new nn.ReLU(), new nn.Linear(32, 10));
 * const results = await nn.init.lsuv_(layers, randn([50, 64]));
 * results.map((r) => r.name); // ["0", "2"]
 */
export async function lsuv_(module: Module, batch: Tensor, options: LsuvOptions = {}): Promise<LsuvResult[]> {
  checkOptions(options, ["targetStd", "tolerance", "maxIterations", "generator"], "lsuv_");
  const { targetStd = 1, tolerance = 0.1, maxIterations = 10 } = options;
  if (!(targetStd > 0))
    throw new ArgumentError(`lsuv_: targetStd must be above 0; got ${targetStd}`, { targetStd });
  checkRange(tolerance, 0, Number.POSITIVE_INFINITY, "tolerance", "lsuv_");
  checkCount(maxIterations, 1, "maxIterations", "lsuv_");
  checkTensor(batch, "batch", "lsuv_");
  const call = module as unknown as (x: Tensor) => unknown;
  const buffers = module.buffers().map((buffer) => ({ buffer, before: buffer.clone() }));
  await Promise.all(buffers.map(({ before }) => before.data()));
  try {
    const layers = layersInOrder(module, () => call(batch));
    if (layers.length === 0) {
      throw new ArgumentError(
        "lsuv_: the module calls no layer with a weight of 2 dimensions or more (linear or convolution)",
      );
    }
    for (const { weight } of layers) orthogonal_(weight, { generator: options.generator });
    const results: LsuvResult[] = [];
    for (const layer of layers) {
      const measure = (): Promise<number> => outputStd(layer, () => call(batch));
      results.push(await rescale(layer, measure, { targetStd, tolerance, maxIterations }));
    }
    return results;
  } finally {
    for (const { buffer, before } of buffers) assign(buffer, before.node);
  }
}

/** Layers with weights, each once, in the order in which they are called. */
function layersInOrder(module: Module, run: () => unknown): Weighted[] {
  const order: Weighted[] = [];
  const handles = module.namedModules().flatMap(([name, part]) => {
    const { weight } = part as { weight?: unknown };
    const scales = "inFeatures" in part || "inChannels" in part;
    if (!scales || !(weight instanceof Parameter) || weight.ndim < 2) return [];
    const note = (): void => {
      if (!order.some((layer) => layer.weight === weight)) order.push({ name, module: part, weight });
    };
    return [part.registerForwardHook(note)];
  });
  try {
    noGrad(run);
  } finally {
    for (const handle of handles) handle.remove();
  }
  return order;
}

/** Standard deviation of all elements of a layer's first output. What follows the layer is not computed. */
async function outputStd({ module }: Weighted, run: () => unknown): Promise<number> {
  let std: Tensor | null = null;
  const handle = module.registerForwardHook((_, __, output) => {
    if (output instanceof Tensor) std ??= output.std(undefined, { unbiased: false });
  });
  try {
    noGrad(run);
  } finally {
    handle.remove();
  }
  return (std as Tensor | null)?.item() ?? Number.NaN;
}

async function rescale(
  { name, weight }: Weighted,
  measure: () => Promise<number>,
  options: { readonly targetStd: number; readonly tolerance: number; readonly maxIterations: number },
): Promise<LsuvResult> {
  for (let iterations = 0; ; iterations++) {
    const std = await measure();
    if (!(std > 0 && std < Number.POSITIVE_INFINITY)) {
      throw new ArgumentError(
        `lsuv_: the output of layer "${name}" has standard deviation ${std}, which no factor of its weight can mend; ` +
          "look at the batch and the layers before",
        { name, std },
      );
    }
    if (Math.abs(std - options.targetStd) <= options.tolerance || iterations === options.maxIterations) {
      return { name, std, iterations };
    }
    assign(weight, ops.mul(weight.node, scalar(options.targetStd / std, weight.dtype)));
  }
}
