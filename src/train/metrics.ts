/**
 * Quantities that are measured beside the loss. Each is one small element per batch, computed in the step's own
 * program, so that reading it costs nothing.
 */
import { cast } from "../graph/build.ts";
import type { CheckpointValue } from "../io/checkpoint.ts";
import * as ops from "../ops/index.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Metric, MetricValues } from "./contract.ts";

/**
 * Number of samples whose largest logit is that of their class, int32; its mean over the samples is the accuracy.
 *
 * @param output Logits (N, C).
 * @param target Class indices (N), int32.
 * @example
 * const logits = tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]);
 * train.accuracy(logits, tensor([1, 1, 1], { dtype: "int32" })); // 2
 */
export function accuracy(output: Tensor, target: Tensor): Tensor {
  return noGrad(() => {
    const hit = ops.eq(ops.argExtreme(output.node, "argmax", { dim: 1 }), target.node);
    return Tensor.of(ops.sum(cast(hit, "int32"), {}));
  });
}

/** A metric may be called "samples", too. */
const sumPrefix = "sum of ";

/** Sums of loss and metrics over the batches of an epoch. */
export class MetricSums {
  readonly #sums = new Map<string, number>();
  samples = 0;

  /** @param loss Mean over the batch. @param metrics Sums over the batch. */
  add(samples: number, loss: number, metrics: Readonly<Record<string, number>>): void {
    this.samples += samples;
    this.#addOne("loss", loss * samples);
    for (const [name, sum] of Object.entries(metrics)) this.#addOne(name, sum);
  }

  /** Sums that {@link state} gave, to go on with. */
  static of(state: { readonly [key: string]: CheckpointValue }): MetricSums {
    const made = new MetricSums();
    for (const [name, value] of Object.entries(state)) {
      if (name === "samples") made.samples = Number(value);
      else made.#sums.set(name.slice(sumPrefix.length), Number(value));
    }
    return made;
  }

  /** For a checkpoint. */
  state(): Record<string, number> {
    const sums = [...this.#sums].map(([name, sum]) => [`${sumPrefix}${name}`, sum]);
    return { samples: this.samples, ...Object.fromEntries(sums) };
  }

  /** Means over all samples. */
  means(): MetricValues {
    const means = [...this.#sums].map(([name, sum]) => [name, sum / this.samples]);
    return { loss: Number.NaN, ...Object.fromEntries(means) };
  }

  #addOne(name: string, value: number): void {
    this.#sums.set(name, (this.#sums.get(name) ?? 0) + value);
  }
}

/** Every metric of one batch. */
export function applyMetrics(
  metrics: Readonly<Record<string, Metric>>,
  output: Tensor,
  target: Tensor,
): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, metric(output, target)]));
}

/** Reads one element each. */
export async function readAll(tensors: Readonly<Record<string, Tensor>>): Promise<Record<string, number>> {
  const read = Object.entries(tensors).map(async ([name, t]) => [name, await t.item()] as const);
  return Object.fromEntries(await Promise.all(read));
}
