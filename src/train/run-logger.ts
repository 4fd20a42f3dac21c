/**
 * Writes what each epoch gave to the metrics of a run.
 */
import type { Callback, EpochResult } from "./contract.ts";

/** Takes lines of numbers; a `RunDirectory` does. */
export interface MetricsTarget {
  log(metrics: Readonly<Record<string, number>>): Promise<void>;
  flush(): Promise<void>;
}

/** One line per epoch: `epoch`, `loss`, the metrics, `validation_loss` and so on, `lr`, `seconds`, `samples`. */
export class RunLogger implements Callback {
  readonly #target: MetricsTarget;

  constructor(target: MetricsTarget) {
    this.#target = target;
  }

  async onEpochEnd({ epoch, train, validation, lr, seconds, samples }: EpochResult): Promise<void> {
    const measured = Object.entries(validation ?? {}).map(([name, value]) => [`validation_${name}`, value]);
    await this.#target.log({ epoch, ...train, ...Object.fromEntries(measured), lr, seconds, samples });
    await this.#target.flush();
  }
}
