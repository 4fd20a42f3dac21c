import { data, F, manualSeed, nn, optim, train } from "tatamijs";
import { experiment, type Series } from "tatamijs/lab";

export default experiment({
  title: { en: "Overfitting, L2 and dropout", ja: "過学習、L2 正則化、ドロップアウト" },
  question: {
    en: "A large network and 1,000 images: what do weight decay and dropout change?",
    ja: "大きなネットワークと 1,000 枚の画像。重み減衰とドロップアウトは何を変えるのか。",
  },
  async run(lab) {
    const { channels, height, width } = lab.images;
    const settings = {
      none: { weightDecay: 0, p: 0 },
      L2: { weightDecay: 3e-3, p: 0 },
      dropout: { weightDecay: 0, p: 0.5 },
      both: { weightDecay: 3e-3, p: 0.5 },
    };
    const training = new data.DataLoader(lab.train(1000), { batchSize: 50, shuffle: true });
    const validation = new data.DataLoader(lab.test(500), { batchSize: 250 });
    const loss = F.crossEntropy;
    const curves: Series[] = [];
    const rows: [string, number, number, number][] = [];
    for (const [name, { weightDecay, p }] of Object.entries(settings)) {
      lab.progress(name);
      manualSeed(0);
      const model = new nn.Sequential(
        new nn.Flatten(),
        new nn.Linear(channels * height * width, 256),
        new nn.ReLU(),
        new nn.Dropout({ p }),
        new nn.Linear(256, 256),
        new nn.ReLU(),
        new nn.Dropout({ p }),
        new nn.Linear(256, 10),
      );
      const optimizer = new optim.Adam(model.parameters(), { lr: 2e-3, weightDecay });
      const metrics = { accuracy: train.accuracy };
      const trained: [epoch: number, loss: number][] = [];
      const validated: [epoch: number, loss: number][] = [];
      for (let epoch = 1; epoch <= 40; epoch++) {
        const until = { epochs: epoch, startEpoch: epoch - 1 };
        await train.fit(model, { loader: training, loss, optimizer, ...until });
        // Both with dropout off, so that the two losses compare.
        trained.push([epoch, (await train.evaluate(model, { loader: training, loss })).loss]);
        validated.push([epoch, (await train.evaluate(model, { loader: validation, loss })).loss]);
      }
      const { accuracy = 0 } = await train.evaluate(model, { loader: validation, loss, metrics });
      rows.push([name, trained.at(-1)?.[1] ?? 0, validated.at(-1)?.[1] ?? 0, accuracy]);
      curves.push({ label: `${name}, validation`, points: validated });
      curves.push({ label: `${name}, training`, points: trained, style: "dashed" });
    }
    lab.curves("Loss over the epochs", { x: "epoch", y: "loss", logY: true, series: curves });
    lab.table("After 40 epochs", ["", "training loss", "validation loss", "accuracy"], rows);
    const [none, l2, dropout, both] = rows.map((row) => row[2] / row[1]) as [number, number, number, number];
    const validationLoss = Object.fromEntries(rows.map((row) => [`${row[0]} loss`, row[2]]));
    const [noneLoss, l2Loss, dropoutLoss, bothLoss] = rows.map((row) => row[2].toFixed(2));
    return {
      see: {
        en:
          `The validation loss ends at ${noneLoss} without regularisation, ${l2Loss} with L2, ${dropoutLoss} with dropout and ${bothLoss} with both: ` +
          `${none.toFixed(0)}, ${l2.toFixed(1)}, ${dropout.toFixed(0)} and ${both.toFixed(1)} times the training loss.`,
        ja:
          `最後の検証損失は、正則化なし ${noneLoss}、L2 ${l2Loss}、ドロップアウト ${dropoutLoss}、両方 ${bothLoss}。` +
          `訓練損失のそれぞれ ${none.toFixed(0)} 倍、${l2.toFixed(1)} 倍、${dropout.toFixed(0)} 倍、${both.toFixed(1)} 倍である。`,
      },
      values: { none, l2, dropout, both, ...validationLoss },
    };
  },
});
