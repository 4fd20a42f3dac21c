/**
 * Measures a model on data, without changing it.
 */
import { checkOptions } from "../base/options.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkParts } from "./check-parts.ts";
import type { BatchSource, Loss, Metric, MetricValues, Model } from "./contract.ts";
import { applyMetrics, MetricSums, readAll } from "./metrics.ts";

/** What to measure, and on what. */
export interface EvaluateOptions {
  readonly loader: BatchSource;
  readonly loss: Loss;
  /** Measured beside the loss, such as `{ accuracy }`. Default: none. */
  readonly metrics?: Readonly<Record<string, Metric>>;
  /**
   * Called with each batch before its values are computed: small tensors that are made of them here are computed in the
   * same program. Default: nothing.
   */
  readonly onBatch?: (output: Tensor, target: Tensor) => void;
  /** Stops between two batches by throwing its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A record rather than a list: the compiler says which one is missing here. */
const optionNames: Readonly<Record<keyof EvaluateOptions, true>> = {
  loader: true,
  loss: true,
  metrics: true,
  onBatch: true,
  signal: true,
};

/**
 * Means of loss and metrics over all samples, in evaluation mode (dropout off, batch norm with its running statistics);
 * the model's mode is put back afterwards.
 *
 * @param options.metrics measured beside the loss; none by default
 * @param options.onBatch called with each batch before its values are computed; nothing by default
 * @param options.signal stops between two batches by throwing its reason
 * @throws ArgumentError for an option that there is not, and where model, loader or loss are missing or something else
 * @example
 * const metrics = { accuracy: train.accuracy };
 * const measured = await train.evaluate(model, { loader, loss: F.crossEntropy, metrics });
 * Object.keys(measured); // ["loss", "accuracy"]
 */
export async function evaluate(model: Model, options: EvaluateOptions): Promise<MetricValues> {
  checkOptions(options, Object.keys(optionNames), "evaluate");
  checkParts("evaluate", model, options, ["loader", "loss"]);
  const { loader, loss, metrics = {}, onBatch, signal } = options;
  const wasTraining = model.training;
  model.train(false);
  try {
    const sums = new MetricSums();
    for await (const [x, y] of loader) {
      signal?.throwIfAborted();
      // Every value of the batch is asked for before the first is read, so that one program computes them all.
      const values = noGrad(() => {
        const output = model(x);
        onBatch?.(output, y);
        return { loss: loss(output, y), ...applyMetrics(metrics, output, y) };
      });
      const { loss: mean = Number.NaN, ...rest } = await readAll(values);
      sums.add(x.size(0), mean, rest);
    }
    return sums.means();
  } finally {
    model.train(wasTraining);
  }
}
