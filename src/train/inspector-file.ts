/**
 * The file of what an `Inspector` records: `inspection.ndjson` in the folder of a run. Node only.
 */
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { InspectionRecord, InspectionTarget } from "./inspector.ts";

/**
 * One JSON object per epoch, appended. NaN and infinities are strings, since JSON has none.
 *
 * @example
 * const run = await RunDirectory.create("runs", { name: "cnn", seed: 0 });
 * const callbacks = [new train.Inspector({ target: new InspectionFile(run.path) })];
 * await train.fit(model, { loader, loss: F.crossEntropy, optimizer, epochs: 1, callbacks });
 * await run.finish("done");
 */
export class InspectionFile implements InspectionTarget {
  /** Path of the file. */
  readonly path: string;

  /** @param folder Folder of the run; it exists. */
  constructor(folder: string) {
    this.path = join(folder, "inspection.ndjson");
  }

  /** Adds the records of one epoch. */
  async append(record: InspectionRecord): Promise<void> {
    const text = JSON.stringify(record, (_, value: unknown) => {
      if (typeof value !== "number") return value;
      // Statistics are float32: more digits would only make the file larger.
      return Number.isFinite(value) ? Number(value.toPrecision(7)) : String(value);
    });
    await appendFile(this.path, `${text}\n`);
  }
}
