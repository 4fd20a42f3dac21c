/** Models that are exported compute in PyTorch what they compute here, and go on training as they would here. */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildModel } from "../../src/cli/build.ts";
import { type DatasetName, datasets } from "../../src/cli/datasets.ts";
import { modelNames } from "../../src/cli/settings.ts";
import {
  createEngine,
  io,
  manualSeed,
  models,
  nn,
  noGrad,
  optim,
  randn,
  type Tensor,
  tensor,
  useEngine,
} from "../../src/index.ts";
import * as F from "../../src/nn/functional.ts";
import { findTorch } from "../setup/neighbours.ts";

interface Measured {
  readonly evaluated: readonly number[];
  readonly trained: readonly number[];
  readonly losses: readonly number[];
}

interface FromPython extends Measured {
  readonly keys: Readonly<Record<string, readonly number[]>>;
}

interface Exported {
  readonly make: () => nn.Module & ((x: Tensor) => Tensor);
  readonly shape: readonly number[];
}

/** A choice of `tatami train`. */
const ofCommand = (
  dataset: DatasetName,
  model: (typeof modelNames)[number],
  norm: "batch" | "none" = "batch",
): [string, Exported] => [
  `tatami train ${dataset} --model ${model} --norm ${norm}`,
  {
    make: () => buildModel({ dataset, model, norm, init: "default" }),
    shape: [4, ...datasets[dataset].imageShape],
  },
];

/**
 * Where a model cannot do with digits of 8x8 pixels: MobileNetV2 has one pixel left in its last layers, and batch norm over four
 * samples then takes PyTorch's own float32 to NaN in its third step.
 */
const datasetFor: Partial<Record<(typeof modelNames)[number], DatasetName>> = {
  lenet5: "fashion-mnist",
  "mobilenet-v2": "cifar10",
};

const everything = (): nn.Sequential =>
  new nn.Sequential({
    stem: new nn.Sequential(
      new nn.Conv2d(3, 8, [3, 5], {
        stride: [1, 2],
        padding: [1, 2],
        dilation: 1,
        groups: 1,
        paddingMode: "reflect",
      }),
      new nn.GroupNorm(4, 8, { eps: 1e-3 }),
      new nn.GELU({ approximate: "tanh" }),
      new nn.AvgPool2d(2, { padding: 1, countIncludePad: false }),
      new nn.Conv2d(8, 8, 3, { padding: "same", groups: 8, bias: false }),
      new nn.BatchNorm2d(8, { momentum: null, eps: 1e-4 }),
      new nn.LeakyReLU({ negativeSlope: 0.2 }),
      new nn.Conv2d(8, 4, 1),
      new nn.SiLU(),
      new nn.MaxPool2d(3, { stride: 2, padding: 1, ceilMode: true }),
      new nn.Dropout2d(0.1),
      new nn.AdaptiveMaxPool2d([3, 2]),
    ),
    head: new nn.Sequential(
      new nn.Flatten(),
      new nn.LayerNorm(24),
      new nn.Linear(24, 12, { bias: false }),
      new nn.BatchNorm1d(12, { affine: false }),
      new nn.PReLU(),
      new nn.ELU({ alpha: 0.5 }),
      new nn.Softplus({ beta: 2 }),
      new nn.Linear(12, 10),
    ),
  });

const cases: ReadonlyMap<string, Exported> = new Map<string, Exported>([
  ...modelNames.map((model) => ofCommand(datasetFor[model] ?? "digits", model)),
  ofCommand("digits", "cnn", "none"),
  ofCommand("cifar10", "cnn"),
  ["models.resnet34", { make: () => models.resnet34({ numClasses: 10 }), shape: [4, 3, 33, 40] }],
  ["models.resnet50", { make: () => models.resnet50({ numClasses: 10 }), shape: [4, 3, 32, 32] }],
  [
    "models.vgg11",
    { make: () => models.vgg11({ numClasses: 10, hiddenFeatures: 64 }), shape: [2, 3, 32, 32] },
  ],
  [
    "models.vgg11Bn",
    { make: () => models.vgg11Bn({ numClasses: 10, hiddenFeatures: 64 }), shape: [4, 3, 32, 32] },
  ],
  [
    "models.mobilenetV2, widthMult 0.5",
    { make: () => models.mobilenetV2({ numClasses: 10, widthMult: 0.5 }), shape: [4, 3, 32, 32] },
  ],
  [
    "a Sequential",
    { make: () => new nn.Sequential(new nn.Flatten(), new nn.Linear(12, 10)), shape: [3, 3, 2, 2] },
  ],
  ["named layers of every kind", { make: everything, shape: [6, 3, 16, 16] }],
]);

