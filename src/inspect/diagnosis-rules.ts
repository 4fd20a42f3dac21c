/**
 * The rules of `diagnose`, one entry each: what it looks at, from which number on it speaks, and what it says. A rule
 * speaks only where something is clearly wrong; each threshold stands with its source or its reason.
 */
import { sizeOf } from "../base/shape.ts";
import { fallsAtOnce, jumpsOf, median, recent, smoothed } from "./course.ts";
import type { LayerHistory, StepStatistics } from "./layer-records.ts";
import type { StepUpdate, UpdateHistory } from "./update-ratios.ts";

/** What `diagnose` looks at; a rule whose data is not there says nothing. */
export interface Observations {
  /** From `ActivationStats.history()`. */
  readonly activations?: readonly LayerHistory[];
  /** From `GradientStats.history()`, of layers' outputs. */
  readonly gradients?: readonly LayerHistory[];
  /** From `UpdateRatios.history()`. */
  readonly updateRatios?: readonly UpdateHistory[];
  /** The training loss, step by step. */
  readonly losses?: readonly number[];
  /** Means of each epoch, as `train.fit` gives them. */
  readonly epochs?: readonly EpochMeans[];
  /** Number of classes of a classification by cross entropy: `losses` are compared with guessing. */
  readonly classes?: number;
}

/** Means of one epoch: `loss`, and others such as `accuracy`. */
export interface EpochMeans {
  readonly train: Readonly<Record<string, number>>;
  readonly validation?: Readonly<Record<string, number>>;
}

/** Languages of the sentences. */
export type Language = "en" | "ja";

/** "error": training cannot work like this. "warning": it will be worse than it could be. */
export type Severity = "error" | "warning";

/** What a rule found: the number that speaks, and where. */
export interface Finding {
  readonly layer?: string;
  readonly value: number;
  /** Another number for the sentence, such as what `value` is compared with. */
  readonly other?: number;
  /** What `value` is measured by, where the rule's threshold is a factor of another number. */
  readonly limit?: number;
}

/** A sentence in each language, made of what was found. */
type Sentence = Readonly<Record<Language, (found: Finding) => string>>;

export interface Rule {
  /** Which experiment of `tatami lab` explains it. */
  readonly topic: string;
  readonly severity: Severity;
  /** From which number on it speaks. */
  readonly threshold: number;
  find(data: Observations, threshold: number): readonly Finding[];
  readonly message: Sentence;
  readonly cure: Readonly<Record<Language, string>>;
}

const show = (value: number): string => String(Number(value.toPrecision(2)));
const percent = (share: number): string => `${Math.round(share * 100)}%`;

function typical(layer: LayerHistory, value: (s: StepStatistics) => number): number {
  return median(recent(layer.steps).map(value));
}

/** Length of a gradient as one vector: unlike its spread it does not depend on how many pixels share it. */
function gradientNorm(layer: LayerHistory): number {
  const elements = sizeOf(layer.shape);
  return typical(layer, (s) => Math.hypot(s.mean, s.std) * Math.sqrt(elements));
}

/** How long the gradient is at each layer beside that at the last one, which backward passes reach first. */
function gradientRatios([last, ...others]: readonly LayerHistory[]): { layer: string; ratio: number }[] {
  if (last === undefined) return [];
  const end = gradientNorm(last);
  return others
    .map((l) => ({ layer: l.layer, ratio: gradientNorm(l) / end }))
    .filter(({ ratio }) => !Number.isNaN(ratio));
}

/** Share of elements in [-Infinity, low) or above high, of a histogram; bins that are cut count in part. */
function shareOutside(s: StepStatistics, low: number, high: number): number {
  if (s.histogram === null) return 0;
  const { edges, counts } = s.histogram;
  let outside = 0;
  counts.forEach((count, i) => {
    const [from, to] = [edges[i] as number, edges[i + 1] as number];
    const inside = Math.max(0, Math.min(to, high) - Math.max(from, low));
    outside += count * (1 - inside / (to - from));
  });
  return (
    outside /
    Math.max(
      1,
      counts.reduce((a, b) => a + b, 0),
    )
  );
}

/** Where activations of a kind saturate: 3% from their ends. */
const saturating: Readonly<Record<string, readonly [number, number]>> = {
  Tanh: [-0.97, 0.97],
  Sigmoid: [0.03, 0.97],
};

/** Activations that are 0 on one side. */
const rectifying: ReadonlySet<string> = new Set(["ReLU", "ReLU6"]);

/** Weights rather than biases and scales, whose spread says little. */
const weights = (list: readonly UpdateHistory[]): readonly UpdateHistory[] =>
  list.filter((p) => p.shape.filter((s) => s > 1).length >= 2);

