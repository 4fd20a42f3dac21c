import { data, F, manualSeed, nn, optim, type Tensor, train, zerosLike } from "tatamijs";
import { experiment } from "tatamijs/lab";

type State = { mean: Tensor; square: Tensor; t: number };
type Options = { lr: number; correct: boolean };

/** Adam (Kingma and Ba, 2015) by hand, so that its bias correction can be switched off. */
class AdamByHand extends optim.Optimizer<Options> {
  protected override initialState(p: Tensor): State {
    return { mean: zerosLike(p), square: zerosLike(p), t: 0 };
  }

  protected update(p: Tensor, g: Tensor, state: State, { lr, correct }: Options) {
    state.t++;
    const mean = state.mean.mul_(0.9).add_(g.mul(0.1));
    const square = state.square.mul_(0.999).add_(g.square().mul(0.001));
    const [meanBias, squareBias] = correct ? [1 - 0.9 ** state.t, 1 - 0.999 ** state.t] : [1, 1];
    p.sub_(mean.mul(lr / meanBias).div(square.div(squareBias).sqrt().add(1e-8)));
  }
}

export default experiment({
  title: { en: "Moving averages and bias correction", ja: "指数移動平均とバイアス補正" },
  question: {
    en: "An exponential moving average starts at zero. What does that do to the first 50 steps of Adam?",
    ja: "指数移動平均は 0 から始まる。Adam の最初の 50 ステップで何が起きるのか。",
  },
  async run(lab) {
    const { channels, height, width } = lab.images;
    const lr = 0.01;
    const optimizers: Record<string, (params: Tensor[]) => train.TrainingOptimizer> = {
      corrected: (params) => new AdamByHand(params, { correct: true }, { lr }),
      "not corrected": (params) => new AdamByHand(params, { correct: false }, { lr }),
      "optim.Adam": (params) => new optim.Adam(params, { lr }),
    };
    const rows: [string, number, number][] = [];
    const series: { label: string; points: number[] }[] = [];
    for (const [label, make] of Object.entries(optimizers)) {
      manualSeed(0);
      const hidden = new nn.Linear(channels * height * width, 64);
      const model = new nn.Sequential(new nn.Flatten(), hidden, new nn.ReLU(), new nn.Linear(64, 10));
      const before = hidden.weight.clone();
      const loader = new data.DataLoader(lab.train(800), { batchSize: 16, shuffle: true });
      const optimizer = make(model.parameters());
      const points: number[] = [];
      let moved = 0;
      const onStepEnd = async ({ loss }: train.StepResult) => {
        if (points.push(loss) === 1) moved = await hidden.weight.sub(before).abs().max().item();
      };
      const callbacks = [{ onStepEnd }];
      await train.fit(model, { loader, loss: F.crossEntropy, optimizer, epochs: 1, callbacks });
      rows.push([label, moved, points.at(-1) ?? 0]);
      series.push({ label, points });
    }
    lab.curves("Adam with and without correction", { x: "step", y: "loss", series: series.slice(0, 2) });
    lab.table("The first 50 steps", ["Adam", "first step moves a weight by", "last loss"], rows);
    const [byHand = [], , losses = []] = series.map(({ points }) => points);
    const fromZero: number[] = [];
    for (const loss of losses) fromZero.push(0.95 * (fromZero.at(-1) ?? 0) + 0.05 * loss);
    const averages = [
      { label: "loss", points: losses, style: "dots" as const },
      { label: "from zero", points: fromZero },
      { label: "corrected", points: fromZero.map((mean, i) => mean / (1 - 0.95 ** (i + 1))) },
    ];
    lab.curves("A moving average of the loss, beta 0.95", { x: "step", y: "loss", series: averages });
    const [corrected = 0, plain = 0] = rows.map(([, moved]) => moved);
    const factor = plain / corrected;
    const difference = Math.max(...byHand.map((loss, i) => Math.abs(loss - (losses[i] ?? 0))));
    const [[first = 0], [started = 0]] = [losses, fromZero];
    return {
      see: {
        en:
          `The average that starts at zero shows ${started.toFixed(2)} where the loss is ${first.toFixed(2)}; without correction Adam's first step is ` +
          `${factor.toFixed(2)} times as long as with it, like that of a larger learning rate (the corrected one is optim.Adam to ${difference.toExponential(0)}).`,
        ja: `損失が ${first.toFixed(2)} のとき、0 から始めた平均は ${started.toFixed(2)} を示す。補正なしの Adam の最初の一歩は ${factor.toFixed(2)} 倍で、学習率を上げたのと同じになる（補正ありは optim.Adam と ${difference.toExponential(0)} 以内で一致）。`,
      },
      values: { factor, difference, first, started },
    };
  },
});
