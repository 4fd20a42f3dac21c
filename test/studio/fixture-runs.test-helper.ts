/**
 * Runs of known content for the tests of the studio's page: one that learns, one that breaks, one that is still
 * running, seeds of the same settings, and a long one of 20,000 steps and 30 layers. Numbers are made by formulas, so
 * a test can say what must be seen.
 */
import type { LayerInfo, Loose, RunSummary, Topic, VerdictText } from "../../src/studio/protocol.ts";

export interface FixtureRun {
  summary: RunSummary;
  readonly steps: number;
  readonly stepsTotal: number;
  readonly stepsPerEpoch: number;
  readonly recordEvery: number;
  readonly layers: readonly LayerInfo[];
  /** The step from which on everything is NaN. */
  readonly breaksAt: number | null;
  /** Draws of the run's noise. */
  readonly noise: number;
}

export const classes: readonly string[] = [
  "T-shirt",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

/** A number from 0 to 1 that depends on its arguments alone. */
export function noiseOf(...keys: number[]): number {
  let hash = 2166136261;
  for (const key of keys) {
    hash = Math.imul(hash ^ (key | 0), 16777619);
    hash = Math.imul(hash ^ (hash >>> 13), 1274126177);
  }
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

const layer = (name: string, type: string, shape: readonly number[], trains: boolean): LayerInfo => ({
  layer: name,
  type,
  shape,
  kinds: trains ? ["activations", "gradients", "updates"] : ["activations", "gradients"],
});

const smallNet: readonly LayerInfo[] = [
  layer("features.0", "Conv2d", [64, 16, 28, 28], true),
  layer("features.1", "BatchNorm2d", [64, 16, 28, 28], true),
  layer("features.2", "ReLU", [64, 16, 28, 28], false),
  layer("features.4", "Conv2d", [64, 32, 14, 14], true),
  layer("features.6", "ReLU", [64, 32, 14, 14], false),
  layer("classifier.1", "Linear", [64, 128], true),
  layer("classifier.3", "Linear", [64, 10], true),
];

const deepNet: readonly LayerInfo[] = Array.from({ length: 30 }, (_, i) =>
  i % 3 === 2
    ? layer(`blocks.${i}`, "ReLU", [64, 64, 14, 14], false)
    : layer(`blocks.${i}`, i % 3 === 0 ? "Conv2d" : "BatchNorm2d", [64, 64, 14, 14], true),
);

interface Wish extends Partial<Omit<FixtureRun, "summary">> {
  readonly id: string;
  readonly status: RunSummary["status"];
  readonly startedAt: string;
  readonly lr?: number;
  readonly seed?: number;
  readonly tags?: readonly string[];
  readonly error?: string;
}

function makeRun(wish: Wish): FixtureRun {
  const { id, status, startedAt, lr = 0.01, seed = 0, tags = [], error } = wish;
  const stepsPerEpoch = wish.stepsPerEpoch ?? 94;
  const run: FixtureRun = {
    steps: wish.steps ?? 940,
    stepsTotal: wish.stepsTotal ?? wish.steps ?? 940,
    stepsPerEpoch,
    recordEvery: wish.recordEvery ?? 4,
    layers: wish.layers ?? smallNet,
    breaksAt: wish.breaksAt ?? null,
    noise: wish.noise ?? seed + 1,
    summary: {
      id,
      name: id,
      status,
      startedAt,
      seed,
      tags,
      settings: {
        dataset: "fashion-mnist",
        model: wish.layers === deepNet ? "resnet20" : "cnn",
        optimizer: "adam",
        lr,
        batchSize: 64,
        epochs: Math.round((wish.stepsTotal ?? wish.steps ?? 940) / stepsPerEpoch),
        init: "kaiming",
        seed,
      },
      ...(error === undefined ? {} : { error }),
    },
  };
  if (status === "running") return run;
  const endedAt = new Date(Date.parse(startedAt) + run.steps * 42).toISOString();
  const epochs = Math.floor(run.steps / stepsPerEpoch);
  const curve = Array.from({ length: epochs }, (_, i) => lossAt(run, (i + 1) * stepsPerEpoch));
  run.summary = { ...run.summary, endedAt, last: epochMetrics(run, epochs), curve };
  return run;
}

/** The runs, newest first. */
export function makeRuns(): FixtureRun[] {
  const seeds = [0, 1, 2];
  return [
    makeRun({
      id: "running",
      status: "running",
      startedAt: new Date(Date.now() - 10_000).toISOString(),
      steps: 240,
      stepsTotal: 940,
      tags: ["live"],
    }),
    makeRun({
      id: "broken",
      status: "failed",
      startedAt: "2026-03-09T13:40:00Z",
      lr: 3,
      steps: 376,
      stepsTotal: 940,
      breaksAt: 212,
      error: "Stopped at step 376: the loss has been NaN for an epoch.",
    }),
    makeRun({ id: "healthy", status: "done", startedAt: "2026-03-09T13:10:00Z", tags: ["baseline"] }),
    ...seeds.map((seed) =>
      makeRun({
        id: `slow-${seed}`,
        status: "done",
        startedAt: `2026-03-08T1${seed}:00:00Z`,
        lr: 0.002,
        seed,
        tags: ["seeds"],
      }),
    ),
    makeRun({
      id: "long",
      status: "interrupted",
      startedAt: "2026-03-07T09:00:00Z",
      steps: 20_000,
      stepsPerEpoch: 1000,
      recordEvery: 10,
      layers: deepNet,
    }),
  ];
}

/** Loss of a step; "NaN" from where the run is broken. */
export function lossAt(run: FixtureRun, step: number): Loose {
  if (run.breaksAt !== null && step >= run.breaksAt) return "NaN";
  const { lr } = run.summary.settings as { lr: number };
  if (run.breaksAt !== null) return 2.3 + (0.4 + step / 30) * noiseOf(run.noise, step, 1) + (step / 80) ** 2;
  const pace = 60 * (0.01 / lr) ** 0.6;
  const noise = (noiseOf(run.noise, step, 1) - 0.5) * (0.1 + 0.3 * Math.exp(-step / 200));
  return Math.max(0.02, 0.21 + 2.1 * Math.exp(-step / pace) + 0.4 * Math.exp(-step / 400) + noise);
}

export const lrAt = (run: FixtureRun, step: number): number =>
  (run.summary.settings as { lr: number }).lr *
  0.5 *
  (1 + Math.cos((Math.PI * step) / (run.stepsTotal * 1.05)));

export const secondsAt = (step: number): number => step * 0.04 + 0.2 * Math.sin(step / 40);

export function epochMetrics(run: FixtureRun, epoch: number): Readonly<Record<string, Loose>> {
  const step = epoch * run.stepsPerEpoch;
  const loss = lossAt(run, step);
  const isBroken = typeof loss === "string";
  const gap = 0.02 + 0.1 * (1 - Math.exp(-epoch / 8));
  const accuracy = isBroken ? 0.1 : Math.max(0.1, Math.min(0.99, 1 - 0.28 * loss));
  return {
    epoch,
    loss,
    accuracy,
    validation_loss: isBroken ? "NaN" : loss + gap,
    validation_accuracy: isBroken ? 0.1 : accuracy - gap / 3,
    lr: lrAt(run, step),
    seconds: run.stepsPerEpoch * 0.04,
    samples: run.stepsPerEpoch * 64,
  };
}

/** What the rules say: nothing about a healthy run. */
export const topics: readonly Topic[] = [
  {
    name: "gradients",
    title: { en: "Vanishing and exploding gradients", ja: "勾配消失と勾配爆発" },
    question: {
      en: "Which scale of the weights lets gradients through?",
      ja: "勾配が届く重みの大きさはどれか。",
    },
  },
];

export function verdictsOf(run: FixtureRun): readonly VerdictText[] {
  if (run.breaksAt === null) return [];
  return [
    {
      rule: "numerics",
      layer: "features.4",
      severity: "error",
      value: 0.37,
      threshold: 0,
      epoch: 3,
      step: run.breaksAt,
      current: true,
      topic: "gradients",
      text: {
        en: {
          message: "37.0% of the outputs of features.4 are NaN or infinite since step 212.",
          cure: "Lower the learning rate (`--lr 0.01`), or clip gradients.",
        },
        ja: {
          message: "features.4 の出力の 37.0% が、ステップ 212 から NaN または無限大です。",
          cure: "学習率を下げる（`--lr 0.01`）か、勾配クリッピングを使ってください。",
        },
      },
    },
    {
      rule: "dead-relu",
      layer: "features.2",
      severity: "warning",
      value: 0.62,
      threshold: 0.4,
      epoch: 1,
      step: 64,
      current: true,
      topic: "activations",
      text: {
        en: {
          message: "62.0% of the units of features.2 are 0 for every image.",
          cure: "Lower the learning rate, or use LeakyReLU.",
        },
        ja: {
          message: "features.2 のユニットの 62.0% が、どの画像に対しても 0 を出力しています。",
          cure: "学習率を下げるか、LeakyReLU を使ってください。",
        },
      },
    },
  ];
}

/** Steps of which weights are stored. */
export function snapshotsOf(run: FixtureRun): readonly number[] {
  const steps = run.steps;
  return [
    ...new Set(Array.from({ length: 12 }, (_, i) => Math.max(1, Math.round(steps * ((i + 1) / 12) ** 2)))),
  ];
}
