import { expect, it } from "vitest";
import * as nn from "../nn/index.ts";
import { ones, zeros } from "../tensor/create.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ActivationStats } from "./activation-stats.ts";
import { GradientStats } from "./gradient-stats.ts";

/** The layer with half of its outputs at 1, and the others at -1. */
function halfDead<M extends nn.Layer & { weight: nn.Parameter | null; bias: nn.Parameter | null }>(
  layer: M,
): M {
  noGrad(() => {
    layer.weight?.zero_();
    const half = (layer.bias?.size(0) ?? 0) / 2;
    layer.bias?.fill_(1).narrow(0, half, half).fill_(-1);
  });
  return layer;
}

const [units, line, plane] = [
  () => halfDead(new nn.Linear(6, 8)),
  () => halfDead(new nn.Conv1d(6, 8, 1)),
  () => halfDead(new nn.Conv2d(6, 8, 1)),
];

/** Models that end in a ReLU of which one half is dead, and their input. */
const models: Record<string, [nn.Layer[], Tensor]> = {
  "(N, D)": [[units()], ones([2, 6])],
  "(N, L, D) of Linear": [[units()], ones([2, 4, 6])],
  "(N, L, D) of Linear, with dropout between": [[units(), new nn.Dropout(0)], ones([2, 4, 6])],
  "(N, L, D) of LayerNorm": [[halfDead(new nn.LayerNorm(6))], ones([2, 4, 6])],
  "(N, H, W, D) of Linear": [[units()], ones([2, 3, 5, 6])],
  "(N, C, L) of Conv1d": [[line()], ones([2, 6, 4])],
  "(C, L) of Conv1d": [[line()], ones([6, 4])],
  "(N, C, L) of BatchNorm1d": [[halfDead(new nn.BatchNorm1d(6))], ones([2, 6, 4])],
  "(N, C) of BatchNorm1d": [[halfDead(new nn.BatchNorm1d(6))], ones([4, 6])],
  "(N, C, H, W)": [[plane(), new nn.MaxPool2d(2)], ones([2, 6, 4, 4])],
  "(C, H, W)": [[plane(), new nn.AvgPool2d(2)], ones([6, 4, 4])],
  "(N, C, L) behind Linear": [[new nn.Linear(4, 4), line()], ones([2, 6, 4])],
  "(N, L, D) behind Conv1d": [[new nn.Conv1d(4, 4, 1), units()], ones([2, 4, 6])],
};

it.each(Object.entries(models))("counts dead features of %s", async (_, [layers, input]) => {
  const model = new nn.Sequential(...layers, new nn.ReLU());
  const stats = new ActivationStats(model, { layers: (_name, module) => module instanceof nn.ReLU });
  const gradients = new GradientStats(model);
  model(input).sum().backward();
  const [found] = Object.values(await stats.latest());
  expect(found?.dead).toBe(0.5);
  // The gradient of a dead unit is 0 too.
  const { 0: first } = await gradients.latest();
  if (layers.length === 1) expect(first?.dead).toBe(0.5);
});

it("goes by the number of dimensions where no layer has said more", async () => {
  const model = new nn.Sequential(new nn.ReLU());
  const stats = new ActivationStats(model);
  for (const [shape, dead] of [
    [[2, 3, 4, 4], 1 / 3],
    [[2, 4, 3], 1 / 3],
    [[2, 3], 1 / 3],
  ] as const) {
    stats.clear();
    const x = ones(shape);
    x.narrow(shape.length === 4 ? 1 : -1, 0, 1).zero_();
    model(x);
    expect((await stats.latest())["0"]?.dead).toBeCloseTo(dead);
  }
  stats.clear();
  model(zeros([]));
  expect((await stats.latest())["0"]?.dead).toBe(1);
});
