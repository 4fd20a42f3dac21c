/**
 * Statistics of what layers give out, recorded while the model trains.
 */
import type { Module } from "../nn/index.ts";
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
    this.watchOutputs(model, (name, type, node, axis) => this.record(name, type, node, axis));
  }
}
