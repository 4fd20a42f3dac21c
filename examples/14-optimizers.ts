import { data, F, manualSeed, nn, optim, train } from "tatamijs";
import { experiment } from "tatamijs/lab";

type Make = (params: nn.Parameter[], lr: number) => train.TrainingOptimizer;

/** Every optimizer, with the learning rate that is usual for it. */
const optimizers: Record<string, [usual: number, make: Make]> = {
  SGD: [0.1, (p, lr) => new optim.SGD(p, { lr })],
  "SGD, momentum 0.9": [0.01, (p, lr) => new optim.SGD(p, { lr, momentum: 0.9 })],
  Nesterov: [0.01, (p, lr) => new optim.SGD(p, { lr, momentum: 0.9, nesterov: true })],
  Adagrad: [0.01, (p, lr) => new optim.Adagrad(p, { lr })],
  RMSprop: [1e-3, (p, lr) => new optim.RMSprop(p, { lr })],
  Adadelta: [1, (p, lr) => new optim.Adadelta(p, { lr })],
  Adam: [1e-3, (p, lr) => new optim.Adam(p, { lr })],
  AdamW: [1e-3, (p, lr) => new optim.AdamW(p, { lr })],
  Adamax: [2e-3, (p, lr) => new optim.Adamax(p, { lr })],
  NAdam: [2e-3, (p, lr) => new optim.NAdam(p, { lr })],
  RAdam: [1e-3, (p, lr) => new optim.RAdam(p, { lr })],
  Lion: [1e-4, (p, lr) => new optim.Lion(p, { lr })],
};

export default experiment({
  title: { en: "RMSProp, Adam and the rest", ja: "RMSProp、Adam とその仲間" },
  question: {
    en: "The same network and images with every optimizer at three learning rates: which losses are reached?",
    ja: "同じネットワークと画像を、すべての最適化手法と三つの学習率で学習する。損失はどこまで下がるか。",
  },
  async run(lab) {
    const { channels, height, width } = lab.images;
    const features = 8 * Math.floor(height / 2) * Math.floor(width / 2);
    const loss = F.crossEntropy;
    const prepare = () => {
      manualSeed(0);
      const conv = new nn.Conv2d(channels, 8, 3, { padding: 1 });
      const head = [new nn.MaxPool2d(2), new nn.Flatten(), new nn.Linear(features, 10)];
      const loader = new data.DataLoader(lab.train(1000), { batchSize: 50, shuffle: true });
      return { model: new nn.Sequential(conv, new nn.ReLU(), ...head), loader };
    };
    const table: [string, ...number[]][] = [];
    for (const [name, [usual, make]] of Object.entries(optimizers)) {
      const losses: number[] = [];
      for (const lr of [usual / 10, usual, usual * 10]) {
        lab.progress(`${name}, lr ${lr}`);
        const { model, loader } = prepare();
        await train.fit(model, { loader, loss, optimizer: make(model.parameters(), lr), epochs: 5 });
        losses.push((await train.evaluate(model, { loader, loss })).loss);
      }
      table.push([name, ...losses]);
    }
    const names = ["smaller lr", "usual lr", "larger lr"];
    lab.table("Training loss after 100 steps", ["optimizer", ...names], table);
    const categories = table.map(([name]) => name);
    const bars = names.map((label, i) => ({ label, values: table.map((row) => row[i + 1] as number) }));
    lab.bars("Training loss after 100 steps", { categories, y: "loss", logY: true, series: bars });
    lab.progress("lrFind");
    const { model, loader } = prepare();
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
    const found = await train.lrFind(model, { loader, loss, optimizer });
    const points = found.losses.map((value, i) => [found.lrs[i] ?? 0, value] as const);
    const series = [{ label: "Adam", points }];
    lab.curves("lrFind for Adam", { x: "learning rate", y: "loss", logX: true, series });
    const all = table.flatMap(([name, ...losses]) => losses.map((loss, i) => ({ name, loss, lr: names[i] })));
    const best = all.reduce((a, b) => (b.loss < a.loss ? b : a));
    const suggestion = found.suggestion ?? 0;
    // All three have been tried at 0.01.
    const at = (name: string, column: number) => Number(table.find(([n]) => n === name)?.[column]);
    const [sgd, momentum, adam] = [at("SGD", 1), at("SGD, momentum 0.9", 2), at("Adam", 3)];
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
