import { data, F, manualSeed, nn, noGrad, optim, type Tensor, zerosLike } from "tatamijs";
import { experiment } from "tatamijs/lab";

/** Adam (Kingma and Ba, 2015) by hand, so that its bias correction can be switched off. */
function adamByHand(params: Tensor[], lr: number, correct: boolean): () => void {
  const [beta1, beta2] = [0.9, 0.999];
  const state = params.map((p) => ({ mean: zerosLike(p), square: zerosLike(p) }));
  let t = 0;
  return () => {
    t++;
    const [correction1, correction2] = correct ? [1 - beta1 ** t, 1 - beta2 ** t] : [1, 1];
    noGrad(() => {
      for (const [i, p] of params.entries()) {
        const { mean, square } = state[i] as (typeof state)[0];
        if (p.grad === null) continue;
        mean.mul_(beta1).add_(p.grad.mul(1 - beta1));
        square.mul_(beta2).add_(p.grad.square().mul(1 - beta2));
        p.sub_(mean.mul(lr / correction1).div(square.div(correction2).sqrt().add(1e-8)));
      }
    });
  };
}

export default experiment({
  title: { en: "Moving averages and bias correction", ja: "指数移動平均とバイアス補正" },
  question: {
    en: "An exponential moving average starts at zero. What does that do to the first 50 steps of Adam?",
    ja: "指数移動平均は 0 から始まる。Adam の最初の 50 ステップで何が起きるのか。",
  },
  async run(lab) {
    const { channels, height, width } = lab.images;
    const makeModel = () => {
      manualSeed(0);
      const hidden = new nn.Linear(channels * height * width, 64);
      return new nn.Sequential(new nn.Flatten(), hidden, new nn.ReLU(), new nn.Linear(64, 10));
    };
    const train = async (makeStep: (params: Tensor[]) => () => unknown) => {
      const model = makeModel();
      const params = model.parameters();
      const before = await params[0]?.data();
      const loader = new data.DataLoader(lab.train(800), { batchSize: 16, shuffle: true });
      const step = makeStep(params);
      const losses: number[] = [];
      let moved = 0;
      for await (const [x, y] of loader) {
        model.zeroGrad();
        const loss = F.crossEntropy(model(x), y);
        loss.backward();
        await step();
        losses.push(await loss.item());
        if (losses.length > 1) continue;
        const after = (await params[0]?.data()) ?? [];
        moved = Math.max(...Array.from(after, (v, i) => Math.abs(v - (before?.[i] ?? 0))));
      }
      return { losses, moved };
    };
    const lr = 0.01;
    const corrected = await train((params) => adamByHand(params, lr, true));
    const plain = await train((params) => adamByHand(params, lr, false));
    const library = await train((params) => {
      const optimizer = new optim.Adam(params, { lr });
      return () => optimizer.step();
    });

    const average = (losses: number[], beta: number, correct: boolean) => {
      let mean = 0;
      return losses.map((loss, i) => {
        mean = beta * mean + (1 - beta) * loss;
        return correct ? mean / (1 - beta ** (i + 1)) : mean;
      });
    };
    lab.curves("A moving average of the loss, beta 0.95", {
      x: "step",
      y: "loss",
      series: [
        { label: "loss", points: library.losses, style: "dots" },
        { label: "from zero", points: average(library.losses, 0.95, false) },
        { label: "corrected", points: average(library.losses, 0.95, true) },
      ],
    });
    lab.curves("Adam with and without correction", {
      x: "step",
      y: "loss",
      series: [
        { label: "with", points: corrected.losses },
        { label: "without", points: plain.losses },
      ],
    });
    lab.table(
      "The first 50 steps",
      ["Adam", "first step moves a weight by", "last loss"],
      [
        ["corrected", corrected.moved, corrected.losses.at(-1) ?? 0],
        ["not corrected", plain.moved, plain.losses.at(-1) ?? 0],
        ["optim.Adam", library.moved, library.losses.at(-1) ?? 0],
      ],
    );
    const factor = plain.moved / corrected.moved;
    const difference = Math.max(...corrected.losses.map((l, i) => Math.abs(l - (library.losses[i] ?? 0))));
    const [first = 0, started = 0] = [library.losses[0], average(library.losses, 0.95, false)[0]];
    return {
      see: {
        en:
          `The average that starts at zero shows ${started.toFixed(2)} where the loss is ${first.toFixed(2)}; without correction Adam's first step is ` +
          `${factor.toFixed(2)} times as long as with it, like that of a larger learning rate (the corrected one is optim.Adam to ${difference.toExponential(0)}).`,
        ja:
          `0 から始めた平均は、損失が ${first.toFixed(2)} のときに ${started.toFixed(2)} を示す。補正なしの Adam の最初の一歩は補正ありの ` +
          `${factor.toFixed(2)} 倍で、学習率を大きくしたのと同じになる（補正ありは optim.Adam と ${difference.toExponential(0)} 以内で一致）。`,
      },
      values: { factor, difference, first, started },
    };
  },
});
