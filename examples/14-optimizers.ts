import { data, F, manualSeed, nn, optim, train } from "tatamijs";
import { experiment } from "tatamijs/lab";

type Params = ReturnType<nn.Module["parameters"]>;

/** Every optimizer with three learning rates around the one that it is used with. */
const optimizers: Record<
  string,
  { make: (params: Params, lr: number) => train.TrainingOptimizer; lrs: number[] }
> = {
  SGD: { make: (p, lr) => new optim.SGD(p, { lr }), lrs: [0.01, 0.1, 1] },
  "SGD, momentum 0.9": { make: (p, lr) => new optim.SGD(p, { lr, momentum: 0.9 }), lrs: [0.001, 0.01, 0.1] },
  Nesterov: {
    make: (p, lr) => new optim.SGD(p, { lr, momentum: 0.9, nesterov: true }),
    lrs: [0.001, 0.01, 0.1],
  },
  Adagrad: { make: (p, lr) => new optim.Adagrad(p, { lr }), lrs: [0.001, 0.01, 0.1] },
  RMSprop: { make: (p, lr) => new optim.RMSprop(p, { lr }), lrs: [1e-4, 1e-3, 1e-2] },
  Adadelta: { make: (p, lr) => new optim.Adadelta(p, { lr }), lrs: [0.1, 1, 10] },
  Adam: { make: (p, lr) => new optim.Adam(p, { lr }), lrs: [1e-4, 1e-3, 1e-2] },
  AdamW: { make: (p, lr) => new optim.AdamW(p, { lr }), lrs: [1e-4, 1e-3, 1e-2] },
  Adamax: { make: (p, lr) => new optim.Adamax(p, { lr }), lrs: [2e-4, 2e-3, 2e-2] },
  NAdam: { make: (p, lr) => new optim.NAdam(p, { lr }), lrs: [2e-4, 2e-3, 2e-2] },
  RAdam: { make: (p, lr) => new optim.RAdam(p, { lr }), lrs: [1e-4, 1e-3, 1e-2] },
  Lion: { make: (p, lr) => new optim.Lion(p, { lr }), lrs: [1e-5, 1e-4, 1e-3] },
};

export default experiment({
  title: { en: "RMSProp, Adam and the rest", ja: "RMSProp、Adam とその仲間" },
  question: {
    en: "The same network and images with every optimizer at three learning rates: which losses are reached?",
    ja: "同じネットワークと画像を、すべての最適化手法と三つの学習率で学習する。損失はどこまで下がるか。",
  },
  async run(lab) {
    const { channels, height, width } = lab.images;
    const makeModel = () => {
      manualSeed(0);
      return new nn.Sequential(
        new nn.Conv2d(channels, 8, 3, { padding: 1 }),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Flatten(),
        new nn.Linear(8 * Math.floor(height / 2) * Math.floor(width / 2), 10),
      );
    };
    const images = lab.train(1000);
    const makeLoader = () => new data.DataLoader(images, { batchSize: 50, shuffle: true });
    const table: [string, number, number, number][] = [];
    for (const [name, { make, lrs }] of Object.entries(optimizers)) {
      const losses: number[] = [];
      for (const lr of lrs) {
        lab.progress(`${name}, lr ${lr}`);
        const model = makeModel();
        const optimizer = make(model.parameters(), lr);
        const loader = makeLoader();
        await train.fit(model, { loader, loss: F.crossEntropy, optimizer, epochs: 5 });
        losses.push((await train.evaluate(model, { loader, loss: F.crossEntropy })).loss);
      }
      table.push([name, ...losses] as [string, number, number, number]);
    }
    lab.table("Training loss after 100 steps", ["optimizer", "smaller lr", "usual lr", "larger lr"], table);
    const names = ["smaller lr", "usual lr", "larger lr"];
    lab.bars("Training loss after 100 steps", {
      categories: table.map(([name]) => name),
      y: "loss",
      logY: true,
      series: names.map((label, i) => ({ label, values: table.map((row) => row[i + 1] as number) })),
    });
    lab.progress("lrFind");
    const model = makeModel();
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
    const found = await train.lrFind(model, { loader: makeLoader(), loss: F.crossEntropy, optimizer });
    lab.curves("lrFind for Adam", {
      x: "learning rate",
      y: "loss",
      logX: true,
      series: [{ label: "Adam", points: found.losses.map((loss, i) => [found.lrs[i] ?? 0, loss] as const) }],
    });
    const all = table.flatMap(([name, ...losses]) => losses.map((loss, i) => ({ name, loss, lr: names[i] })));
    const best = all.reduce((a, b) => (b.loss < a.loss ? b : a));
    // All three have been tried at 0.01.
    const at = (name: string, column: number) => Number(table.find(([n]) => n === name)?.[column]);
    const [sgd, momentum, adam] = [at("SGD", 1), at("SGD, momentum 0.9", 2), at("Adam", 3)];
    const suggestion = found.suggestion ?? 0;
    return {
      see: {
        en:
          `${best.name} (${best.lr}) reaches the lowest loss, ${best.loss.toFixed(3)}; at a rate of 0.01 SGD is at ${sgd.toFixed(2)}, with momentum at ` +
          `${momentum.toFixed(2)}, Adam at ${adam.toFixed(2)}; lrFind suggests ${suggestion.toExponential(0)} for Adam.`,
        ja:
          `最も低い損失 ${best.loss.toFixed(3)} に達したのは ${best.name}。同じ学習率 0.01 では SGD ${sgd.toFixed(2)}、モメンタム ${momentum.toFixed(2)}、` +
          `Adam ${adam.toFixed(2)}。lrFind が Adam に勧める学習率は ${suggestion.toExponential(0)}。`,
      },
      values: { best: best.loss, sgd, momentum, adam, suggestion },
    };
  },
});
