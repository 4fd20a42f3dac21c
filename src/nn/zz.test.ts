import { expect, test } from "vitest";
import * as nn from "./index.ts";
import * as F from "./functional.ts";
import * as optim from "../optim/index.ts";
import { randn, tensor, randint } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { currentEngine } from "../engine/default.ts";

class Net extends nn.Module {
  name = "hello";
  features = new nn.Sequential(
    new nn.Conv2d(1, 8, 3, { padding: 1 }), new nn.BatchNorm2d(8), new nn.ReLU(), new nn.MaxPool2d(2),
    new nn.Dropout(0.2), new nn.AdaptiveAvgPool2d(1),
  );
  head = new nn.Linear(8, 10);
  forward(x: Tensor) {
    return this.head(this.features(x).flatten(1));
  }
}
test("x", async () => {
  const m = new Net();
  console.log(String(m), m.name);
  const o = new optim.Adam(m.parameters(), { lr: 1e-2 });
  for (let i = 0; i < 6; i++) {
    o.zeroGrad();
    const l = F.crossEntropy(m(randn([16, 1, 8, 8])), randint(0, 10, [16]));
    l.backward();
    await o.step();
    console.log(await l.item(), currentEngine().stats.compilations, currentEngine().stats.launches);
  }
});
