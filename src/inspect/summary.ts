/**
 * What a model consists of: its layers in the order in which they run, with shapes, parameters and the work that
 * each does.
 */
import { formatShape, type Shape, sizeOf } from "../base/shape.ts";
import { createEngine, currentEngine, useEngine } from "../engine/default.ts";
import * as nn from "../nn/index.ts";
import { zeros } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import { Tensor } from "../tensor/tensor.ts";

/** One call of a layer. */
export interface LayerSummary {
  /** Path in the model, as in its state dict. */
  readonly name: string;
  /** Class of the layer. */
  readonly type: string;
  readonly outputShape: Shape;
  /** Its own parameters; 0 when the layer was called before. */
  readonly parameters: number;
  /** Multiplications and additions of convolutions and linear layers; other layers count as 0. */
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
 * @throws What the model throws for an input of that shape.
 * @example
 * console.log(String(summary(new LeNet5(), [1, 1, 28, 28])));
 */
export function summary(model: nn.Module & ((x: Tensor) => unknown), inputShape: Shape): ModelSummary {
  const layers = traceLayers(model, inputShape);
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

function traceLayers(model: nn.Module & ((x: Tensor) => unknown), inputShape: Shape): LayerSummary[] {
  const layers: LayerSummary[] = [];
  const seen = new Set<nn.Module>();
  const leaves = model.namedModules().filter(([, module]) => module.children().length === 0);
  const handles = leaves.map(([name, module]) =>
    module.registerForwardHook((_module, _inputs, output: unknown) => {
      if (!(output instanceof Tensor)) return;
      const own = seen.has(module) ? [] : module.parameters();
      seen.add(module);
      layers.push({
        name,
        type: module.constructor.name,
        outputShape: output.shape,
        parameters: own.reduce((sum, p) => sum + p.numel(), 0),
        flops: flopsOf(module, output.shape),
      });
    }),
  );
  // The values noted along the way belong to an engine that is thrown away, so that no later step computes them.
  const engine = currentEngine();
  const wasTraining = model.training;
  useEngine(createEngine({ engine: "interpreter" }));
  try {
    model.eval();
    noGrad(() => model(zeros(inputShape)));
  } finally {
    useEngine(engine);
    model.train(wasTraining);
    for (const handle of handles) handle.remove();
  }
  return layers;
}

/** Two for each weight that an output element is summed up from. */
function flopsOf(module: nn.Module, outputShape: Shape): number {
  if (!(module instanceof nn.Conv2d || module instanceof nn.Linear)) return 0;
  const perOutput = sizeOf(module.weight.shape.slice(1));
  return 2 * sizeOf(outputShape) * perOutput;
}

function formatSummary({ inputShape, layers, parameters, flops }: Omit<ModelSummary, "toString">): string {
  const count = (n: number): string => n.toLocaleString("en-US");
  const rows = [
    ["layer", "type", "output shape", "parameters", "FLOPs"],
    ["input", "", formatShape(inputShape), "", ""],
    ...layers.map((l) => [l.name, l.type, formatShape(l.outputShape), count(l.parameters), count(l.flops)]),
    ["total", "", "", count(parameters), count(flops)],
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map((row) =>
    row
      .map((cell, c) => (c < 3 ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  const rule = "-".repeat(Math.max(...lines.map((line) => line.length)));
  return [lines[0], rule, ...lines.slice(1, -1), rule, lines.at(-1)].join("\n");
}
