/** `tatami export`: PyTorch takes a run over, and goes on with it as we would. On the built package. */
import { execFileSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { buildModel, buildOptimizer } from "../../src/cli/build.ts";
import { completeSettings, type optimizerNames } from "../../src/cli/settings.ts";
import { F, io, randn, Tensor, tensor } from "../../src/index.ts";
import { CheckpointFolder } from "../../src/train/checkpoint-folder.ts";
import { restoreTrainingState } from "../../src/train/index.ts";
import { findPython, findTorch } from "../setup/neighbours.ts";
import { buildPackage, tatami, temporaryFolder } from "./command.test-helper.ts";

beforeAll(buildPackage, 120_000);

const steps = 3;

/** Goes on for some steps in PyTorch, with the lines of the exported README up to its loop. */
const goOn = `
import json, re, sys
from pathlib import Path
source = re.search("\`\`\`python\\n(.*?)net.train\\(\\)", Path("README.md").read_text(), re.S).group(1)
exec(source)
batch = torch.load("batch.pt")
net.train()
losses = []
for _ in range(${steps}):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(net(batch["x"]), batch["y"].long())
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(json.dumps(losses))
`;

/** The same here, from the run's checkpoint. */
async function goOnHere(
  run: string,
  optimizerName: (typeof optimizerNames)[number],
  x: Tensor,
  y: Tensor,
): Promise<number[]> {
  const settings = completeSettings({ dataset: "digits", model: "mlp", epochs: 1, optimizer: optimizerName });
  const model = buildModel(settings);
  const { optimizer } = buildOptimizer(model, settings, 1);
  const found = await new CheckpointFolder(join(run, "checkpoints")).load();
  restoreTrainingState(found?.state ?? null, { model, optimizer });
  for (const group of optimizer.paramGroups) group.lr = settings.lr / 10;
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model(x), y);
    loss.backward();
    await optimizer.step();
    losses.push(await loss.item());
  }
  return losses;
}

describe("tatami export", { timeout: 60_000 }, () => {
  it.for(["adam", "sgd", "nadam", "rmsprop"] as const)(
    "goes on in PyTorch with the state of %s",
    async (optimizer, context) => {
      const { path: python, missing } = findTorch();
      context.skip(python === undefined, missing);
      await using folder = await temporaryFolder();
      const words = [
        "train",
        "digits",
        "--model",
        "mlp",
        "--epochs",
        "1",
        "--optimizer",
        optimizer,
        "--no-studio",
        "--json",
      ];
      const trained = await tatami(folder.path, words);
      const run = String(trained.events.at(-1)?.run);
      const exported = await tatami(folder.path, ["export", "--to", "pytorch", "--out", "for-torch"]);
      expect([exported.code, exported.stderr]).toEqual([0, ""]);
      const out = join(folder.path, "for-torch");
      expect((await readdir(out)).sort()).toEqual([
        "README.md",
        "model.pt",
        "model.py",
        "model.safetensors",
        "optimizer.pt",
      ]);
      const x = randn([16, 1, 8, 8]);
      const y = tensor(
        Int32Array.from({ length: 16 }, (_, i) => i % 10),
        { dtype: "int32" },
      );
      await writeFile(join(out, "batch.pt"), await io.saveTorch({ x, y }));
      const theirs = JSON.parse(
        execFileSync(python as string, ["-c", goOn], { cwd: out, encoding: "utf8" }),
      ) as number[];
      const ours = await goOnHere(join(folder.path, run), optimizer, x, y);
      // Rounding in another order: some 1e-6 of the loss in the first step, and little more after three.
      theirs.forEach((loss, i) => void expect(Math.abs(loss / (ours[i] as number) - 1)).toBeLessThan(2e-5));
      expect(new Set(ours).size).toBe(steps);
    },
  );

  it("writes safetensors that are the run's weights, into the run's folder", async () => {
    await using folder = await temporaryFolder();
    const trained = await tatami(folder.path, [
      "train",
      "--model",
      "mlp",
      "--epochs",
      "1",
      "--no-studio",
      "--json",
    ]);
    const run = String(trained.events.at(-1)?.run);
    const { code, stdout, events } = await tatami(folder.path, [
      "export",
      run,
      "--to",
      "safetensors",
      "--json",
    ]);
    expect(code).toBe(0);
    expect(events[0]).toMatchObject({
      to: "safetensors",
      folder: join(run, "safetensors"),
      files: ["model.safetensors"],
    });
    expect(stdout.split("\n")).toHaveLength(2);
    const read = async (path: string): Promise<Record<string, number[]>> => {
      const tensors = Object.entries(io.loadSafetensors(await readFile(join(folder.path, path))));
      return Object.fromEntries(
        await Promise.all(tensors.map(async ([k, t]) => [k, Array.from(await t.data())])),
      );
    };
    expect(await read(join(run, "safetensors", "model.safetensors"))).toEqual(
      await read(join(run, "model.safetensors")),
    );

    const wrong = await tatami(folder.path, ["export", run, "--to", "onx"]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("onx")]);
  });

  it("writes an ONNX file that says what the run does, for any batch", async () => {
    await using folder = await temporaryFolder();
    const words = ["train", "--model", "cnn", "--epochs", "1", "--no-studio", "--json"];
    const run = String((await tatami(folder.path, words)).events.at(-1)?.run);
    const { code, events } = await tatami(folder.path, ["export", run, "--to", "onnx", "--json"]);
    expect(code).toBe(0);
    expect(events[0]).toMatchObject({ to: "onnx", files: ["model.onnx"] });
    const network = io.importOnnx(await readFile(join(folder.path, run, "onnx", "model.onnx")));
    const model = buildModel(completeSettings({ dataset: "digits", model: "cnn" }));
    model.loadStateDict(io.loadSafetensors(await readFile(join(folder.path, run, "model.safetensors"))));
    model.eval();
    const x = randn([5, 1, 8, 8]);
    const [theirs, ours] = [await network(x).data(), await model(x).data()];
    expect(theirs.length).toBe(50);
    theirs.forEach((logit, i) => void expect(logit).toBeCloseTo(ours[i] as number, 4));
  });

  it("writes safetensors that Python's package reads, and reads what that wrote", async (context) => {
    const { path: python, missing } = findPython(
      "safetensors",
      "no python3 with safetensors; python3 -m pip install safetensors",
    );
    const torch = findTorch();
    context.skip(python === undefined, missing);
    context.skip(torch.path === undefined, torch.missing);
    await using folder = await temporaryFolder();
    const tensors = { weight: randn([3, 4]), steps: tensor([5, -6], { dtype: "int32" }) };
    await writeFile(join(folder.path, "ours.safetensors"), await io.saveSafetensors(tensors));
    const script = `
from safetensors.torch import load_file, save_file
found = load_file("ours.safetensors")
save_file({key: value * 2 for key, value in found.items()}, "theirs.safetensors")
`;
    execFileSync(python as string, ["-c", script], { cwd: folder.path });
    const theirs = io.loadSafetensors(await readFile(join(folder.path, "theirs.safetensors")));
    expect(Object.keys(theirs).sort()).toEqual(["steps", "weight"]);
    for (const [name, t] of Object.entries(tensors)) {
      expect(theirs[name]).toBeInstanceOf(Tensor);
      expect(await theirs[name]?.array()).toEqual(await t.mul(2).array());
    }
  });
});
