import { data, F, inspect, manualSeed, nn, optim, type Tensor, train, zeros } from "tatamijs";
import { experiment, percent } from "tatamijs/lab";

export default experiment({
  title: { en: "A convolutional network", ja: "CNN を組み立てる" },
  question: {
    en: "With the parameters of a fully connected network, is a convolutional one better, and how about shifted images?",
    ja: "パラメータ数が同じなら、CNN は全結合ネットワークより良いのか。画像をずらしたときはどうか。",
  },
  async run(lab) {
    manualSeed(0);
    const { channels, height, width } = lab.images;
    const features = 32 * Math.floor(height / 2) * Math.floor(width / 2);
    const makeCnn = (inFeatures: number) =>
      new nn.Sequential(
        new nn.Conv2d(channels, 16, 3, { padding: 1 }),
        new nn.ReLU(),
        new nn.Conv2d(16, 32, 3, { padding: 1 }),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Flatten(), // the last feature map becomes one long row for the linear layer
        new nn.Linear(inFeatures, 10),
      );
    const cnn = makeCnn(features);
    const { layers, parameters } = inspect.summary(cnn, [1, channels, height, width]);
    lab.table(
      "The convolutional network",
      ["layer", "output", "parameters", "FLOPs"],
      layers.map((l) => [l.type, `[${l.outputShape.join(", ")}]`, l.parameters, l.flops]),
    );
    try {
      makeCnn(100)(zeros([1, channels, height, width]));
    } catch (error) {
      const { message } = error as Error;
      lab.note({ en: `A wrong size is refused: ${message}`, ja: `大きさを間違えたときのエラー: ${message}` });
    }

    // (inputs + 1) h + (h + 1) 10 parameters: as many as the convolutional network has
    const inputs = channels * height * width;
    const hidden = Math.round((parameters - 10) / (inputs + 11));
    const mlp = new nn.Sequential(
      new nn.Flatten(),
      new nn.Linear(inputs, hidden),
      new nn.ReLU(),
      new nn.Linear(hidden, 10),
    );
    const rows: [string, number, number, number][] = [];
    for (const [name, model] of [
      ["CNN", cnn],
      ["MLP", mlp],
    ] as const) {
      lab.progress(name);
      const loader = new data.DataLoader(lab.train(1000), { batchSize: 25, shuffle: true });
      const optimizer = new optim.Adam(model.parameters(), { lr: 3e-3 });
      await train.fit(model, { loader, loss: F.crossEntropy, optimizer, epochs: 10 });
      const [x, y] = await lab.batch(360);
      const share = (images: Tensor) => model.eval()(images).argmax(1).eq(y).to("float32").mean().item();
      const count = model.parameters().reduce((sum, p) => sum + p.numel(), 0);
      rows.push([name, count, await share(x), await share(x.roll(1, 3))]);
    }
    lab.table("Accuracy on 360 test images", ["", "parameters", "as they are", "shifted by a pixel"], rows);
    lab.bars("Accuracy on 360 test images", {
      categories: ["as they are", "shifted by a pixel"],
      y: "accuracy",
      series: rows.map(([label, , ...values]) => ({ label, values })),
    });
    const [[, , plain, shifted], [, , mlpPlain, mlpShifted]] = rows as [(typeof rows)[0], (typeof rows)[0]];
    return {
      see: {
        en:
          `With about ${parameters} parameters each, the CNN gets ${percent(plain)} right and the MLP ${percent(mlpPlain)}; of images ` +
          `shifted by one pixel ${percent(shifted)} against ${percent(mlpShifted)}.`,
        ja:
          `パラメータ数を約 ${parameters} にそろえると正解率は CNN ${percent(plain)}、MLP ${percent(mlpPlain)}。1 ピクセルずらすと ` +
          `${percent(shifted)} 対 ${percent(mlpShifted)} になる。`,
      },
      values: { plain, mlpPlain, shifted, mlpShifted },
    };
  },
});
