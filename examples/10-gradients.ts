import { F, manualSeed, nn, type Tensor } from "tatamijs";
import { experiment } from "tatamijs/lab";

const depth = 20;
const width = 100;
const activations = { sigmoid: () => new nn.Sigmoid(), tanh: () => new nn.Tanh(), relu: () => new nn.ReLU() };

/** Norm of the gradient that reaches each layer of a network of 20 layers, the first layer first. */
async function gradientNorms(
  name: keyof typeof activations,
  scale: number,
  x: Tensor,
  y: Tensor,
): Promise<number[]> {
  manualSeed(0);
  const norms: Promise<number>[] = [];
  const layers = Array.from({ length: depth }, (_, i) => {
    const linear = new nn.Linear(i === 0 ? x.size(1) : width, width);
    // The right standard deviation (Glorot and Bengio, 2010; He et al., 2015), times a factor.
    const gain = nn.init.calculateGain(name);
    nn.init.normal_(linear.weight, { std: (scale * gain) / Math.sqrt(linear.weight.size(1)) });
    if (linear.bias !== null) nn.init.zeros_(linear.bias);
    linear.registerFullBackwardHook((_, __, [gradient]) => {
      if (gradient !== undefined) norms.unshift(gradient.norm().item()); // the last layer comes first
    });
    return [linear, activations[name]()];
  });
  const model = new nn.Sequential(...layers.flat(), new nn.Linear(width, 10));
  F.crossEntropy(model(x), y).backward();
  return Promise.all(norms);
}

export default experiment({
  title: { en: "Vanishing and exploding gradients", ja: "勾配消失と勾配爆発" },
  question: {
    en: "Twenty layers deep: which activation and which scale of the weights lets gradients reach the first layer?",
    ja: "20 層のネットワークで、勾配が最初の層まで届くのはどの活性化関数と重みの大きさか。",
  },
  async run(lab) {
    const [images, labels] = await lab.batch(64);
    const x = images.flatten(1).sub(images.mean()).div(images.std());
    const scales = { small: 0.5, right: 1, large: 2 };
    const rows: [string, string, number, number, number][] = [];
    for (const name of ["sigmoid", "tanh", "relu"] as const) {
      const series: { label: string; points: number[] }[] = [];
      for (const [label, scale] of Object.entries(scales)) {
        const norms = await gradientNorms(name, scale, x, labels);
        const [first = 0, last = 0] = [norms[0], norms.at(-1)];
        rows.push([name, `${label} (x${scale})`, first, last, first / last]);
        series.push({ label: `x${scale}`, points: norms });
      }
      const title = { en: `Gradients with ${name}`, ja: `${name} の勾配` };
      lab.curves(title, { x: "layer, 0 is the first", y: "norm of the gradient", logY: true, series });
    }
    lab.table(
      "Norm of the gradient that reaches a layer",
      ["activation", "scale", "first layer", "last layer", "first / last"],
      rows,
    );
    const ratio = (activation: string, label: string) =>
      rows.find(([a, s]) => a === activation && s.startsWith(label))?.[4] ?? 0;
    const sigmoid = ratio("sigmoid", "right");
    const [small, right, large] = [ratio("relu", "small"), ratio("relu", "right"), ratio("relu", "large")];
    return {
      see: {
        en:
          `From the last layer to the first the gradient shrinks to ${sigmoid.toExponential(0)} of its size with sigmoid; with ReLU to ` +
          `${small.toExponential(0)} when weights are half as large as Kaiming's, to ${right.toFixed(1)} with Kaiming's, and grows to ${large.toExponential(0)} with twice those.`,
        ja:
          `最後の層から最初の層までに、勾配は sigmoid では ${sigmoid.toExponential(0)} 倍に縮む。ReLU では重みが Kaiming の半分だと ` +
          `${small.toExponential(0)} 倍、Kaiming どおりなら ${right.toFixed(1)} 倍、二倍だと ${large.toExponential(0)} 倍になる。`,
      },
      values: { sigmoid, small, right, large },
    };
  },
});
