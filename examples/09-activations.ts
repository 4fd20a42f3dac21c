import { data, F, inspect, manualSeed, nn, optim, type Tensor, tensor, train } from "tatamijs";
import { experiment, inLanguage, percent } from "tatamijs/lab";

/** A network that collapses at a learning rate of 0.1, and one cure at a time. */
const nets = ["collapsing", "lower learning rate", "Kaiming init", "LeakyReLU", "batch norm"];

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
    const [loss, metrics] = [F.crossEntropy, { accuracy: train.accuracy }];
    const test = new data.DataLoader(lab.test(360), { batchSize: 180 });
    const layers = (_: string, layer: nn.Module) => layer instanceof nn.ReLU || layer instanceof nn.LeakyReLU;
    const rows: [string, number, number, number, number][] = [];
    for (const name of nets) {
      lab.progress(name);
      const lr = name === "lower learning rate" ? 0.003 : 0.1;
      const ja = inLanguage(name, "ja");
      manualSeed(0);
      const model = makeNet(lab.images.channels, name);
      const stats = new inspect.ActivationStats(model, { layers, range: [-2, 8] });
      const loader = new data.DataLoader(lab.train(1000), { batchSize: 50, shuffle: true });
      const optimizer = new optim.Adam(model.parameters(), { lr });
      await train.fit(model, { loader, loss, optimizer, epochs: 8 });
      const history = await stats.history();
      stats.remove();
      const label = (i: number) => `ReLU ${i + 1}`;
      const series = history.map(({ steps }, i) => ({ label: label(i), points: steps.map((s) => s.std) }));
      const axes = { x: "step", y: "std of the activations", yRange: [0, 4] as const };
      lab.curves({ en: `Standard deviation: ${name}`, ja: `標準偏差: ${ja}` }, { ...axes, series });
      // Steps from left to right, values from bottom to top; bright: many activations have this value.
      const strips = history.map(({ steps }, i): { label: string; image: Tensor; colours: "heat" } => {
        const counts = tensor(steps.map((s) => [...(s.histogram?.counts ?? [])]));
        return { label: label(i), image: counts.log1p().t().flip([0]), colours: "heat" };
      });
      const over = { en: `Histograms over the steps: ${name}`, ja: `ステップごとのヒストグラム: ${ja}` };
      await lab.pictures(over, strips);
      const [first, last] = [history[0], history.at(-1)].map((layer) => layer?.steps.at(-1));
      const { accuracy = 0 } = await train.evaluate(model, { loader: test, loss, metrics });
      rows.push([name, first?.std ?? 0, last?.std ?? 0, last?.zeros ?? 0, accuracy]);
    }
    lab.table(
      "After 160 steps",
      ["", "std, first ReLU", "std, last ReLU", "zeros, last ReLU", "accuracy"],
      rows,
    );
    const [[, , , zeros, collapsed], ...cures] = rows as [(typeof rows)[0], ...typeof rows];
    const best = Math.max(...cures.map((row) => row[4]));
    const names = (list: typeof rows, language: "en" | "ja") =>
      list.map(([n]) => inLanguage(n, language)).join(", ");
    const cured = cures.filter((row) => row[4] > 0.5);
    const ill = cures.filter((row) => row[4] <= 0.5);
    return {
      see: {
        en:
          `In the collapsing network ${percent(zeros, 0)} of the last activations are zero and ${percent(collapsed, 0)} of the images are right. ` +
          `What brings it back (best: ${percent(best, 0)}): ${names(cured, "en")}; what alone does not: ${names(ill, "en")}.`,
        ja:
          `崩壊したネットワークでは最後の活性の ${percent(zeros, 0)} が 0 で、正解率は ${percent(collapsed, 0)}。` +
          `元に戻す対策（最高 ${percent(best, 0)}）: ${names(cured, "ja")}。それだけでは戻らない対策: ${names(ill, "ja")}。`,
      },
      values: { collapsed, zeros, best },
    };
  },
});
