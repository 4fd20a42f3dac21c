/** A run's folder as a training would leave it, of any size, without a training. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeRecord, type LayerHeader, type LayerSeries } from "../train/recording/layer-log.ts";
import { stepLines } from "../train/recording/step-log.ts";

export interface GeneratedRun {
  readonly id?: string;
  readonly steps?: number;
  readonly layers?: number;
  readonly stepsPerEpoch?: number;
  readonly every?: number;
  readonly status?: string;
  readonly bins?: number;
  /** From this step on the last layer's activations are not finite. */
  readonly brokenFrom?: number;
}

/** @returns The id. */
export async function generateRun(root: string, options: GeneratedRun = {}): Promise<string> {
  const { id = "20260131-094500-test", steps = 40, layers = 2, stepsPerEpoch = 20, every = 10 } = options;
  const { status = "done", bins = 40 } = options;
  const folder = join(root, id);
  await mkdir(join(folder, "snapshots"), { recursive: true });
  const info = {
    id,
    name: "test",
    status,
    startedAt: "2026-01-31T09:45:00.000Z",
    seed: 0,
    settings: { dataset: "digits", model: "cnn" },
    versions: {},
  };
  await writeFile(join(folder, "run.json"), JSON.stringify(info));
  const epochs = Math.ceil(steps / stepsPerEpoch);
  const recording = { version: 1, epochs, stepsPerEpoch, every, classes: ["a", "b"] };
  await writeFile(join(folder, "recording.json"), JSON.stringify(recording));
  const rows = range(steps).map((i) => ({
    step: i + 1,
    epoch: Math.floor(i / stepsPerEpoch) + 1,
    loss: 2 / (1 + i),
    lr: 0.01,
    seconds: (i + 1) * 0.01,
    samples: 32,
  }));
  await writeFile(join(folder, "steps.ndjson"), stepLines(rows));
  const metrics = range(epochs).map((e) =>
    JSON.stringify({ epoch: e + 1, loss: 1 / (e + 1), accuracy: 0.5 }),
  );
  await writeFile(join(folder, "metrics.ndjson"), metrics.map((line) => `${line}\n`).join(""));
  await writeLayers(folder, { steps, layers, every, bins, brokenFrom: options.brokenFrom ?? steps + 1 });
  for (const step of [0, steps]) await writeFile(join(folder, "snapshots", `step-${step}.safetensors`), "x");
  return id;
}

async function writeLayers(
  folder: string,
  options: Required<Pick<GeneratedRun, "steps" | "layers" | "every" | "bins" | "brokenFrom">>,
): Promise<void> {
  const { steps, layers, every, bins, brokenFrom } = options;
  const names = range(layers).map((i) => `features.${i}`);
  const series = (["activations", "gradients", "updates"] as const).flatMap((kind) =>
    names.map((layer): LayerSeries => {
      const common = { kind, layer, type: "Conv2d", shape: [32, 8, 4, 4] };
      return kind === "updates" ? { ...common, parameter: `${layer}.weight` } : common;
    }),
  );
  const header: LayerHeader = { version: 1, bins, series };
  await writeFile(join(folder, "layers.json"), JSON.stringify(header));
  const records = range(Math.ceil(steps / every)).map((r) => {
    const step = r * every + 1;
    const values = series.map(({ kind, layer }) => {
      if (kind === "updates") return [0.001, 1];
      const broken = kind === "activations" && layer === names.at(-1) && step >= brokenFrom;
      const counts = range(bins).map((b) => (broken ? 0 : Math.max(0, bins - Math.abs(b - bins / 2))));
      return broken
        ? [Number.NaN, Number.NaN, -1, Infinity, 0, 0.25, 0, ...counts]
        : [0.1 + r, 1, -2, 3, 0.25, 0, 0.125, ...counts];
    });
    return encodeRecord(header, step, values);
  });
  await writeFile(join(folder, "layers.bin"), Buffer.concat(records));
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
