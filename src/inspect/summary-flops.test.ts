import { expect, it } from "vitest";
import * as nn from "../nn/index.ts";
import type { ModelOfTensor } from "./evaluation-pass.ts";
import { summary } from "./summary.ts";

const flops = (layer: ModelOfTensor, shape: readonly number[]): number => summary(layer, shape).flops;

it("counts two operations for every weight and place, by kind of layer", () => {
  // output elements x inputs that each is summed from x 2
  expect(flops(new nn.Conv2d(3, 5, [2, 3], { stride: 2, bias: false }), [2, 3, 7, 9])).toBe(
    2 * (2 * 5 * 3 * 4) * (3 * 2 * 3),
  );
  expect(flops(new nn.Conv2d(4, 6, 3, { groups: 2, padding: 1 }), [1, 4, 5, 5])).toBe(2 * (6 * 25) * (2 * 9));
  expect(flops(new nn.Conv1d(3, 7, 5), [2, 3, 11])).toBe(2 * (2 * 7 * 7) * (3 * 5));
  // input elements x outputs that each is spread to x 2
  expect(flops(new nn.ConvTranspose2d(3, 5, 2, { stride: 2 }), [2, 3, 4, 7])).toBe(
    2 * (2 * 3 * 4 * 7) * (5 * 4),
  );
  expect(flops(new nn.Linear(7, 3), [2, 5, 7])).toBe(2 * (2 * 5 * 3) * 7);
  expect(flops(new nn.LayerNorm([5, 7]), [2, 5, 7])).toBe(0);
  expect(flops(new nn.BatchNorm2d(3), [2, 3, 4, 4])).toBe(0);
  expect(flops(new nn.ReLU(), [2, 3])).toBe(0);
});

it("gives every module its own mode back", () => {
  const model = new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3));
  model.get(1).eval();
  summary(model, [4, 2]);
  expect(model.modules().map((m) => m.training)).toEqual([true, true, false]);
});
