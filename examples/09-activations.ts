import { data, F, inspect, manualSeed, nn, optim, type Tensor, tensor, train } from "tatamijs";
import { experiment } from "tatamijs/lab";

interface Recipe {
  readonly lr: number;
  readonly init?: boolean;
  readonly batchNorm?: boolean;
  readonly leaky?: boolean;
}

/** A network that collapses, and one cure at a time. */
const recipes: Record<string, Recipe> = {
  collapsing: { lr: 0.1 },
  "lower learning rate": { lr: 0.003 },
  "Kaiming init": { lr: 0.1, init: true },
  LeakyReLU: { lr: 0.1, leaky: true },
  "batch norm": { lr: 0.1, batchNorm: true },
};

function makeNet(channels: number, { init, batchNorm, leaky }: Recipe) {
  const widths = [channels, 16, 32, 32, 32];
  const layers = widths.slice(1).flatMap((width, i) => {
    const conv = new nn.Conv2d(widths[i] ?? 1, width, 3, { padding: 1, stride: i === 0 || i === 3 ? 1 : 2 });
    if (init) nn.init.kaimingNormal_(conv.weight, { nonlinearity: "relu" });
    return [
      conv,
      ...(batchNorm ? [new nn.BatchNorm2d(width)] : []),
      leaky ? new nn.LeakyReLU({ negativeSlope: 0.1 }) : new nn.ReLU(),
    ];
  });
  return new nn.Sequential(...layers, new nn.GlobalAvgPool2d(), new nn.Linear(32, 10));
}

export default experiment({
  title: { en: "Distribution of activations over training", ja: "学習中の活性の分布" },
  question: {
    en: "When a network does not learn, what do its activations look like, and which cure brings them back?",
    ja: "学習が進まないとき、活性はどうなっているのか。どの対策で元に戻るのか。",
  },
  async run(lab) {
    const rows: [string, number, number, number, number][] = [];
    for (const [name, recipe] of Object.entries(recipes)) {
      lab.progress(name);
      manualSeed(0);
      const model = makeNet(lab.images.channels, recipe);
      const isActivation = (_: string, module: nn.Module) =>
        module instanceof nn.ReLU || module instanceof nn.LeakyReLU;
      const stats = new inspect.ActivationStats(model, { layers: isActivation, range: [-2, 8] });
      const loader = new data.DataLoader(lab.train(1000), { batchSize: 50, shuffle: true });
      const optimizer = new optim.Adam(model.parameters(), { lr: recipe.lr });
      await train.fit(model, { loader, loss: F.crossEntropy, optimizer, epochs: 8 });
      const history = await stats.history();
      stats.remove();
      lab.curves(
        { en: `Standard deviation: ${name}`, ja: `標準偏差: ${name}` },
        {
          x: "step",
          y: "std of the activations",
          yRange: [0, 4],
          series: history.map(({ steps }, i) => ({
            label: `ReLU ${i + 1}`,
            points: steps.map((s) => s.std),
          })),
        },
      );
      // Steps from left to right, values from bottom to top; bright: many activations have this value.
      const strips = history.map(({ steps }, i): { label: string; image: Tensor; colours: "heat" } => {
        const columns = steps.map((s) => s.histogram?.counts ?? []);
        const image = tensor(columns.map((counts) => counts.map((count) => Math.log1p(count))));
        return { label: `ReLU ${i + 1}`, image: image.t().flip([0]), colours: "heat" };
      });
      await lab.pictures(
        { en: `Histograms over the steps: ${name}`, ja: `ステップごとのヒストグラム: ${name}` },
        strips,
      );
      const [first, last] = [history[0]?.steps.at(-1), history.at(-1)?.steps.at(-1)];
      const test = new data.DataLoader(lab.test(360), { batchSize: 180 });
      const { accuracy = 0 } = await train.evaluate(model, {
        loader: test,
        loss: F.crossEntropy,
        metrics: { accuracy: train.accuracy },
      });
      rows.push([name, first?.std ?? 0, last?.std ?? 0, last?.zeros ?? 0, accuracy]);
    }
    lab.table(
      "After 160 steps",
      ["", "std, first ReLU", "std, last ReLU", "zeros, last ReLU", "accuracy"],
      rows,
    );
    const [collapsing, ...cures] = rows;
    const best = cures.reduce((a, b) => (b[4] > a[4] ? b : a));
    const broken = collapsing ?? best;
    const percent = (share: number) => `${(100 * share).toFixed(0)}%`;
    return {
      see: {
        en:
          `In the collapsing network ${percent(broken[3])} of the last activations are zero and ${percent(broken[4])} of the test images are right; ` +
          `the best cure, ${best[0]}, brings ${percent(best[4])} (zeros ${percent(best[3])}).`,
        ja:
          `崩壊したネットワークでは最後の活性の ${percent(broken[3])} が 0 で、正解率は ${percent(broken[4])}。最も効いた対策は ${best[0]} で、` +
          `正解率 ${percent(best[4])}（0 の割合 ${percent(best[3])}）。`,
      },
      values: { collapsed: broken[4], zeros: broken[3], best: best[4] },
    };
  },
});
