import { F, manualSeed, nn, type Tensor } from "tatamijs";
import { experiment } from "tatamijs/lab";

const depth = 10;
const width = 256;

/** Ways to draw weights, and by which factor each layer should change the variance going forward and back. */
const schemes: Record<string, { init: (w: Tensor) => unknown; forward: number; backward: number }> = {
  "normal(0, 0.01)": {
    init: (w) => nn.init.normal_(w, { std: 0.01 }),
    forward: (width * 1e-4) / 2,
    backward: (width * 1e-4) / 2,
  },
  "Xavier uniform": { init: (w) => nn.init.xavierUniform_(w), forward: 1 / 2, backward: 1 / 2 },
  "Kaiming normal": {
    init: (w) => nn.init.kaimingNormal_(w, { nonlinearity: "relu" }),
    forward: 1,
    backward: 1,
  },
};

export default experiment({
  title: { en: "Xavier and Kaiming initialisation", ja: "Xavier と Kaiming の初期化" },
  question: {
    en: "The papers predict how the spread of signals and gradients changes from layer to layer: does it, in ten layers with ReLU?",
    ja: "論文は信号と勾配の広がりが層ごとにどう変わるかを予測する。ReLU を使う 10 層で、それは正しいか。",
  },
  async run(lab) {
    const [images, labels] = await lab.batch(128);
    const rows: [string, string, number, number][] = [];
    const errors: Record<string, number> = {};
    for (const [name, { init, forward, backward }] of Object.entries(schemes)) {
      manualSeed(1);
      const linears = Array.from(
        { length: depth },
        (_, i) => new nn.Linear(i === 0 ? images.flatten(1).size(1) : width, width),
      );
      const model = new nn.Sequential(
        ...linears.flatMap((l) => [l, new nn.ReLU()]),
        new nn.Linear(width, 10),
      );
      const outputs: Promise<number>[] = [];
      const gradients: Promise<number>[] = [];
      for (const linear of linears) {
        init(linear.weight);
        if (linear.bias !== null) nn.init.zeros_(linear.bias);
        // The spread around zero of what a layer gives, before its ReLU, and of the gradient that comes back to it.
        linear.registerForwardHook((_, __, y) => void outputs.push(y.square().mean().sqrt().item()));
        linear.registerFullBackwardHook(
          (_, __, [g]) => void gradients.unshift((g as Tensor).square().mean().sqrt().item()),
        );
      }
      F.crossEntropy(model(images.flatten(1)), labels).backward();
      const [stds, back] = [await Promise.all(outputs), await Promise.all(gradients)];
      const at = (list: number[], i: number) => list.at(i) ?? 0;
      // From the second layer on all have the same width: nine steps by the factor of the theory.
      const predictedForward = stds.map((_, i) => at(stds, 0) * forward ** (i / 2));
      const predictedBackward = back.map((_, i) => at(back, -1) * backward ** ((depth - 1 - i) / 2));
      for (const [label, measured, predicted] of [
        ["forward", stds, predictedForward],
        ["backward", back, predictedBackward],
      ] as const) {
        const end = label === "forward" ? -1 : 0;
        rows.push([name, label, at(predicted, end), at(measured, end)]);
        errors[`${name} ${label}`] = at(measured, end) / at(predicted, end);
        lab.curves(
          { en: `${name}, ${label}`, ja: `${name}、${label === "forward" ? "順伝播" : "逆伝播"}` },
          {
            x: "layer",
            y: "standard deviation",
            logY: true,
            series: [
              { label: "measured", points: measured },
              { label: "predicted", points: predicted, style: "dashed" },
            ],
          },
        );
      }
    }
    lab.table("After ten layers", ["weights", "", "predicted std", "measured std"], rows);
    const ratios = Object.values(errors);
    const worst = Math.max(...ratios.map((r) => Math.max(r, 1 / r)));
    const measured = (name: string) => rows.find(([n, way]) => n === name && way === "forward")?.[3] ?? 0;
    const [naive, kaiming] = [measured("normal(0, 0.01)"), measured("Kaiming normal")];
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
