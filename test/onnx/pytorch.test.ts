/** Files that PyTorch writes: what they give here is what PyTorch gives, and so are the gradients of what can be learned. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { importOnnx, type OnnxModule } from "../../src/io/index.ts";
import { fromOwned } from "../../src/tensor/create.ts";
import { noGrad } from "../../src/tensor/grad-mode.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { findTorch } from "../setup/neighbours.ts";
import { difference } from "./runtime.test-helper.ts";

interface Expected {
  readonly input: readonly number[];
  readonly shape: readonly number[];
  readonly result: readonly number[];
  /** Norms of the gradients of the sum of squares, by the names of the parameters. */
  readonly gradients?: Readonly<Record<string, number>>;
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
    const input = fromOwned(data, expected.input);
    const y = noGrad(() => network(input));
    expect([...y.shape], name).toEqual(expected.shape);
    const { worst, scale } = difference(expected.result, await y.data());
    // Two libraries that add up float32 in orders of their own.
    expect(worst / scale, name).toBeLessThan(2e-5);
    if (Object.keys(expected.gradients ?? {}).length > 0)
      await compareGradients(network, input, expected, name);
  }
  return names;
}

/** Every parameter of the model is one here, under its name, and its gradient has the norm that it has there. */
async function compareGradients(
  network: OnnxModule,
  input: Tensor,
  { gradients = {} }: Expected,
  name: string,
): Promise<void> {
  network(input).square().sum().backward();
  const norms = await Promise.all(
    network.namedParameters().map(async ([key, { grad }]) => [key, await grad?.norm().item()] as const),
  );
  const found = Object.fromEntries(norms);
  const largest = Math.max(...Object.values(gradients));
  for (const [key, norm] of Object.entries(gradients)) {
    const error = Math.abs((found[key] ?? Number.NaN) - norm);
    // Some gradients are sums that cancel out: rounding errors beside the others.
    expect(error / Math.max(norm, 1e-3 * largest), `${name}, ${key}`).toBeLessThan(1e-4);
  }
}

it("reads files that are kept here", async () => {
  const folder = fileURLToPath(new URL("../reference/testdata/onnx", import.meta.url));
  expect(await compareAll(folder)).toHaveLength(4);
});

it("reads networks with all that PyTorch writes for them, those of torchvision among them", {
  timeout: 240_000,
}, async (context) => {
  const torch = findTorch();
  context.skip(torch.path === undefined, torch.missing);
  const script = fileURLToPath(new URL("../reference/export_onnx.py", import.meta.url));
  const folder = mkdtempSync(`${tmpdir()}/tatami-onnx-`);
  try {
    const { status, stderr } = spawnSync(torch.path as string, [script, folder], { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    expect((await compareAll(folder)).length).toBeGreaterThan(90);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
