/**
 * What the network got wrong in the latest validation: `errors.json` in the folder of a run, replaced after each epoch.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { crossEntropy } from "../../nn/functional.ts";
import type { Tensor } from "../../tensor/tensor.ts";

export const errorsFile = "errors.json";

/** An image and what the network made of it. */
export interface RecordedLoss {
  /** Position in the images that are validated on. */
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** A string where it is not finite. */
  readonly loss: number | string;
}

/** What errors.json says. */
export interface RecordedErrors {
  readonly epoch: number;
  /** confusion[truth][prediction]. */
  readonly confusion: readonly (readonly number[])[];
  /** The images with the largest losses, the largest first. */
  readonly topLosses: readonly RecordedLoss[];
}

/** Losses that are kept. */
const kept = 24;

interface Batch {
  readonly losses: Tensor;
  readonly predicted: Tensor;
  readonly target: Tensor;
}

/** Takes the file away where it tells of an epoch after `done`: the training goes on from there. */
export async function cutErrors(folder: string, done: number): Promise<void> {
  const path = join(folder, errorsFile);
  const text = await readFile(path, "utf8").catch(() => "");
  const epoch = Number(/^\{"epoch":(\d+)/.exec(text)?.[1] ?? 0);
  if (epoch > done) await rm(path, { force: true });
}

/** Collects batch by batch; of a validation whose batches come in the order of the images. */
export class ErrorCollector {
  #batches: Batch[] = [];
  #classes = 0;

  clear(): void {
    this.#batches = [];
  }

  /** Takes a batch whose values are not computed yet: what is made here becomes part of the same program. */
  add(output: Tensor, target: Tensor): void {
    const classification = output.ndim === 2 && target.ndim === 1 && target.dtype === "int32";
    if (!classification) return;
    this.#classes = output.size(1);
    const losses = crossEntropy(output, target, { reduction: "none" });
    this.#batches.push({ losses, predicted: output.argmax(1), target });
  }

  /** Null where nothing was collected. */
  async read(epoch: number): Promise<RecordedErrors | null> {
    if (this.#batches.length === 0) return null;
    const confusion = Array.from({ length: this.#classes }, () => new Array<number>(this.#classes).fill(0));
    const all: { index: number; label: number; predicted: number; loss: number }[] = [];
    for (const batch of this.#batches) {
      const [losses, predicted, target] = await Promise.all([
        batch.losses.data(),
        batch.predicted.data(),
        batch.target.data(),
      ]);
      losses.forEach((loss, i) => {
        const [label, guess] = [Number(target[i]), Number(predicted[i])];
        const row = confusion[label];
        if (row !== undefined && guess in row) row[guess] = (row[guess] as number) + 1;
        all.push({ index: all.length, label, predicted: guess, loss: Number(loss) });
      });
    }
    this.clear();
    // What is no number is worse than any number.
    const badness = (loss: number): number => (Number.isNaN(loss) ? Number.POSITIVE_INFINITY : loss);
    const worst = all.sort((a, b) => badness(b.loss) - badness(a.loss) || a.index - b.index).slice(0, kept);
    const topLosses = worst.map((image) => ({
      ...image,
      loss: Number.isFinite(image.loss) ? image.loss : String(image.loss),
    }));
    return { epoch, confusion, topLosses };
  }
}