/** What the model gives here, as pytorch-export.py measures it there. */
async function measure(model: nn.Module & ((x: Tensor) => Tensor), x: Tensor, y: Tensor): Promise<Measured> {
  model.eval();
  const evaluated = Array.from(await noGrad(() => model(x)).data());
  model.train();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
  const losses: number[] = [];
  let trained: number[] = [];
  for (let step = 0; step < 2; step++) {
    optimizer.zeroGrad();
    const output = model(x).keep();
    const loss = F.crossEntropy(output, y);
    loss.backward();
    await optimizer.step();
    losses.push(await loss.item());
    if (step === 0) trained = Array.from(await output.data());
  }
  return { evaluated, trained, losses };
}

/** The largest difference. */
const gap = (a: readonly number[], b: readonly number[]): number => {
  expect(a.length).toBe(b.length);
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number))));
};

const { path: python, missing } = findTorch();
let root = "";
const ours = new Map<string, Measured & { keys: FromPython["keys"] }>();
const theirs = new Map<string, { readonly float64: FromPython; readonly float32: readonly FromPython[] }>();

/** Exports a model that has been trained for a step, so that batch norm has statistics of its own. */
async function exportCase(name: string, { make, shape }: Exported, folder: string): Promise<void> {
  // Not every number will do: where an activation lies within rounding of ReLU's kink, as one of resnet34 did at 3e-6, its
  // gradient is there or not by luck, and samples that differ in last bits need not show it. With 4 and 5, ones of resnet18 do:
  // PyTorch's own losses differ by 0.1 then. With 1 they differ by less than 0.001, and those of ResNet-34 by 0.000005.
  manualSeed(1);
  const model = make();
  const x = randn([...shape]);
  const y = tensor(
    Int32Array.from({ length: shape[0] as number }, (_, i) => (3 * i + 1) % 10),
    { dtype: "int32" },
  );
  await measure(model, randn([...shape]), y);
  model.train();
  await mkdir(folder);
  await writeFile(join(folder, "model.py"), io.pytorchSource(model, { title: name }));
  await writeFile(join(folder, "model.pt"), await io.saveTorch(model.stateDict()));
  await writeFile(join(folder, "batch.pt"), await io.saveTorch({ x, y }));
  const keys = Object.fromEntries(Object.entries(model.stateDict()).map(([key, t]) => [key, t.shape]));
  for (const layer of model.modules()) {
    if (layer instanceof nn.Dropout || layer instanceof nn.Dropout2d) layer.p = 0;
  }
  ours.set(name, { ...(await measure(model, x, y)), keys });
}

/** Sums term by term, as PyTorch forms them: Winograd's algorithm rounds two to three times as much. */
const strict = createEngine({ strict: true });

beforeAll(async () => {
  if (python === undefined) return;
  useEngine(strict);
  root = await mkdtemp(join(tmpdir(), "tatami-export-"));
  const folders: string[] = [];
  for (const [name, exported] of cases) {
    const folder = join(root, String(folders.length));
    await exportCase(name, exported, folder);
    folders.push(folder);
  }
  const script = fileURLToPath(new URL("./pytorch-export.py", import.meta.url));
  const text = execFileSync(python, [script, ...folders], { encoding: "utf8", maxBuffer: 2 ** 28 });
  const lines = text.trimEnd().split("\n");
  [...cases.keys()].forEach((name, i) => void theirs.set(name, JSON.parse(lines[i] as string)));
}, 300_000);

afterAll(async () => {
  await strict.close();
  if (root !== "") await rm(root, { recursive: true, force: true });
});

describe("a model in PyTorch", () => {
  for (const name of cases.keys()) {
    it(`gives the same outputs and losses: ${name}`, (context) => {
      context.skip(missing !== undefined, missing);
      const [here, there] = [ours.get(name), theirs.get(name)];
      if (here === undefined || there === undefined) throw new Error("it was not exported");
      expect(Object.entries(here.keys)).toEqual(Object.entries(there.float64.keys));
      for (const part of ["evaluated", "trained", "losses"] as const) {
        const truth = there.float64[part];
        const size = Math.max(...truth.map(Math.abs));
        // Four times the largest error of PyTorch's own float32 among samples that differ in last bits of the weights: a single
        // one may be a tenth of the next where batch norm has a few pixels. Or what a few hundred roundings of the largest
        // value may come to.
        const rounding = Math.max(...there.float32.map((sample) => gap(sample[part], truth)));
        const allowed = Math.max(4 * rounding, 2e-5 * size);
        expect([part, gap(here[part], truth) <= allowed, gap(here[part], truth), allowed]).toEqual([
          part,
          true,
          expect.anything(),
          allowed,
        ]);
      }
    });
  }
});
