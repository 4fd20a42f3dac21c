import { F, manualSeed, nn, type Tensor } from "tatamijs";
import { experiment } from "tatamijs/lab";

const depth = 10;
const width = 256;

/** Ways to draw weights, and the factor by which each layer should change the variance, forward and backward. */
const schemes = {
  "normal(0, 0.01)": {
    init: (w: Tensor) => nn.init.normal_(w, { std: 0.01 }),
    factor: (width * 0.01 ** 2) / 2,
  },
  "Xavier uniform": { init: (w: Tensor) => nn.init.xavierUniform_(w), factor: 1 / 2 },
  "Kaiming normal": { init: (w: Tensor) => nn.init.kaimingNormal_(w, { nonlinearity: "relu" }), factor: 1 },
};

/** The spread around zero. */
const spread = (t: Tensor) => t.square().mean().sqrt().item();

export default experiment({
  title: { en: "Xavier and Kaiming initialisation", ja: "Xavier と Kaiming の初期化" },
  question: {
    en: "The papers predict how the spread of signals and gradients changes from layer to layer: does it, in ten layers with ReLU?",
    ja: "論文は信号と勾配の広がりが層ごとにどう変わるかを予測する。ReLU を使う 10 層で、それは正しいか。",
  },
  async run(lab) {
    const [images, labels] = await lab.batch(128);
    const x = images.flatten(1);
    const rows: [string, string, number, number][] = [];
    for (const [name, { init, factor }] of Object.entries(schemes)) {
      manualSeed(1);
      const sizes = [x.size(1), ...new Array<number>(depth - 1).fill(width)];
      const linears = sizes.map((size) => new nn.Linear(size, width));
      const hidden = linears.flatMap((linear) => [linear, new nn.ReLU()]);
      const model = new nn.Sequential(...hidden, new nn.Linear(width, 10));
      const seen = { forward: [] as Promise<number>[], backward: [] as Promise<number>[] };
      for (const linear of linears) {
        init(linear.weight);
        if (linear.bias !== null) nn.init.zeros_(linear.bias);
        // What a layer gives, before its ReLU, and the gradient that comes back to it.
        linear.registerForwardHook((_, __, y) => void seen.forward.push(spread(y)));
        linear.registerFullBackwardHook((_, __, [g]) => void seen.backward.push(spread(g as Tensor)));
      }
      F.crossEntropy(model(x), labels).backward();
      for (const [way, waiting] of Object.entries(seen)) {
        const measured = await Promise.all(waiting);
        // From the first that is measured on all layers have the same width: nine steps by the factor of the theory.
        const predicted = measured.map((_, i) => (measured[0] ?? 0) * factor ** (i / 2));
        rows.push([name, way, predicted.at(-1) ?? 0, measured.at(-1) ?? 0]);
        const layer = (i: number) => (way === "forward" ? i : depth - 1 - i);
        const points = (list: number[]) => list.map((std, i) => [layer(i), std] as const);
        const series = [
          { label: "measured", points: points(measured) },
          { label: "predicted", points: points(predicted), style: "dashed" as const },
        ];
        const title = { en: `${name}, ${way}`, ja: `${name}、${way === "forward" ? "順伝播" : "逆伝播"}` };
        lab.curves(title, { x: "layer", y: "standard deviation", logY: true, series });
      }
    }
    lab.table("After ten layers", ["weights", "", "predicted std", "measured std"], rows);
    const ratios = rows.map(([, , predicted, measured]) => measured / predicted);
    const worst = Math.max(...ratios.map((r) => Math.max(r, 1 / r)));
    const [naive = 0, , , , kaiming = 0] = rows.map(([, , , measured]) => measured);
    return {
      see: {
        en:
          `After ten layers the signal's spread is ${kaiming.toFixed(2)} with Kaiming's weights and ${naive.toExponential(0)} with std 0.01; ` +
          `the predictions are off by a factor of ${worst.toFixed(1)} at most.`,
        ja:
          `10 層後の信号の広がりは Kaiming の重みで ${kaiming.toFixed(2)}、標準偏差 0.01 の重みで ${naive.toExponential(0)}。` +
          `予測との違いは最大でも ${worst.toFixed(1)} 倍である。`,
      },
      values: { naive, kaiming, worst },
    };
  },
});
