/** Files that PyTorch writes: what they give here is what PyTorch gives. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { importOnnx } from "../../src/io/index.ts";
import { fromOwned } from "../../src/tensor/create.ts";
import { noGrad } from "../../src/tensor/grad-mode.ts";
import { findTorch } from "../setup/neighbours.ts";
import { difference } from "./runtime.test-helper.ts";

interface Expected {
  readonly input: readonly number[];
  readonly shape: readonly number[];
  readonly result: readonly number[];
}

/** Every file of a folder, against the values beside it. */
async function compareAll(folder: string): Promise<string[]> {
  const names = readdirSync(folder).filter((name) => name.endsWith(".onnx"));
  for (const name of names) {
    const expected = JSON.parse(
      readFileSync(`${folder}/${name.replace(".onnx", ".json")}`, "utf8"),
    ) as Expected;
    const count = expected.input.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: count }, (_, i) => ((i * 37) % 101) / 50 - 1);
    const network = importOnnx(readFileSync(`${folder}/${name}`));
    const y = noGrad(() => network(fromOwned(data, expected.input)));
    expect([...y.shape], name).toEqual(expected.shape);
    const { worst, scale } = difference(expected.result, await y.data());
    // Two libraries that add up float32 in orders of their own.
    expect(worst / scale, name).toBeLessThan(2e-5);
  }
  return names;
}

it("reads files that are kept here", async () => {
  const folder = fileURLToPath(new URL("../reference/testdata/onnx", import.meta.url));
  expect(await compareAll(folder)).toHaveLength(4);
});

it("reads networks with all that PyTorch writes for them", { timeout: 120_000 }, async (context) => {
  const torch = findTorch();
  context.skip(torch.path === undefined, torch.missing);
  const script = fileURLToPath(new URL("../reference/export_onnx.py", import.meta.url));
  const folder = mkdtempSync(`${tmpdir()}/tatami-onnx-`);
  try {
    const { status, stderr } = spawnSync(torch.path as string, [script, folder], { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    expect((await compareAll(folder)).length).toBeGreaterThan(35);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
