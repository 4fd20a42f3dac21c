import { data, F, manualSeed, nn, optim, train } from "tatamijs";
import { experiment, percent } from "tatamijs/lab";

type Norm = "none" | "batch norm" | "layer norm";

/** Four convolutions; without normalisation each one changes the distribution that the next one sees. */
function makeNet(
  { channels, height, width }: { channels: number; height: number; width: number },
  norm: Norm,
) {
  const block = (inside: number) => [
    new nn.Conv2d(inside, 16, 3, { padding: 1 }),
    ...(norm === "batch norm" ? [new nn.BatchNorm2d(16)] : []),
    // One group over all channels: layer normalisation of a feature map.
    ...(norm === "layer norm" ? [new nn.GroupNorm(1, 16)] : []),
    new nn.ReLU(),
  ];
  const features = 16 * Math.floor(height / 2) * Math.floor(width / 2);
  const head = [new nn.MaxPool2d(2), new nn.Flatten(), new nn.Linear(features, 10)];
  return new nn.Sequential(...block(channels), ...block(16), ...block(16), ...block(16), ...head);
}

export default experiment({
  title: { en: "Batch and layer normalisation", ja: "バッチ正規化とレイヤー正規化" },
  question: {
    en: "The same network without normalisation, with batch and with layer normalisation: which learning rates work, and with two images a batch?",
    ja: "正規化なし、バッチ正規化、レイヤー正規化。どの学習率で学べるか。最小の学習率でバッチが 2 枚のときはどうか。",
  },
  async run(lab) {
    const runs = [
      { lr: 0.001, batchSize: 32 },
      { lr: 0.01, batchSize: 32 },
      { lr: 0.1, batchSize: 32 },
      { lr: 0.001, batchSize: 2 },
    ];
    const norms: Norm[] = ["none", "batch norm", "layer norm"];
    const validation = new data.DataLoader(lab.test(360), { batchSize: 180 });
    const measured = { loader: validation, loss: F.crossEntropy, metrics: { accuracy: train.accuracy } };
    const table: number[][] = [];
    for (const { lr, batchSize } of runs) {
      const accuracies: number[] = [];
      for (const norm of norms) {
        lab.progress(`lr ${lr}, batch ${batchSize}, ${norm}`);
        manualSeed(0);
        const model = makeNet(lab.images, norm);
        const loader = new data.DataLoader(lab.train(512), { batchSize, shuffle: true });
        const optimizer = new optim.SGD(model.parameters(), { lr, momentum: 0.9 });
        await train.fit(model, { loader, loss: F.crossEntropy, optimizer, epochs: batchSize === 2 ? 2 : 6 });
        const { accuracy = 0 } = await train.evaluate(model, measured);
        accuracies.push(accuracy);
      }
      table.push(accuracies);
    }
    const names = runs.map(({ lr, batchSize }) => `lr ${lr}, batch ${batchSize}`);
    lab.table(
      "Accuracy after training",
      ["", ...norms],
      names.map((name, i) => [name, ...(table[i] ?? [])]),
    );
    lab.bars("Accuracy after training", {
      categories: names,
      y: "accuracy",
      series: norms.map((label, n) => ({ label, values: table.map((row) => row[n] ?? 0) })),
    });
    const column = (n: number) => table.slice(0, 3).reduce((sum, row) => sum + (row[n] ?? 0), 0) / 3;
    const [none, batch, layer] = [column(0), column(1), column(2)];
    const [, smallBatch = 0, smallLayer = 0] = table[3] ?? [];
    return {
      see: {
        en:
          `Over three learning rates the mean accuracy is ${percent(none, 0)} without, ${percent(batch, 0)} with batch and ${percent(layer, 0)} with layer ` +
          `normalisation; with two images a batch and the lowest rate, batch normalisation gets ${percent(smallBatch, 0)}, layer normalisation ${percent(smallLayer, 0)}.`,
        ja:
          `三つの学習率での平均正解率は、正規化なし ${percent(none, 0)}、バッチ正規化 ${percent(batch, 0)}、レイヤー正規化 ${percent(layer, 0)}。` +
          `最小の学習率でバッチが 2 枚のときはバッチ正規化 ${percent(smallBatch, 0)}、レイヤー正規化 ${percent(smallLayer, 0)}。`,
      },
      values: { none, batch, layer, smallBatch, smallLayer },
    };
  },
});
