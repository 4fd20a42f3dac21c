/** The network and the values of test/reference/make_inspect_reference.py, and the engines to compare on. */
import { readFileSync } from "node:fs";
import { createEngine, currentEngine, useEngine } from "../engine/default.ts";
import type { Engine } from "../engine/engine.ts";
import * as nn from "../nn/index.ts";
import { wave } from "../nn/reference.test-helper.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface ReferenceStatistics {
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
  readonly zeros: number;
  readonly nonFinite: number;
  readonly dead: number;
  readonly counts: readonly number[];
}

interface Reference {
  readonly activations: Readonly<Record<string, ReferenceStatistics>>;
  readonly fixed: Readonly<Record<string, ReferenceStatistics>>;
  readonly gradients: Readonly<Record<string, ReferenceStatistics>>;
  readonly updates: readonly Readonly<Record<string, number>>[];
  readonly predicted: readonly number[];
  readonly gradCam: readonly number[];
  readonly classActivationMap: readonly number[];
}

export const reference: Reference = JSON.parse(
  readFileSync(new URL("../../test/reference/inspect.json", import.meta.url), "utf8"),
) as Reference;

export const images = (): Tensor => wave([3, 1, 6, 10], 0.2);
export const targets: readonly number[] = [2, 0, 1];

/** The third channel of the convolution is dead. */
export function smallNet(): nn.Sequential {
  const conv = new nn.Conv2d(1, 5, 3, { padding: 1 });
  const model = new nn.Sequential(
    conv,
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.AdaptiveAvgPool2d(1),
    new nn.Flatten(),
    new nn.Linear(5, 3),
  );
  noGrad(() => {
    for (const [i, p] of model.parameters().entries()) p.copy_(wave(p.shape, i + 0.5));
    conv.bias?.narrow(0, 2, 1).fill_(-99);
  });
  return model;
}

/** Runs a test on an engine of its own. */
export async function onEngine(
  name: "wasm" | "interpreter",
  body: (engine: Engine) => Promise<void>,
): Promise<void> {
  const before = currentEngine();
  const engine = createEngine({ engine: name });
  useEngine(engine);
  try {
    await body(engine);
  } finally {
    useEngine(before);
    await engine.close();
  }
}
