/**
 * What a model consists of: its layers in the order in which they run, with shapes, parameters and the work that
 * each does.
 */
import type { DType } from "../base/dtype.ts";
import { formatShape, type Shape, sizeOf } from "../base/shape.ts";
import { currentEngine, useEngine } from "../engine/default.ts";
import { ShapeEngine } from "../engine/shape-engine.ts";
import type { Module } from "../nn/index.ts";
import { zeros } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import { Tensor } from "../tensor/tensor.ts";
import { alignedTable } from "./aligned-table.ts";
import { inEvaluation, type ModelOfTensor } from "./evaluation-pass.ts";

/** One call of a layer. */
export interface LayerSummary {
  /** Path in the model, as in its state dict. */
  readonly name: string;
  /** Class of the layer. */
  readonly type: string;
  readonly outputShape: Shape;
  /** Its own parameters; 0 when the layer was called before. */
  readonly parameters: number;
  /**
   * Multiplications and additions of layers that multiply by a weight: convolutions, transposed ones, linear layers.
   * Others count as 0: an embedding looks up, and the few operations per element of normalisation, activation, pooling
   * and bias are left out, as is usual.
   */
  readonly flops: number;
}

/** A model's layers and their sums. */
export interface ModelSummary {
  readonly inputShape: Shape;
  /** Layers without children, in the order of their calls. */
  readonly layers: readonly LayerSummary[];
  /** All parameters of the model, each once. */
  readonly parameters: number;
  /** Of one forward pass of the given input. */
  readonly flops: number;
  /** A table for the terminal. */
  toString(): string;
}

/**
 * Follows an input of zeros through a model. Nothing is computed: shapes are known without it.
 *
 * @param inputShape With the batch dimension, such as [1, 3, 32, 32].
 * @param options.dtype Element type of the input: "int32" for a model that begins with an embedding. Default "float32".
 * @throws What the model throws for an input of that shape.
 * @example
 * const { parameters, flops, layers } = inspect.summary(new models.LeNet5(), [1, 1, 28, 28]);
 * [parameters, flops]; // [61706, 833040]
 * layers[0]?.outputShape; // [1, 6, 28, 28]
 */
export function summary(
  model: ModelOfTensor,
  inputShape: Shape,
  options: { readonly dtype?: DType } = {},
): ModelSummary {
  const layers = traceLayers(model, () => zeros(inputShape, options));
  const parameters = model.parameters().reduce((sum, p) => sum + p.numel(), 0);
  const flops = layers.reduce((sum, layer) => sum + layer.flops, 0);
  return {
    inputShape,
    layers,
    parameters,
    flops,
    toString: () => formatSummary({ inputShape, layers, parameters, flops }),
  };
}

function traceLayers(model: ModelOfTensor, input: () => Tensor): LayerSummary[] {
  const layers: LayerSummary[] = [];
  const seen = new Set<Module>();
  const leaves = model.namedModules().filter(([, module]) => module.children().length === 0);
  const handles = leaves.map(([name, module]) =>
    module.registerForwardHook((_module, inputs: readonly unknown[], output: unknown) => {
      if (!(output instanceof Tensor)) return;
      const own = seen.has(module) ? [] : module.parameters();
      seen.add(module);
      layers.push({
        name,
        type: module.constructor.name,
        outputShape: output.shape,
        parameters: own.reduce((sum, p) => sum + p.numel(), 0),
        flops: flopsOf(module, inputs[0], output),
      });
    }),
  );
  const engine = currentEngine();
  useEngine(new ShapeEngine());
  try {
    noGrad(() => inEvaluation(model, () => model(input())));
  } finally {
    useEngine(engine);
    for (const handle of handles) handle.remove();
  }
  return layers;
}

/** Two for each weight and each place that it is applied at, in layers that sum over channels or features. */
function flopsOf(module: Module, input: unknown, output: Tensor): number {
  const weight: unknown = Reflect.get(module, "weight");
  const sums = "inChannels" in module || "inFeatures" in module;
  if (!sums || !(weight instanceof Tensor) || !(input instanceof Tensor)) return 0;
  // A transposed convolution applies its weight at each place of the input; there its weight begins with the input's
  // channels, elsewhere with the output's.
  const places = "outputPadding" in module ? input : output;
  return 2 * sizeOf(places.shape) * sizeOf(weight.shape.slice(1));
}

function formatSummary({ inputShape, layers, parameters, flops }: Omit<ModelSummary, "toString">): string {
  const count = (n: number): string => n.toLocaleString("en-US");
  const rows = [
    ["layer", "type", "output shape", "parameters", "FLOPs"],
    ["input", "", formatShape(inputShape), "", ""],
    ...layers.map((l) => [l.name, l.type, formatShape(l.outputShape), count(l.parameters), count(l.flops)]),
    ["total", "", "", count(parameters), count(flops)],
  ];
  return alignedTable(rows, 3);
}
