import { data, F, manualSeed, nn, optim, train } from "tatamijs";
import { experiment } from "tatamijs/lab";

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
    const curves: { label: string; points: number[]; style: "line" | "dashed" }[] = [];
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
      const trained: number[] = [];
      const validated: number[] = [];
      for (let epoch = 1; epoch <= 40; epoch++) {
        const options = {
          loader: training,
          loss: F.crossEntropy,
          optimizer,
          epochs: epoch,
          startEpoch: epoch - 1,
        };
        await train.fit(model, options);
        // Both with dropout off, so that the two losses compare.
        trained.push((await train.evaluate(model, { loader: training, loss: F.crossEntropy })).loss);
        validated.push((await train.evaluate(model, { loader: validation, loss: F.crossEntropy })).loss);
      }
      const { accuracy = 0 } = await train.evaluate(model, {
        loader: validation,
        loss: F.crossEntropy,
        metrics,
      });
      const [loss = 0, validationLoss = 0] = [trained.at(-1), validated.at(-1)];
      rows.push([name, loss, validationLoss, accuracy]);
      curves.push({ label: `${name}, training`, points: trained, style: "dashed" });
      curves.push({ label: `${name}, validation`, points: validated, style: "line" });
    }
    lab.curves("Loss over the epochs", { x: "epoch", y: "loss", logY: true, series: curves });
    lab.table("After 40 epochs", ["", "training loss", "validation loss", "accuracy"], rows);
    const gap = (row?: (typeof rows)[0]) => (row === undefined ? 0 : row[2] / row[1]);
    const [none, l2, dropout, both] = rows.map(gap) as [number, number, number, number];
    return {
      see: {
        en:
          `Without regularisation the validation loss is ${none.toFixed(0)} times the training loss; with L2 ${l2.toFixed(1)} times, with dropout ` +
          `${dropout.toFixed(0)} times, with both ${both.toFixed(1)} times.`,
        ja:
          `正則化なしでは検証損失は訓練損失の ${none.toFixed(0)} 倍。L2 で ${l2.toFixed(1)} 倍、ドロップアウトで ${dropout.toFixed(0)} 倍、両方で ` +
          `${both.toFixed(1)} 倍になる。`,
      },
      values: { none, l2, dropout, both },
    };
  },
});
