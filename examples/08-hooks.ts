import { F, manualSeed, nn } from "tatamijs";
import { experiment } from "tatamijs/lab";

export default experiment({
  title: { en: "Hooks", ja: "フック" },
  question: {
    en: "How large are the activations and gradients inside a network, without changing its code?",
    ja: "ネットワークのコードを変えずに、途中の活性と勾配の大きさを知るには。",
  },
  async run(lab) {
    manualSeed(0);
    const { channels, height, width } = lab.images;
    const model = new nn.Sequential(
      new nn.Conv2d(channels, 8, 3, { padding: 1 }),
      new nn.Tanh(),
      new nn.Conv2d(8, 8, 3, { padding: 1 }),
      new nn.Tanh(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(8 * Math.floor(height / 2) * Math.floor(width / 2), 10),
    );
    const forward = new Map<string, { shape: string; norm: Promise<number> }>();
    const backward = new Map<string, Promise<number>>();
    const handles = model.namedModules().flatMap(([name, module]) => {
      if (name === "") return [];
      const key = `${name} ${module.constructor.name}`;
      return [
        module.registerForwardHook((_, __, output) => {
          const { shape } = output as typeof images;
          forward.set(key, { shape: `[${shape.join(", ")}]`, norm: (output as typeof images).norm().item() });
        }),
        module.registerFullBackwardHook((_, __, [gradient]) => {
          if (gradient !== undefined) backward.set(key, gradient.norm().item());
        }),
      ];
    });
    const [images, labels] = await lab.batch(32);
    F.crossEntropy(model(images), labels).backward();
    const rows: [string, string, number, number][] = [];
    for (const [name, { shape, norm }] of forward)
      rows.push([name, shape, await norm, (await backward.get(name)) ?? 0]);
    for (const handle of handles) handle.remove();

    // A hook that returns a tensor replaces the output.
    const silence = model.get(3).registerForwardHook((_, __, output) => (output as typeof images).mul(0));
    const silenced = await model(images).std(0).max().item();
    silence.remove();
    const back = await model(images).std(0).max().item();

    lab.table("What the hooks saw", ["layer", "output", "norm of output", "norm of gradient"], rows);
    lab.bars("Norms by layer", {
      categories: rows.map(([name]) => name),
      y: "norm",
      logY: true,
      series: [
        { label: "output", values: rows.map((row) => row[2]) },
        { label: "gradient", values: rows.map((row) => row[3]) },
      ],
    });
    const calls = forward.size;
    const [first, last] = [rows[0]?.[3] ?? 0, rows.at(-1)?.[3] ?? 0];
    return {
      see: {
        en:
          `${calls} layers were seen; the gradient's norm is ${last.toPrecision(2)} at the last layer and ${first.toPrecision(2)} at the first. With a ` +
          `hook that silences layer 3 all images get the same answer (spread ${silenced.toExponential(0)}); after its removal the spread is ${back.toPrecision(2)} again.`,
        ja:
          `${calls} 層を観測した。勾配のノルムは最後の層で ${last.toPrecision(2)}、最初の層で ${first.toPrecision(2)}。層 3 の出力を 0 に置き換えると` +
          `どの画像も同じ答えになり（ばらつき ${silenced.toExponential(0)}）、フックを外すと ${back.toPrecision(2)} に戻る。`,
      },
      values: { calls, first, last, silenced, back },
    };
  },
});
