/**
 * Weights through the training: `snapshots/step-N.safetensors` in the folder of a run, 16-bit floats, N steps after the
 * start. They are close together at the beginning, when much changes, evenly spaced after it, and together stay below a
 * given size.
 */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/node/atomic-file.ts";
import { makeFolder } from "../../base/node/make-folder.ts";

export const snapshotsFolder = "snapshots";

/** Name of the file of a step. */
export const snapshotFile = (step: number): string => `step-${step}.safetensors`;

/** Step of a file; null where it is no snapshot, such as one that is being written. */
export function snapshotStep(file: string): number | null {
  const found = /^step-(\d{1,15})\.safetensors$/.exec(file)?.[1];
  return found === undefined ? null : Number(found);
}

/** Snapshots of a whole training, however small they are: a slider shows no more. */
const most = 64;
/**
 * Steps from one to the next in the long run: to read and store the weights takes about as long as a small network's step. A
 * short training, which takes no time anyway, has at least so many.
 */
const [leastInterval, least] = [100, 24];

/**
 * Steps at which to keep the weights: the start and the end, powers of two, and even steps from where these are closer.
 *
 * @param steps Steps of the whole training.
 * @param room How many snapshots there is room for.
 */
export function plannedSnapshots(steps: number, room: number): ReadonlySet<number> {
  const count = Math.min(most, Math.max(2, Math.floor(room)));
  const even = new Set(Array.from({ length: count }, (_, i) => Math.round((i * steps) / (count - 1))));
  const rare = Math.min(leastInterval, Math.floor(steps / least));
  for (let interval = Math.max(1, rare, Math.ceil(steps / count)); interval < steps; interval++) {
    const planned = new Set([0]);
    for (let power = 1; power < interval; power *= 2) planned.add(power);
    // With room for a few the beginning would take it all.
    if (planned.size > count / 2) return even;
    for (let step = interval; step < steps; step += interval) planned.add(step);
    planned.add(steps);
    if (planned.size <= count) return planned;
  }
  return even;
}

/** The stored snapshots of one run. One writer at a time. */
export class SnapshotStore {
  readonly #folder: string;
  readonly #budget: number;
  /** Sizes by step, once they were asked for: nobody else writes here. */
  #known: Map<number, number> | null = null;

  /** @param budget Bytes that all together may take. */
  constructor(runFolder: string, budget: number) {
    this.#folder = join(runFolder, snapshotsFolder);
    this.#budget = budget;
  }

  /** Removes those after a step: the training goes on from there. */
  async cut(after: number): Promise<void> {
    for (const step of [...(await this.#stored()).keys()]) if (step > after) await this.#remove(step);
  }

  /** Keeps a snapshot; others go where the room does not suffice: those whose neighbours are closest together. */
  async write(step: number, bytes: Uint8Array): Promise<void> {
    if (bytes.length > this.#budget) return;
    await makeFolder(this.#folder);
    await this.#makeRoom(bytes.length, step);
    await writeFileAtomic(join(this.#folder, snapshotFile(step)), bytes);
    (await this.#stored()).set(step, bytes.length);
  }

  async #makeRoom(bytes: number, newest: number): Promise<void> {
    const others = [...(await this.#stored())].filter(([step]) => step !== newest);
    const steps = others.map(([step]) => step).sort((a, b) => a - b);
    const sizes = new Map(others);
    let total = others.reduce((sum, [, size]) => sum + size, bytes);
    while (total > this.#budget && steps.length > 0) {
      const [gone] = steps.splice(leastMissed([...steps, newest]), 1);
      if (gone === undefined) return;
      await this.#remove(gone);
      total -= sizes.get(gone) ?? 0;
    }
  }

  async #stored(): Promise<Map<number, number>> {
    this.#known ??= await this.#look();
    return this.#known;
  }

  async #look(): Promise<Map<number, number>> {
    const names = await readdir(this.#folder).catch(() => []);
    const steps = names.flatMap((name) => snapshotStep(name) ?? []);
    const size = async (step: number): Promise<number> =>
      (await stat(join(this.#folder, snapshotFile(step)))).size;
    return new Map(await Promise.all(steps.map(async (step) => [step, await size(step)] as const)));
  }

  async #remove(step: number): Promise<void> {
    await rm(join(this.#folder, snapshotFile(step)), { force: true });
    (await this.#stored()).delete(step);
  }
}

/** Which of some ascending steps, the last excepted, leaves the smallest gap; the first only where there is no other. */
function leastMissed(steps: readonly number[]): number {
  let [found, gap] = [0, Number.POSITIVE_INFINITY];
  for (let i = 1; i < steps.length - 1; i++) {
    const left = (steps[i + 1] as number) - (steps[i - 1] as number);
    if (left < gap) [found, gap] = [i, left];
  }
  return found;
}
