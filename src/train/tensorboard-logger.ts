/**
 * Writes what each epoch gave to an event file, so that TensorBoard shows a folder of runs.
 */
import type { Callback, EpochResult } from "./contract.ts";

/** Takes numbers by tag and step; an `io.SummaryWriter` does. */
export interface ScalarWriter {
  addScalar(tag: string, value: number, step: number): Promise<void>;
  flush(): Promise<void>;
}

/**
 * Adds `loss/train`, `loss/validation`, every metric in the same way, and `lr` at the end of each epoch, whose number is
 * the step.
 *
 * @param writer takes the numbers; an `io.SummaryWriter` in the folder of the run does
 * @example
 * const writer = new io.SummaryWriter("runs/seen-in-tensorboard");
 * const callbacks = [new train.TensorBoardLogger(writer)];
 * await train.fit(model, { loader, loss: F.crossEntropy, optimizer, epochs: 2, callbacks });
 * await writer.close();
 */
export class TensorBoardLogger implements Callback {
  readonly #writer: ScalarWriter;

  constructor(writer: ScalarWriter) {
    this.#writer = writer;
  }

  async onEpochEnd({ epoch, train, validation, lr }: EpochResult): Promise<void> {
    for (const [part, values] of Object.entries({ train, validation })) {
      for (const [name, value] of Object.entries(values ?? {}))
        await this.#writer.addScalar(`${name}/${part}`, value, epoch);
    }
    await this.#writer.addScalar("lr", lr, epoch);
    await this.#writer.flush();
  }
}
