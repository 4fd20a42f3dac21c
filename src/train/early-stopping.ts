/**
 * Ends a training that no longer gets better.
 */

import { ArgumentError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import type { CheckpointValue } from "../io/checkpoint.ts";
import type { Callback, EpochResult, TrainingContext } from "./contract.ts";

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions {
  /** Which value to watch: "loss" or the name of a metric, of the validation where there is one. Default "loss". */
  readonly monitor?: string;
  /** Whether smaller or larger is better. Default "min". */
  readonly mode?: "min" | "max";
  /** Epochs without improvement that are waited for. Default 3. */
  readonly patience?: number;
  /** A smaller change counts as none. Default 0. */
  readonly minDelta?: number;
}

/**
 * Stops when the watched value has not improved for `patience` epochs. L. Prechelt, "Early stopping - but when?", 1998.
 *
 * @param options.monitor "loss" or the name of a metric, of the validation where there is one; "loss" by default
 * @param options.mode whether smaller ("min") or larger ("max") is better; "min" by default
 * @param options.patience epochs without improvement that are waited for; 3 by default
 * @param options.minDelta a smaller change counts as none; 0 by default
 * @throws ArgumentError at the end of the first epoch when nothing of the monitored name is measured
 * @example
 * const stop = new train.EarlyStopping({ monitor: "accuracy", mode: "max", patience: 5 });
 * const options = { loader, validation, metrics: { accuracy: train.accuracy }, callbacks: [stop] };
 * await train.fit(model, { ...options, loss: F.crossEntropy, optimizer, epochs: 1 });
 * stop.best?.epoch; // 1
 */
export class EarlyStopping implements Callback {
  readonly monitor: string;
  readonly mode: "min" | "max";
  readonly patience: number;
  readonly minDelta: number;
  /** The best value so far and its epoch; undefined before the first. */
  best: { readonly value: number; readonly epoch: number } | undefined;

  constructor(options: EarlyStoppingOptions = {}) {
    checkOptions(options, ["monitor", "mode", "patience", "minDelta"], "EarlyStopping");
    const { monitor = "loss", mode = "min", patience = 3, minDelta = 0 } = options;
    this.monitor = monitor;
    this.mode = mode;
    this.patience = patience;
    this.minDelta = minDelta;
  }

  onTrainBegin(): void {
    this.best = undefined;
  }

  /** The best value, for a training that is resumed. */
  stateDict(): CheckpointValue {
    return { best: this.best === undefined ? null : { ...this.best } };
  }

  loadStateDict(state: CheckpointValue): void {
    const { best } = state as { readonly best: { readonly value: number; readonly epoch: number } | null };
    this.best = best ?? undefined;
  }

  onEpochEnd(result: EpochResult, context: TrainingContext): void {
    const values = result.validation ?? result.train;
    const value = values[this.monitor];
    if (value === undefined) {
      throw new ArgumentError(
        `EarlyStopping: there is no "${this.monitor}"; measured are ${Object.keys(values).join(", ")}`,
        { monitor: this.monitor },
      );
    }
    if (this.best === undefined || this.#improves(value, this.best.value)) {
      this.best = { value, epoch: result.epoch };
    } else if (result.epoch - this.best.epoch >= this.patience) context.stop();
  }

  #improves(value: number, best: number): boolean {
    return this.mode === "min" ? value < best - this.minDelta : value > best + this.minDelta;
  }
}
