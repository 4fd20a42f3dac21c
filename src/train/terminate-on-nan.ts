/**
 * Ends a training whose loss is no number any more: from there on every weight is NaN, and waiting helps nobody.
 */
import type { Callback, StepResult } from "./contract.ts";

/**
 * A training that cannot go on; `result` is the step at which it was noticed.
 *
 * @example
 * const error = new train.TrainingError("the loss is NaN", { epoch: 2, step: 5, samples: 64, loss: NaN, lr: 0.1 });
 * error.result.step; // 5
 */
export class TrainingError extends Error {
  /** The step at which it was noticed. */
  readonly result: StepResult;

  constructor(message: string, result: StepResult) {
    super(message);
    this.name = "TrainingError";
    this.result = result;
  }
}

/**
 * Throws a {@link TrainingError} that names the step and the fix when the loss is NaN or infinite.
 *
 * @throws TrainingError when the loss of the first such step is known
 * @example
 * const guard = new train.TerminateOnNaN();
 * const options = { loader, loss: F.crossEntropy, optimizer, epochs: 1 };
 * (await train.fit(model, { ...options, callbacks: [guard] })).length; // 1
 */
export class TerminateOnNaN implements Callback {
  onLoss(result: StepResult): void {
    const { loss, epoch, step, lr } = result;
    if (Number.isFinite(loss)) return;
    // The first loss has seen no update yet, so the learning rate cannot be its reason.
    const fix =
      epoch === 1 && step === 1
        ? "the first batch or the initial weights hold values that are too large or not finite: check the inputs"
        : `the steps are too large: lower the learning rate (lr ${Number(lr.toPrecision(3))} now; try ` +
          `${Number(Math.min(lr / 10, 0.01).toPrecision(1))} or less)`;
    throw new TrainingError(`the loss is ${loss} at step ${step} of epoch ${epoch}; ${fix}`, result);
  }
}
