/**
 * Shows a training on the terminal.
 */
import { isNode } from "../base/env.ts";
import { checkOptions } from "../base/options.ts";
import type { Callback, EpochResult, StepResult, TrainingContext } from "./contract.ts";
import { ProgressLine, type ProgressStream } from "./progress-line.ts";

/** Options of {@link Progress}. */
export interface ProgressCallbackOptions {
  /** Where to write. Default: `process.stderr`; nothing is written where there is none. */
  readonly stream?: ProgressStream;
  /** Environment variables: `NO_COLOR`, `FORCE_COLOR` and `TERM` are looked at. Default: those of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * One line that is rewritten while an epoch runs, and one that stays when it has ended.
 *
 * @param options.stream where to write; `process.stderr` by default, nothing is written where there is none
 * @param options.env looked at for `NO_COLOR`, `FORCE_COLOR` and `TERM`; the process's by default
 * @example
 * const lines: string[] = [];
 * const stream = { write: (text: string) => lines.push(text) };
 * const callbacks = [new train.Progress({ stream, env: {} })];
 * await train.fit(model, { loader, loss: F.crossEntropy, optimizer, epochs: 1, callbacks });
 * lines[0].startsWith("epoch 1/1"); // true
 */
export class Progress implements Callback {
  readonly #options: ProgressCallbackOptions;
  #line: ProgressLine | undefined;

  constructor(options: ProgressCallbackOptions = {}) {
    checkOptions(options, ["stream", "env"], "Progress");
    this.#options = options;
  }

  onTrainBegin({ epochs, stepsPerEpoch }: TrainingContext): void {
    const stream = this.#options.stream ?? (isNode ? process.stderr : undefined);
    if (stream === undefined) return;
    const env = this.#options.env ?? (isNode ? process.env : {});
    this.#line = new ProgressLine({ stream, epochs, stepsPerEpoch, env });
  }

  onEpochBegin(epoch: number): void {
    this.#line?.startEpoch(epoch);
  }

  onLoss({ step, samples, loss }: StepResult): void {
    this.#line?.step({ step, images: samples, loss });
  }

  onEpochEnd({ train, validation = { loss: Number.NaN }, seconds }: EpochResult): void {
    const { loss: _loss, ...measured } = validation;
    const named = Object.entries(measured).map(([name, value]) => [`validation ${name}`, value]);
    this.#line?.endEpoch({ ...train, ...Object.fromEntries(named) }, seconds);
  }

  onTrainEnd(): void {
    this.#line?.clear();
  }
}
