/**
 * What the studio says about networks that were broken on purpose, and that it says nothing about healthy ones: short
 * trainings on handwritten digits, recorded in code as users do it, and read through the command that serves them.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { data, F, manualSeed, models, nn, noGrad, optim, train } from "../../src/index.ts";
import { RunDirectory, RunRecorder } from "../../src/node.ts";
import { OpenEpoch } from "../../src/studio/open-epoch.ts";
import type { RunDetail, VerdictText } from "../../src/studio/protocol.ts";
import { RunStore } from "../../src/studio/run-store.ts";
import { buildPackage, type Serving, tatamiServing, temporaryFolder } from "../cli/command.test-helper.ts";
import { chromiumFound, launchChromium, listen } from "./studio.test-helper.ts";

interface Recipe {
  readonly model: () => train.Model & nn.Module;
  /** 1e-3 by default. */
  readonly lr?: number;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Trains on 1280 digits, 40 steps an epoch, and records it. @returns The run's id. */
async function record(out: string, name: string, { model: make, lr = 1e-3 }: Recipe): Promise<string> {
  manualSeed(1);
  const model = make();
  const images = new data.Digits({ split: "train" });
  const run = await RunDirectory.create(out, { name, seed: 1 });
  await train.fit(model, {
    loader: new data.DataLoader(new data.Subset(images, range(0, 1280)), { batchSize: 32, shuffle: true }),
    validation: new data.DataLoader(new data.Subset(images, range(1280, 1400)), { batchSize: 120 }),
    loss: F.crossEntropy,
    metrics: { accuracy: train.accuracy },
    optimizer: new optim.Adam(model.parameters(), { lr }),
    epochs: 4,
    callbacks: [new RunRecorder(run.path, { classes: images.classes }), new train.RunLogger(run)],
  });
  await run.finish("done");
  return run.info.id;
}

/** Weights and biases times a factor. */
function times<M extends nn.Module>(factor: number, model: M): M {
  noGrad(() => {
    for (const p of model.parameters()) p.mul_(factor);
  });
  return model;
}

const plain = () => new models.Cnn({ widths: [8, 16, 32], norm: "none", poolSize: 2 });
const sigmoids = () =>
  new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(64, 64),
    ...range(0, 20).flatMap(() => [new nn.Sigmoid(), new nn.Linear(64, 64)]),
    new nn.Linear(64, 10),
  );

const healthy: Record<string, Recipe> = {
  "healthy convolutions": { model: plain },
  "healthy perceptron": { model: () => new models.MLP(64) },
  "healthy batch norm at the command's learning rate": {
    model: () => new models.Cnn({ widths: [32, 64, 128] }),
    lr: 0.01,
  },
};

interface Broken extends Recipe {
  /** The rules that fit: at least one of them speaks, and is about what is the matter. */
  readonly fits: readonly string[];
  /** Something is said before this step: by default, the second of four epochs is not over. */
  readonly before?: number;
}

const broken: Record<string, Broken> = {
  "initialisation times 10": { model: () => times(10, plain()), fits: ["initial-loss"] },
  // It learns a little, and with other last bits of a gradient sooner or later.
  "learning rate times 30": { model: plain, lr: 0.03, fits: ["learning-rate-too-high"], before: 150 },
  "learning rate times 100": { model: plain, lr: 0.1, fits: ["learning-rate-too-high"] },
  "learning rate times 30, batch norm": {
    model: () => new models.Cnn({ widths: [32, 64, 128] }),
    lr: 0.3,
    fits: ["learning-rate-too-high"],
  },
  "initialisation of zeros": { model: () => times(0, plain()), fits: ["constant-outputs"] },
  "twenty layers of sigmoid": { model: sigmoids, fits: ["vanishing-gradients"] },
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let studio: Serving;
const ids = new Map<string, string>();

beforeAll(async () => {
  await buildPackage();
  folder = await temporaryFolder();
  for (const [name, recipe] of Object.entries({ ...healthy, ...broken }))
    ids.set(name, await record(folder.path, name.replace(/\W+/g, "-"), recipe));
  studio = await tatamiServing(folder.path, ["studio", "--port", "47400", "--out", "."]);
}, 240_000);

afterAll(async () => {
  studio?.child.kill("SIGKILL");
  await studio?.ended;
  await folder?.[Symbol.asyncDispose]();
});

async function verdictsOf(name: string): Promise<readonly VerdictText[]> {
  const answer = await fetch(`${studio.url}api/runs/${ids.get(name)}`);
  return ((await answer.json()) as RunDetail).verdicts;
}

const told = (verdicts: readonly VerdictText[]): string[] =>
  verdicts.map(
    ({ rule, layer, epoch, current, text }) =>
      `${rule} ${layer ?? ""} ${epoch} ${current}: ${text.en.message}`,
  );

/** What was said while the training went on: asked after each record, as a page asks that follows it. */
async function saidOnTheWay(name: string): Promise<{ rule: string; step: number }[]> {
  const reader = await new RunStore(folder.path).open(ids.get(name) ?? "");
  if (reader === null) throw new Error(`there is no run of "${name}"`);
  const [open, losses] = [new OpenEpoch(), reader.steps.column("loss")];
  return reader.layers.records.flatMap(({ step }) => {
    const epoch = Math.ceil(step / 40);
    const window = {
      epoch,
      firstStep: 40 * (epoch - 1) + 1,
      lastStep: step,
      losses: [...losses.subarray(0, step)],
      epochs: reader.head.epochs.slice(0, epoch - 1),
    };
    return open.verdicts(reader.layers, window, 10).map(({ rule }) => ({ rule, step }));
  });
}

describe("a healthy run shows no verdict", () => {
  it.each(Object.keys(healthy))("%s", async (name) => {
    expect(told(await verdictsOf(name))).toEqual([]);
    expect(await saidOnTheWay(name)).toEqual([]);
  });
});

describe("a broken run shows a verdict that fits", () => {
  it.each(Object.entries(broken))("%s", async (name, { fits, before = 80 }) => {
    const verdicts = await verdictsOf(name);
    expect(verdicts.map(({ rule }) => rule)).toEqual(expect.arrayContaining([...fits]));
    expect((await saidOnTheWay(name)).filter(({ step }) => step < before)).not.toEqual([]);
  });
});

describe("in the browser", () => {
  it("a verdict stands beside the curves with what explains it; a healthy run has none", async (context) => {
    if (chromiumFound.path === undefined) return context.skip(chromiumFound.missing);
    const browser = await launchChromium(chromiumFound.path);
    try {
      const page = await browser.newPage({ locale: "en" });
      page.setDefaultTimeout(15_000);
      const complaints: string[] = [];
      listen(page, complaints);
      await page.goto(`${studio.url}?run=${ids.get("twenty layers of sigmoid")}`);
      const verdict = page.locator('[data-rule="vanishing-gradients"]');
      await verdict.getByText(/The gradient that reaches layer \d+ is .* times as long/).waitFor();
      await verdict.getByText("Vanishing and exploding gradients").click();
      await verdict.getByText(/^Twenty layers deep: which activation/).waitFor();
      await verdict.getByText("tatami lab gradients", { exact: true }).waitFor();
      await page.getByRole("button", { name: "日本語" }).click();
      await verdict.getByText("勾配消失と勾配爆発").waitFor();
      await verdict.getByText(/20 層のネットワーク/).waitFor();

      await page.goto(`${studio.url}?run=${ids.get("healthy convolutions")}&lang=en`);
      await page.getByText("Nothing is wrong as far as the rules can tell.").waitFor();
      expect(await page.locator("[data-rule]").count()).toBe(0);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  }, 60_000);
});
