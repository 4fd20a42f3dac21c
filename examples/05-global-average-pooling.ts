import { data, F, inspect, manualSeed, nn, optim, type Tensor, train } from "tatamijs";
import { experiment, percent } from "tatamijs/lab";

const at = (x: Tensor, size: number) => F.interpolate(x, { size: [size, size], mode: "bilinear" });

export default experiment({
  title: { en: "Global average pooling", ja: "大域平均プーリング" },
  question: {
    en: "A network whose last convolution has a channel for each class needs no linear layer. Does it take images of other sizes than those it was trained on?",
    ja: "最後の畳み込みのチャネル数をクラス数にすれば、全結合層はいらない。学習時と違う大きさの画像も扱えるのか。",
  },
  async run(lab) {
    manualSeed(0);
    const block = (inside: number, outside: number, stride: number) => [
      new nn.Conv2d(inside, outside, 5, { padding: 2, stride }),
      new nn.BatchNorm2d(outside),
      new nn.ReLU(),
    ];
    const model = new nn.Sequential(
      ...block(lab.images.channels, 16, 2),
      ...block(16, 32, 2),
      ...block(32, 64, 1),
      new nn.Conv2d(64, 10, 3, { padding: 1 }), // as many channels as classes
      new nn.GlobalAvgPool2d(), // (N, 10, H, W) -> (N, 10), whatever H and W are
    );
    const loader = new data.DataLoader(lab.train(1000), { batchSize: 50, shuffle: true });
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.003 });
    for (let epoch = 0; epoch < 4; epoch++) {
      lab.progress(`epoch ${epoch + 1} of 4`);
      for await (const [x, y] of loader) {
        optimizer.zeroGrad();
        F.crossEntropy(model(at(x, 28)), y).backward();
        await optimizer.step();
      }
    }
    model.eval();
    const test = new data.DataLoader(lab.test(360), { batchSize: 90 });
    const sizes = [20, 28, 40, 56];
    const accuracies: number[] = [];
    for (const size of sizes) {
      let right = 0;
      for await (const [x, y] of test) right += await train.accuracy(model(at(x, size)), y).item();
      accuracies.push(right / 360);
    }
    lab.table(
      "Trained at 28x28, tested at other sizes",
      ["size", "accuracy"],
      sizes.map((size, i) => [`${size}x${size}`, accuracies[i] ?? 0]),
    );
    lab.curves("Accuracy over the size of the images", {
      x: "size",
      y: "accuracy",
      series: [{ label: "28x28", points: sizes.map((s, i) => [s, accuracies[i] ?? 0] as const) }],
    });

    // The channel of the predicted class, before it is averaged, shows where the network saw it.
    const [images] = await lab.batch(6);
    const { "9": maps } = inspect.featureMaps(model, at(images, 28), "9");
    const classes = (await model(at(images, 28)).argmax(1).array()) as number[];
    const pictures = classes.flatMap((label, i) => [
      { label: "image", image: images.select(0, i) },
      {
        label: lab.images.classes[label] ?? "",
        image: at(maps as Tensor, 28)
          .select(0, i)
          .select(0, label),
        colours: "signed" as const,
      },
    ]);
    await lab.pictures("Class activation maps", pictures);
    const [small = 0, trained = 0, larger = 0, large = 0] = accuracies;
    return {
      see: {
        en: `Trained at 28x28 (${percent(trained)} right), the same weights get ${percent(small)} at 20, ${percent(larger)} at 40 and ${percent(large)} at 56 pixels.`,
        ja: `28x28 で学習した同じ重みの正解率は、28 で ${percent(trained)}、20 で ${percent(small)}、40 で ${percent(larger)}、56 で ${percent(large)}。`,
      },
      values: { small, trained, larger, large },
    };
  },
});
