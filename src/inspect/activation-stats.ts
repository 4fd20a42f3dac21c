/**
 * Statistics of what layers give out, recorded while the model trains.
 */
import type { Node } from "../graph/node.ts";
import type { Module } from "../nn/index.ts";
import { Tensor } from "../tensor/tensor.ts";
import { LayerRecords, type RecordOptions } from "./layer-records.ts";

/**
 * Records mean, standard deviation, extremes, share of zeros and of non-finite values, and a histogram of every
 * layer's output, at every (`every`-th) call of the model in training mode. The engine computes them in the step's own
 * program; some fifty numbers per layer and step are kept.
 *
 * J. Howard and S. Gugger, "Deep Learning for Coders with fastai and PyTorch", 2020, chapter 13 (the "colourful
 * dimension" is `histogram` step by step).
 *
 * @example
 * const stats = new inspect.ActivationStats(model);
 * model(images);
 * const { 2: relu } = await stats.latest();
 * stats.remove();
 * console.log(`${relu?.mean} +- ${relu?.std}, ${relu?.zeros} of it zeros`);
 */
export class ActivationStats extends LayerRecords {
  /**
   * @throws ArgumentError for options out of range, or when no layer is chosen.
   */
  constructor(model: Module, options: RecordOptions = {}) {
    super(model, options);
    for (const [name, module] of this.watched(model)) {
      this.own(
        module.registerForwardHook((_module, _inputs, output: unknown) => {
          const node = firstTensor(output);
          if (node !== null) this.record(name, module.constructor.name, node, 1);
        }),
      );
    }
  }
}

/** The tensor that a layer gave, or the first of a list of them. */
export function firstTensor(output: unknown): Node | null {
  const first: unknown = Array.isArray(output) ? output[0] : output;
  return first instanceof Tensor ? first.node : null;
}
