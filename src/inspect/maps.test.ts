import { expect, it } from "vitest";
import { Cnn } from "../models/cnn.ts";
import * as nn from "../nn/index.ts";
import { expectClose } from "../nn/reference.test-helper.ts";
import * as optim from "../optim/index.ts";
import { tensor, zeros } from "../tensor/create.ts";
import { featureMaps } from "./feature-maps.ts";
import { classActivationMap, gradCam } from "./grad-cam.ts";
import { images, onEngine, reference, smallNet, targets } from "./inspect.test-helper.ts";

it.each(["wasm", "interpreter"] as const)("maps are those that PyTorch computes, on %s", (engine) =>
  onEngine(engine, async () => {
    const model = smallNet();
    const heat = gradCam(model, images(), { layer: "2", target: targets });
    expect(heat.shape).toEqual([3, 6, 10]);
    await expectClose(heat, reference.gradCam, 1e-4);
    const map = classActivationMap(model, images(), {
      layer: "2",
      target: tensor([...targets], { dtype: "int32" }),
    });
    await expectClose(map, reference.classActivationMap, 1e-4);
    // Without a target: what the model predicts.
    const predicted = gradCam(model, images(), { layer: "2" });
    const asked = gradCam(model, images(), { layer: "2", target: reference.predicted });
    expect(await predicted.data()).toEqual(await asked.data());
    expect(Math.min(...(await asked.data()))).toBeGreaterThanOrEqual(0);
  }),
);

it("a frozen model has maps too, and looking leaves nothing behind", async () => {
  const model = smallNet();
  model.get(3).eval();
  model.requiresGrad_(false);
  const heat = gradCam(model, images(), { layer: "2", target: targets });
  await expectClose(heat, reference.gradCam, 1e-4);
  expect(model.parameters().every((p) => p.grad === null && !p.requiresGrad)).toBe(true);
  expect(model.modules().map((m) => m.training)).toEqual([true, true, true, true, false, true, true]);
  let calls = 0;
  model.get(2).registerForwardHook(() => void calls++);
  featureMaps(model, images(), ["0"]);
  expect(calls).toBe(1);
});

it("feature maps are outputs in evaluation mode, and stay after further training", async () => {
  const model = new Cnn({ widths: [4, 8] });
  const x = images();
  const { "features.1": normed, head } = featureMaps(model, x, ["features.1", "head"]);
  expect([normed?.shape, normed?.requiresGrad, model.features.get(1).training]).toEqual([
    [3, 4, 6, 10],
    false,
    true,
  ]);
  model.eval();
  const wanted = [...(await model(x).data())];
  const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
  model(x).square().sum().backward();
  await optimizer.step();
  expect([...((await head?.data()) ?? [])]).toEqual(wanted);
});

it("names what is wrong", () => {
  const model = smallNet();
  const x = images();
  expect(() => featureMaps(model, x, "conv1")).toThrow(
    'featureMaps: there is no layer "conv1"; the model has 0, 1, 2',
  );
  expect(() => gradCam(model, x, { layer: "5" })).toThrow(
    'gradCam: layer "5" gives [3, 3]; choose one whose output',
  );
  expect(() => gradCam(model, zeros([6, 10]), { layer: "2" })).toThrow(
    "must be images (N, C, H, W); got [6, 10]",
  );
  expect(() => gradCam(model, x, { layer: "2", target: 3 })).toThrow(
    "target must be a class from 0 to 2, or 3 of them",
  );
  expect(() => gradCam(model, x, { layer: "2", target: [0] })).toThrow("or 3 of them; got 0");
  expect(() => gradCam(model, x, { layer: "2", target: zeros([3]) })).toThrow(
    "target must be int32 of shape [3]",
  );
  expect(() => gradCam(model, x, { layer: "2", class: 1 } as { layer: string })).toThrow(
    'gradCam: there is no option "class"; there are { layer, target }',
  );
  expect(() => classActivationMap(model, x, { layer: "2", heads: 1 } as { layer: string })).toThrow(
    'classActivationMap: there is no option "heads"; there are { layer, head, target }',
  );
  expect(() => classActivationMap(model, x, { layer: "2", head: "0" })).toThrow('layer "0" is no Linear');
  const flat = new nn.Sequential(new nn.Conv2d(1, 2, 3), new nn.Flatten(), new nn.Linear(64, 3));
  expect(() => classActivationMap(flat, x, { layer: "0" })).toThrow(
    "gives 2 channels, the linear layer takes 64",
  );
});
