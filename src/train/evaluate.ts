/**
 * Measures a model on data, without changing it.
 */
import { noGrad } from "../tensor/grad-mode.ts";
import type { BatchSource, Loss, Metric, MetricValues, Model } from "./contract.ts";
import { applyMetrics, MetricSums, readAll } from "./metrics.ts";

/** What to measure, and on what. */
export interface EvaluateOptions {
  readonly loader: BatchSource;
  readonly loss: Loss;
  /** Measured beside the loss, such as `{ accuracy }`. Default: none. */
  readonly metrics?: Readonly<Record<string, Metric>>;
  /** Stops between two batches by throwing its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Means of loss and metrics over all samples, in evaluation mode (dropout off, batch norm with its running statistics);
 * the model's mode is put back afterwards.
 *
 * @param options.metrics measured beside the loss; none by default
 * @param options.signal stops between two batches by throwing its reason
 * @example
 * const metrics = { accuracy: train.accuracy };
 * const measured = await train.evaluate(model, { loader, loss: F.crossEntropy, metrics });
 * Object.keys(measured); // ["loss", "accuracy"]
 */
export async function evaluate(model: Model, options: EvaluateOptions): Promise<MetricValues> {
  const { loader, loss, metrics = {}, signal } = options;
  const wasTraining = model.training;
  model.train(false);
  try {
    const sums = new MetricSums();
    for await (const [x, y] of loader) {
      signal?.throwIfAborted();
      // Every value of the batch is asked for before the first is read, so that one program computes them all.
      const values = noGrad(() => {
        const output = model(x);
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
