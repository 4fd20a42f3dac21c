import { data, F, inspect, manualSeed, nn, optim, type Tensor, tensor, train } from "tatamijs";
import { experiment, inLanguage, percent } from "tatamijs/lab";

/** Learning rates of a network that collapses, and of the same with one cure at a time. */
const rates = {
  collapsing: 0.1,
  "lower learning rate": 0.003,
  "Kaiming init": 0.1,
  LeakyReLU: 0.1,
  "batch norm": 0.1,
};

function makeNet(channels: number, cure: string) {
  const layers = [channels, 16, 32, 32].flatMap((inside, i) => {
    const width = i === 0 ? 16 : 32;
    const conv = new nn.Conv2d(inside, width, 3, { padding: 1, stride: i === 0 || i === 3 ? 1 : 2 });
    if (cure === "Kaiming init") nn.init.kaimingNormal_(conv.weight, { nonlinearity: "relu" });
    const norm = cure === "batch norm" ? [new nn.BatchNorm2d(width)] : [];
    return [conv, ...norm, cure === "LeakyReLU" ? new nn.LeakyReLU({ negativeSlope: 0.1 }) : new nn.ReLU()];
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
    const loss = F.crossEntropy;
    const test = new data.DataLoader(lab.test(360), { batchSize: 180 });
    const layers = (_: string, module: nn.Module) =>
      module instanceof nn.ReLU || module instanceof nn.LeakyReLU;
    const rows: [string, number, number, number, number][] = [];
    for (const [name, lr] of Object.entries(rates)) {
      lab.progress(name);
      const ja = inLanguage(name, "ja");
      manualSeed(0);
      const model = makeNet(lab.images.channels, name);
      const stats = new inspect.ActivationStats(model, { layers, range: [-2, 8] });
      const loader = new data.DataLoader(lab.train(1000), { batchSize: 50, shuffle: true });
      const optimizer = new optim.Adam(model.parameters(), { lr });
      await train.fit(model, { loader, loss, optimizer, epochs: 8 });
      const history = await stats.history();
      stats.remove();
      const title = { en: `Standard deviation: ${name}`, ja: `標準偏差: ${ja}` };
      const label = (i: number) => `ReLU ${i + 1}`;
      const series = history.map(({ steps }, i) => ({ label: label(i), points: steps.map((s) => s.std) }));
      lab.curves(title, { x: "step", y: "std of the activations", yRange: [0, 4], series });
      // Steps from left to right, values from bottom to top; bright: many activations have this value.
      const strips = history.map(({ steps }, i): { label: string; image: Tensor; colours: "heat" } => {
        const counts = tensor(steps.map((s) => [...(s.histogram?.counts ?? [])]));
        return { label: label(i), image: counts.log1p().t().flip([0]), colours: "heat" };
      });
      const over = { en: `Histograms over the steps: ${name}`, ja: `ステップごとのヒストグラム: ${ja}` };
      await lab.pictures(over, strips);
      const [first, last] = [history[0]?.steps.at(-1), history.at(-1)?.steps.at(-1)];
      const metrics = { accuracy: train.accuracy };
      const { accuracy = 0 } = await train.evaluate(model, { loader: test, loss, metrics });
      rows.push([name, first?.std ?? 0, last?.std ?? 0, last?.zeros ?? 0, accuracy]);
    }
    const header = ["", "std, first ReLU", "std, last ReLU", "zeros, last ReLU", "accuracy"];
    lab.table("After 160 steps", header, rows);
    const [[, , , zeros, collapsed], ...cures] = rows as [(typeof rows)[0], ...typeof rows];
    const [cure, , , left, best] = cures.reduce((a, b) => (b[4] > a[4] ? b : a));
    const share = (value: number) => percent(value, 0);
    return {
      see: {
        en:
          `In the collapsing network ${share(zeros)} of the last activations are zero and ${share(collapsed)} of the test images ` +
          `are right; the best cure, ${cure}, brings ${share(best)} (zeros ${share(left)}).`,
        ja:
          `崩壊したネットワークでは最後の活性の ${share(zeros)} が 0 で、正解率は ${share(collapsed)}。` +
          `最も効いた対策は${inLanguage(cure, "ja")}で、正解率 ${share(best)}（0 の割合 ${share(left)}）。`,
      },
      values: { collapsed, zeros, best },
    };
  },
});
