/** A ResNet-18 in torchvision's format is loaded, gets a head for other classes, and trains with PyTorch's losses. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { currentEngine } from "../../src/engine/default.ts";
import { F, fromOwned, io, models, nn, optim, type Tensor } from "../../src/index.ts";
import { fill, noise } from "../../src/models/formula-values.test-helper.ts";
import { findTorch } from "../setup/neighbours.ts";

const [classes, batch, size] = [5, 6, 64] as const;
const script = fileURLToPath(new URL("../reference/make_finetuning_reference.py", import.meta.url));
const reference = JSON.parse(
  readFileSync(new URL("../reference/finetuning.json", import.meta.url), "utf8"),
) as { readonly float64: readonly number[]; readonly float32: readonly number[] };

afterAll(() => currentEngine().close());

/** The same formulas as in the script. */
function batchOf(step: number): [Tensor, Tensor] {
  const labels = Int32Array.from({ length: batch }, (_, n) => (n * 2 + step) % classes);
  const perImage = 3 * size * size;
  const values = Float32Array.from(noise(batch * perImage, 1100 + step));
  const brighter = values.map((v, i) => v + (labels[Math.floor(i / perImage)] as number) / 4);
  return [fromOwned(brighter, [batch, 3, size, size]), fromOwned(labels, [batch])];
}

function newHead(): nn.Linear {
  const head = new nn.Linear(512, classes);
  const values = (count: number, stream: number, scale: number): Float32Array<ArrayBuffer> =>
    Float32Array.from(noise(count, stream), (v) => v * scale);
  head.loadStateDict({
    weight: fromOwned(values(512 * classes, 900, 0.05), [classes, 512]),
    bias: fromOwned(values(classes, 901, 0.01), [classes]),
  });
  return head;
}

/** Trains the network of a state dict with 1000 classes on five others. */
async function finetune(state: io.TensorDict): Promise<number[]> {
  const model = models.resnet18();
  expect(model.loadStateDict(state)).toEqual({ missingKeys: [], unexpectedKeys: [] });
  Object.assign(model, { fc: newHead() });
  const isHead = ([name]: [string, unknown]): boolean => name.startsWith("fc.");
  const named = model.namedParameters();
  const optimizer = new optim.SGD(
    [
      { params: named.filter((p) => !isHead(p)).map(([, p]) => p), lr: 2e-4 },
      { params: named.filter(isHead).map(([, p]) => p), lr: 2e-3 },
    ],
    { lr: 0.01, momentum: 0.9, weightDecay: 1e-4 },
  );
  const losses: number[] = [];
  for (let step = 0; step < reference.float64.length; step++) {
    const [x, y] = batchOf(step);
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model(x), y);
    loss.backward();
    await optimizer.step();
    losses.push(await loss.item());
  }
  return losses;
}

function expectPytorchs(losses: readonly number[]): void {
  const { float64, float32 } = reference;
  const deviations = (list: readonly number[]): number[] =>
    list.map((v, i) => Math.abs(v / (float64[i] as number) - 1));
  // Rounding is all that may differ: twice what PyTorch's own float32 is off by, and not beyond 1e-5 where that is closer.
  const allowed = Math.max(1e-5, 2 * Math.max(...deviations(float32)));
  expect(allowed).toBeLessThan(1e-3);
  expect(Math.max(...deviations(losses))).toBeLessThan(allowed);
  expect(losses.at(-1) as number).toBeLessThan((losses[0] as number) * 0.9);
}

describe("five steps of fine-tuning a ResNet-18", { timeout: 120_000 }, () => {
  it("have PyTorch's losses", async () => {
    const model = models.resnet18();
    fill(model);
    expectPytorchs(await finetune(await io.loadTorch(await io.saveTorch(model.stateDict()))));
  });

  it("have them from a file that PyTorch wrote", async (context) => {
    const { path: python, missing } = findTorch();
    context.skip(python === undefined, missing);
    const folder = await mkdtemp(join(tmpdir(), "tatami-finetuning-"));
    try {
      const file = join(folder, "resnet18.pth");
      execFileSync(python as string, [script, file]);
      expectPytorchs(await finetune(await io.loadTorch(readFileSync(file))));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
