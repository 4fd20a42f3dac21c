import { expect, it } from "vitest";
import { Digits, Subset } from "../data/index.ts";
import { completeSettings } from "./settings.ts";
import { evaluationLoader, loadTrainingData } from "./training-data.ts";

it("measures on every sample, in equal batches where there are some", () => {
  const sizes = [360, 143, 251, 1].map((count) => {
    const loader = evaluationLoader(
      new Subset(
        new Digits(),
        Array.from({ length: count }, (_, i) => i),
      ),
    );
    return [loader.batchSize, loader.length];
  });
  expect(sizes).toEqual([
    [180, 2],
    [143, 1],
    [126, 2],
    [1, 1],
  ]);
});

it("holds validation images back, apart from those that are trained on", async () => {
  const { train, validation, test } = await loadTrainingData(completeSettings({}), {});
  expect([train.dataset.length, validation.dataset.length, test.dataset.length]).toEqual([1294, 143, 360]);
  const [a, b] = [train.dataset, validation.dataset] as [Subset<never>, Subset<never>];
  expect(new Set([...a.indices, ...b.indices]).size).toBe(1437);
});
