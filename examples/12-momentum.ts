import { linspace, optim, type Tensor, tensor } from "tatamijs";
import { experiment, inLanguage } from "tatamijs/lab";

/** Four landscapes on which plain gradient descent has trouble, and where it starts. */
const landscapes: Record<
  string,
  { f: (x: Tensor, y: Tensor) => Tensor; start: [number, number]; lr: number }
> = {
  ravine: { f: (x, y) => x.square().mul(0.02).add(y.square().mul(2)), start: [-4, 1.5], lr: 0.1 },
  saddle: {
    f: (x, y) => x.square().sub(y.square()).mul(0.5).add(y.pow(4).mul(0.05)),
    start: [-3, 0.001],
    lr: 0.1,
  },
  plateau: { f: (x, y) => x.square().add(y.square()).div(-6).exp().neg(), start: [-4, 3], lr: 0.3 },
  "local minimum": {
    f: (x, y) => x.mul(2).cos().mul(-0.3).add(x.square().mul(0.08)).add(y.square().mul(0.5)),
    start: [-4, 2],
    lr: 0.2,
  },
};
const steps = 60;
const methods = {
  SGD: {},
  momentum: { momentum: 0.9 },
  nesterov: { momentum: 0.9, nesterov: true },
};

export default experiment({
  title: { en: "Momentum", ja: "モメンタム" },
  question: {
    en: "Where does gradient descent get stuck in 60 steps, and does momentum help?",
    ja: "勾配降下法は 60 ステップでどこに引っかかるのか。モメンタムは役に立つのか。",
  },
  async run(lab) {
    const rows: [string, number, number, number][] = [];
    for (const [name, { f, start, lr }] of Object.entries(landscapes)) {
      const axis = linspace(-5, 5, 80);
      const surface = f(axis.reshape([1, 80]), axis.reshape([80, 1]).neg());
      const series: { label: string; points: [number, number][] }[] = [];
      const ends: number[] = [];
      for (const [label, options] of Object.entries(methods)) {
        const point = tensor(start, { requiresGrad: true });
        const optimizer = new optim.SGD([point], { lr, ...options });
        const points: [number, number][] = [start];
        for (let step = 0; step < steps; step++) {
          optimizer.zeroGrad();
          f(point.select(0, 0), point.select(0, 1)).backward();
          await optimizer.step();
          points.push((await point.array()) as [number, number]);
        }
        series.push({ label, points });
        ends.push(await f(point.select(0, 0), point.select(0, 1)).item());
      }
      const title = { en: `Paths: ${name}`, ja: `軌跡: ${inLanguage(name, "ja")}` };
      const background = { image: surface, colours: "heat" as const };
      lab.curves(title, { x: "x", y: "y", xRange: [-5, 5], yRange: [-5, 5], series, background });
      rows.push([name, ...ends] as [string, number, number, number]);
    }
    lab.table("Height after 60 steps (lower is better)", ["", ...Object.keys(methods)], rows);
    const better = rows.filter(([, sgd, momentum]) => momentum < sgd - 0.01).length;
    const pair = ([, sgd, momentum]: (typeof rows)[0]) => `${momentum.toFixed(2)} / ${sgd.toFixed(2)}`;
    const [ravine, saddle, plateau, local] = rows.map(pair);
    return {
      see: {
        en:
          `After ${steps} steps momentum is lower than SGD on ${better} of 4 landscapes: ravine ${ravine}, saddle ${saddle}, ` +
          `plateau ${plateau}, local minimum ${local}.`,
        ja:
          `${steps} ステップ後、モメンタムは 4 つの地形のうち ${better} つで SGD より低い所にいる（モメンタム / SGD）：谷 ${ravine}、` +
          `鞍点 ${saddle}、高原 ${plateau}、局所最小 ${local}。`,
      },
      values: { better, ...Object.fromEntries(rows.map(([name, sgd, momentum]) => [name, sgd - momentum])) },
    };
  },
});