/**
 * Typical update of a weight beside its spread: in the first five recorded steps and in each quarter of the training.
 * The first count by themselves, since weights that were driven far out no longer look as if they moved fast. Quarters
 * of fewer than five records are not asked: Adam's very first step is larger than all others and says nothing of them.
 */
function updateSizes({ updateRatios = [] }: Observations): number[] {
  const steps = weights(updateRatios).map((p) => p.steps);
  const quarter = (k: number) => (list: readonly StepUpdate[]) =>
    list.slice((k * list.length) / 4, Math.ceil(((k + 1) * list.length) / 4));
  const first = (list: readonly StepUpdate[]): readonly StepUpdate[] => list.slice(0, 5);
  const whole = (list: readonly StepUpdate[]): readonly StepUpdate[] => list;
  const isLong = steps.every((list) => list.length >= 20);
  const parts = isLong ? [first, ...[0, 1, 2, 3].map(quarter)] : [first, whole];
  // 0 / 0 of weights that are all zero is left out.
  const middle = (values: readonly number[]): number => median(values.filter((r) => Number.isFinite(r)));
  return parts
    .map((part) => middle(steps.map((list) => middle(part(list).map((s) => s.ratio)))))
    .filter((value) => Number.isFinite(value));
}

/** The loss of each epoch: of training and validation, where both were measured. */
function epochLosses({ epochs = [] }: Observations): { train: number; validation: number }[] {
  return epochs.flatMap(({ train, validation }) =>
    train.loss === undefined || validation?.loss === undefined
      ? []
      : [{ train: train.loss, validation: validation.loss }],
  );
}

