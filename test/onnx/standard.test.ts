/**
 * The ONNX standard's own tests of single operators, which the Python package onnx brings: of every model that is not
 * refused, results are the values that stand beside it.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { importOnnx } from "../../src/io/index.ts";
import { type Host, hostOf } from "../../src/io/onnx/import/values.ts";
import { decodeTensor } from "../../src/io/onnx/read-model.ts";
import { noGrad } from "../../src/tensor/grad-mode.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { findOnnx } from "../setup/neighbours.ts";

const { path: python, missing } = findOnnx();
const script = fileURLToPath(new URL("../reference/dump_onnx_tests.py", import.meta.url));

const read = (file: string): Host => hostOf(decodeTensor(readFileSync(file), file));

/** Tolerances of the standard's own runner, and rounding errors of types that are wider here. */
const tolerances: Readonly<Record<string, number>> = { float16: 2 ** -9, bfloat16: 2 ** -6 };

async function compare(found: Tensor, expected: Host, name: string): Promise<void> {
  expect([...found.shape], name).toEqual([...expected.shape]);
  const [values, truth] = [await found.data(), await expected.tensor.data()];
  const relative = tolerances[expected.type] ?? 1e-3;
  truth.forEach((value, i) => {
    const got = values[i] as number;
    if (Object.is(value, got) || value === got || Math.abs(got - value) <= 1e-7 + relative * Math.abs(value))
      return;
    throw new Error(`${name}, element ${i}: ${got}, expected ${value}`);
  });
}

async function run(folder: string): Promise<void> {
  const network = importOnnx<Tensor | Record<string, Tensor>>(readFileSync(`${folder}/model.onnx`));
  const data = `${folder}/test_data_set_0`;
  const inputs = network.inputNames.map((_, i) => read(`${data}/input_${i}.pb`).tensor);
  const output = noGrad(() => network(...inputs));
  const outputs = output instanceof Tensor ? [output] : Object.values(output);
  for (const [i, tensor] of outputs.entries()) {
    const file = `${data}/output_${i}.pb`;
    if (existsSync(file)) await compare(tensor, read(file), `output ${i}`);
  }
}

/** What cannot be equal, and why. */
const exceptions: readonly (readonly [RegExp, string])[] = [
  [/bernoulli/, "draws numbers of another generator"],
  [/training_dropout/, "draws numbers, or is told only by an operand that it trains"],
  [/reduce_(max|min)_empty_set/, "nothing has no maximum here"],
  [/cast.*_to_(BFLOAT16|FLOAT16)/, "halves are float32 here, and not rounded"],
];

/** Refusals, which name what is not supported. */
const refusals = /not supported|depends on values of the input/;

it("operators give the standard's values", { timeout: 300_000 }, async (context) => {
  context.skip(python === undefined, missing);
  const folder = mkdtempSync(`${tmpdir()}/tatami-onnx-`);
  try {
    const { status, stderr } = spawnSync(python as string, [script, folder], { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    const wrong: string[] = [];
    let [passed, refused] = [0, 0];
    for (const name of readdirSync(folder)) {
      if (exceptions.some(([pattern]) => pattern.test(name))) continue;
      try {
        await run(`${folder}/${name}`);
        passed++;
      } catch (error) {
        if (refusals.test((error as Error).message)) refused++;
        else wrong.push(`${name}: ${(error as Error).message}`);
      }
    }
    expect(wrong).toEqual([]);
    // onnx 1.12 has some 1000 tests, 1.23 some 1850; about two thirds are of operators that are supported.
    expect(passed).toBeGreaterThan(600);
    expect(refused).toBeLessThan(passed);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
