/**
 * Writes what each epoch gave to the metrics of a run.
 */
import type { Callback, EpochResult } from "./contract.ts";

/** Takes lines of numbers; a `RunDirectory` does. */
export interface MetricsTarget {
  log(metrics: Readonly<Record<string, number>>): Promise<void>;
  flush(): Promise<void>;
}

/**
 * Writes one line per epoch to the metrics of a run: `epoch`, `loss`, the metrics, `validation_loss` and so on, `lr`,
 * `seconds`, `samples`.
 *
 * @param target takes the lines; a `RunDirectory` does
 * @example
 * const run = await RunDirectory.create("logged", { name: "lenet5", seed: 0 });
 * const callbacks = [new train.RunLogger(run)];
 * await train.fit(model, { loader, loss: F.crossEntropy, optimizer, epochs: 2, callbacks });
 * await run.finish("done");
 * (await readRun(run.path)).metrics.map(({ epoch }) => epoch); // [1, 2]
 */
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