const all: Readonly<Record<string, Rule>> = {
  "non-finite": {
    topic: "gradients",
    severity: "error",
    threshold: 0,
    find: ({ activations = [], gradients = [], losses = [] }, threshold) => {
      const bad = [...activations, ...gradients].flatMap(({ layer, steps }) => {
        const first = steps.find((s) => s.nonFinite > threshold);
        return first === undefined ? [] : [{ layer, value: first.nonFinite, other: first.step }];
      });
      // The earliest step names the layer where it began; what follows from it would only repeat that.
      const [first] = bad.sort((a, b) => a.other - b.other);
      if (first !== undefined) return [first];
      const at = losses.findIndex((l) => !Number.isFinite(l));
      return at < 0 ? [] : [{ value: losses[at] as number, other: at + 1 }];
    },
    message: {
      en: ({ layer, value, other }) =>
        layer === undefined
          ? `The loss is ${value} at step ${other}.`
          : `${percent(value)} of the values of ${layer} are NaN or infinite, first at step ${other}.`,
      ja: ({ layer, value, other }) =>
        layer === undefined
          ? `ステップ ${other} で損失が ${value} になりました。`
          : `${layer} の値の ${percent(value)} が NaN または無限大です（最初はステップ ${other}）。`,
    },
    cure: {
      en: "Lower the learning rate, clip gradients with nn.utils.clipGradNorm_, and check the inputs for NaN.",
      ja: "学習率を下げ、nn.utils.clipGradNorm_ で勾配をクリッピングし、入力に NaN がないか確かめてください。",
    },
  },
  "vanishing-gradients": {
    topic: "gradients",
    severity: "error",
    // Healthy networks keep the length within a factor of about 30 (Glorot and Bengio, 2010, want it constant).
    threshold: 1e-3,
    find: ({ gradients = [] }, threshold) => {
      const silent = gradients[0];
      if (silent !== undefined && gradients.every((l) => gradientNorm(l) === 0))
        return [{ layer: silent.layer, value: 0 }];
      const least = gradientRatios(gradients).sort((a, b) => a.ratio - b.ratio)[0];
      return least !== undefined && least.ratio < threshold
        ? [{ layer: least.layer, value: least.ratio }]
        : [];
    },
    message: {
      en: ({ layer, value }) =>
        value === 0
          ? `No gradient reaches ${layer}: all of it is 0.`
          : `The gradient that reaches ${layer} is ${show(value)} times as long as at the output: it vanishes on its way back.`,
      ja: ({ layer, value }) =>
        value === 0
          ? `${layer} に勾配が届いていません。すべて 0 です。`
          : `${layer} に届く勾配の大きさは出力での ${show(value)} 倍しかありません。逆伝播の途中で消えています。`,
    },
    cure: {
      en: "Use ReLU or GELU in place of sigmoid or tanh, Kaiming initialisation, batch norm, or residual connections.",
      ja: "シグモイドや tanh の代わりに ReLU や GELU を使い、Kaiming 初期化、バッチ正規化、残差接続を試してください。",
    },
  },
  "exploding-gradients": {
    topic: "gradients",
    severity: "error",
    // As above, in the other direction.
    threshold: 1e3,
    find: ({ gradients = [] }, threshold) => {
      const most = gradientRatios(gradients).sort((a, b) => b.ratio - a.ratio)[0];
      return most !== undefined && most.ratio > threshold ? [{ layer: most.layer, value: most.ratio }] : [];
    },
    message: {
      en: ({ layer, value }) =>
        `The gradient that reaches ${layer} is ${show(value)} times as long as at the output: it explodes on its way back.`,
      ja: ({ layer, value }) =>
        `${layer} に届く勾配の大きさは出力での ${show(value)} 倍です。逆伝播の途中で爆発しています。`,
    },
    cure: {
      en: "Make the initial weights smaller (nn.init.kaimingNormal_), add normalisation, clip gradients.",
      ja: "初期の重みを小さくし（nn.init.kaimingNormal_）、正規化層を加え、勾配をクリッピングしてください。",
    },
  },
  "exploding-activations": {
    topic: "initialisation",
    severity: "error",
    // Initialisation aims at 1 for every layer (He et al., 2015); trained networks stay below about 20.
    threshold: 100,
    find: ({ activations = [] }, threshold) => {
      const found = activations
        .map(({ layer, steps }) => ({ layer, value: median(recent(steps).map((s) => s.std)) }))
        .filter(({ value }) => value > threshold);
      return found.slice(0, 1);
    },
    message: {
      en: ({ layer, value }) =>
        `Outputs of ${layer} spread by ${show(value)}; about 1 is usual. From here on values grow from layer to layer.`,
      ja: ({ layer, value }) =>
        `${layer} の出力の標準偏差が ${show(value)} です（通常は 1 前後）。ここから層ごとに値が大きくなります。`,
    },
    cure: {
      en: "Use an initialisation that keeps the spread (nn.init.kaimingNormal_, nn.init.lsuv_), or add batch norm.",
      ja: "分散を保つ初期化（nn.init.kaimingNormal_、nn.init.lsuv_）を使うか、バッチ正規化を加えてください。",
    },
  },
  "dead-units": {
    topic: "activations",
    severity: "warning",
    // A few dead channels are usual and harmless; from about half on the layer loses what it was made wide for.
    threshold: 0.5,
    find: ({ activations = [] }, threshold) =>
      activations
        .filter(({ type }) => rectifying.has(type))
        // A dead unit is zero in every step, so the least share bounds how many there are.
        .map(({ layer, steps }) => ({ layer, value: Math.min(...recent(steps).map((s) => s.dead)) }))
        .filter(({ value }) => value >= threshold),
    message: {
      en: ({ layer, value }) =>
        `${percent(value)} of the units of ${layer} are 0 for every sample: they are dead and get no gradient.`,
      ja: ({ layer, value }) =>
        `${layer} のユニットの ${percent(value)} は、どのサンプルに対しても 0 を出力しています。死んだ状態で、勾配が流れません。`,
    },
    cure: {
      en: "Lower the learning rate, use LeakyReLU, or initialise with nn.init.kaimingNormal_ and biases of 0.",
      ja: "学習率を下げるか、LeakyReLU を使うか、nn.init.kaimingNormal_ とバイアス 0 で初期化してください。",
    },
  },
  saturation: {
    topic: "activations",
    severity: "warning",
    // Within 3% of the ends the slope is below 6% (tanh) or 12% (sigmoid) of the steepest (Glorot and Bengio, 2010).
    threshold: 0.3,
    find: ({ activations = [] }, threshold) =>
      activations.flatMap((l) => {
        const ends = saturating[l.type];
        if (ends === undefined) return [];
        const value = typical(l, (s) => shareOutside(s, ...ends));
        return value > threshold ? [{ layer: l.layer, value }] : [];
      }),
    message: {
      en: ({ layer, value }) =>
        `${percent(value)} of the outputs of ${layer} lie at the ends of their range: there the slope is almost 0.`,
      ja: ({ layer, value }) =>
        `${layer} の出力の ${percent(value)} が値域の端にあります。そこでは傾きがほぼ 0 です。`,
    },
    cure: {
      en: "Make the weights smaller (nn.init.xavierNormal_), normalise before the activation, or use ReLU.",
      ja: "重みを小さくし（nn.init.xavierNormal_）、活性化の前で正規化するか、ReLU を使ってください。",
    },
  },
  "constant-outputs": {
    topic: "initialisation",
    severity: "error",
    // Units that start equal get equal gradients and stay equal (Goodfellow et al., 2016, section 8.4).
    threshold: 0,
    find: ({ activations = [] }, threshold) => {
      const found = activations.find(
        (l) => sizeOf(l.shape) > 1 && recent(l.steps).every((s) => s.std <= threshold),
      );
      return found === undefined ? [] : [{ layer: found.layer, value: found.steps.at(-1)?.mean ?? 0 }];
    },
    message: {
      en: ({ layer, value }) =>
        `All outputs of ${layer} are ${show(value)}, whatever the input: nothing passes.`,
      ja: ({ layer, value }) =>
        `入力に関係なく ${layer} の出力がすべて ${show(value)} です。何も伝わりません。`,
    },
    cure: {
      en: "Initialise the weights at random (nn.init.kaimingNormal_): equal weights get equal gradients and stay equal.",
      ja: "重みを乱数で初期化してください（nn.init.kaimingNormal_）。同じ重みは同じ勾配を受け、同じままです。",
    },
  },
  "learning-rate-too-high": {
    topic: "optimizers",
    severity: "error",
    // 1e-3 is usual (Karpathy, 2022), Adam's first steps reach some 1e-2; at 0.1 ten steps replace all weights.
    threshold: 0.1,
    find: (data, threshold) => {
      const value = Math.max(...updateSizes(data));
      // Batch norm bears steps of some 0.15 (Adam at 0.01): up to there the loss has a say. Beyond, weights are others
      // after six steps, and where a training went on it did so from where these have thrown it.
      return value > threshold && (value > 0.17 || !fallsAtOnce(data.losses ?? [])) ? [{ value }] : [];
    },
    message: {
      en: ({ value }) =>
        `A step changes the weights by ${show(value)} of their spread; about 0.001 is usual.`,
      ja: ({ value }) => `1 ステップで重みがその標準偏差の ${show(value)} 倍動きます（通常は 0.001 前後）。`,
    },
    cure: {
      en: "Lower the learning rate by a factor of 10, or look for it with train.lrFind.",
      ja: "学習率を 10 分の 1 に下げるか、train.lrFind で探してください。",
    },
  },
  "learning-rate-too-low": {
    topic: "optimizers",
    severity: "warning",
    // A hundredth of what is usual: training would take a hundred times as many steps.
    threshold: 1e-5,
    find: (data, threshold) => {
      const value = Math.max(...updateSizes(data));
      return value >= 0 && value < threshold ? [{ value }] : [];
    },
    message: {
      en: ({ value }) =>
        `A step changes the weights by only ${show(value)} of their spread; about 0.001 is usual.`,
      ja: ({ value }) =>
        `1 ステップで重みがその標準偏差の ${show(value)} 倍しか動きません（通常は 0.001 前後）。`,
    },
    cure: {
      en: "Raise the learning rate by a factor of 10 to 100, or look for it with train.lrFind.",
      ja: "学習率を 10 倍から 100 倍に上げるか、train.lrFind で探してください。",
    },
  },
  "loss-rises": {
    topic: "optimizers",
    severity: "error",
    // Noise of single batches is far smaller than a median that has grown by a half.
    threshold: 1.5,
    find: ({ losses = [] }, threshold) => {
      const finite = losses.filter((l) => Number.isFinite(l));
      if (finite.length < 10) return [];
      const [start, now] = [median(finite.slice(0, 3)), median(recent(finite))];
      const limit = threshold * start;
      return now > limit ? [{ value: now, other: start, limit }] : [];
    },
    message: {
      en: ({ value, other = 0 }) =>
        `The loss has risen from ${show(other)} to ${show(value)}: training diverges.`,
      ja: ({ value, other = 0 }) =>
        `損失が ${show(other)} から ${show(value)} に上がりました。学習が発散しています。`,
    },
    cure: {
      en: "Lower the learning rate by a factor of 10, warm it up, or clip gradients.",
      ja: "学習率を 10 分の 1 に下げるか、ウォームアップか勾配クリッピングを使ってください。",
    },
  },
  "initial-loss": {
    topic: "initialisation",
    severity: "error",
    // An untrained network should guess, at ln(classes) (Karpathy, 2022); default initialisations start within a fifth of it.
    threshold: 3,
    find: ({ losses: [first = 0] = [], classes }, threshold) => {
      if (classes === undefined) return [];
      const chance = Math.log(classes);
      const limit = threshold * chance;
      return Number.isFinite(first) && first > limit ? [{ value: first, other: chance, limit }] : [];
    },
    message: {
      en: ({ value, other = 0 }) =>
        `The first loss is ${show(value)} where guessing gives ${show(other)}: the untrained network is sure of wrong answers.`,
      ja: ({ value, other = 0 }) =>
        `最初の損失が ${show(value)} です（当てずっぽうでも ${show(other)}）。学習前のネットワークが誤った答えに確信を持っています。`,
    },
    cure: {
      en: "Make the initial weights smaller, those of the last layer above all (nn.init.kaimingNormal_, nn.init.lsuv_).",
      ja: "初期の重み、とくに最後の層の重みを小さくしてください（nn.init.kaimingNormal_、nn.init.lsuv_）。",
    },
  },
  "chance-level": {
    topic: "activations",
    severity: "error",
    // Guessing costs ln(classes). A small network may take some fifty steps to begin; one that has is below 98% of it.
    threshold: 0.98,
    find: ({ losses = [], classes }, threshold) => {
      if (classes === undefined || losses.length < 100) return [];
      const value = median(recent(losses));
      const chance = Math.log(classes);
      // Above guessing is another matter: predictions that are wrong and sure of it.
      const limit = threshold * chance;
      return value >= limit && value < 1.1 * chance ? [{ value, other: chance, limit }] : [];
    },
    message: {
      en: ({ value, other = 0 }) =>
        `The loss is ${show(value)}, no better than guessing: that gives ${show(other)}, the logarithm of the number of classes.`,
      ja: ({ value, other = 0 }) =>
        `損失は ${show(value)} で、当てずっぽうで答えたときの ${show(other)}（クラス数の対数）と変わりません。`,
    },
    cure: {
      en: "Check that labels belong to their images and gradients reach all layers; then change the learning rate.",
      ja: "ラベルと画像が対応しているか、勾配が全層に届くかを確かめ、それから学習率を変えてください。",
    },
  },
  overfitting: {
    topic: "regularisation",
    severity: "warning",
    // Validation loss that has risen by a tenth over its best while the training loss fell (Prechelt, 1998, uses 5 to 20%),
    // and by more than three times what it jumps from epoch to epoch: on few images one good epoch is no best.
    threshold: 1.1,
    find: (data, threshold) => {
      const losses = epochLosses(data);
      if (losses.length < 6) return [];
      const train = smoothed(losses.map((l) => l.train));
      const validation = smoothed(losses.map((l) => l.validation));
      const best = validation.indexOf(Math.min(...validation));
      const [value, other] = [validation.at(-1) as number, validation[best] as number];
      const limit = other * Math.max(threshold, Math.exp(3 * jumpsOf(losses.map((l) => l.validation))));
      const trained = train.at(-1) as number;
      return value > limit && trained < (train[best] as number) && value > trained
        ? [{ value, other, limit }]
        : [];
    },
    message: {
      en: ({ value, other = 0 }) =>
        `The validation loss has risen from ${show(other)} to ${show(value)} while the training loss fell.`,
      ja: ({ value, other = 0 }) =>
        `訓練損失が下がる一方で、検証損失は ${show(other)} から ${show(value)} に上がりました。`,
    },
    cure: {
      en: "Stop earlier (train.EarlyStopping), augment the data, add dropout or weight decay, or get more data.",
      ja: "早めに止め（train.EarlyStopping）、データ拡張、ドロップアウト、重み減衰を加えるか、データを増やしてください。",
    },
  },
  "tiny-batches": {
    topic: "normalisation",
    severity: "warning",
    // Below 8 images the error of batch norm grows quickly (Wu and He, 2018, figure 1).
    threshold: 8,
    find: ({ activations = [] }, threshold) => {
      const found = activations.find(
        ({ type, shape }) => type.startsWith("BatchNorm") && (shape[0] ?? threshold) < threshold,
      );
      return found === undefined ? [] : [{ layer: found.layer, value: found.shape[0] as number }];
    },
    message: {
      en: ({ layer, value }) =>
        `${layer} takes its mean and variance from batches of ${value}: from so few samples they are noise.`,
      ja: ({ layer, value }) =>
        `${layer} は ${value} 枚のバッチから平均と分散を求めています。少なすぎて、値がノイズになります。`,
    },
    cure: {
      en: "Use batches of 16 or more, or nn.GroupNorm, which does not depend on the batch.",
      ja: "バッチサイズを 16 以上にするか、バッチに依存しない nn.GroupNorm を使ってください。",
    },
  },
};

/** All rules by name, in the order in which they are asked. */
export const rules: ReadonlyMap<string, Rule> = new Map(Object.entries(all));
