/**
 * The ONNX standard's own tests of single operators, which the Python package onnx brings: every model that the reader
 * takes has to give the values that stand beside it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hostOf } from "../../src/io/onnx/import/values.ts";
import { decodeTensor } from "../../src/io/onnx/read-model.ts";
import { importOnnx } from "../../src/io/index.ts";
import { noGrad } from "../../src/tensor/grad-mode.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { findOnnxTests } from "../setup/neighbours.ts";

const { path, missing } = findOnnxTests();

const read = (file: string) => hostOf(decodeTensor(readFileSync(file), file));

async function run(folder: string): Promise<void> {
  const network = importOnnx<Tensor | Record<string, Tensor>>(readFileSync(`${folder}/model.onnx`));
  const data = `${folder}/test_data_set_0`;
  const count = readdirSync(data).filter((name) => name.startsWith("input_")).length;
  const inputs = Array.from({ length: count }, (_, i) => read(`${data}/input_${i}.pb`).tensor);
  const output = noGrad(() => network(...inputs));
  const outputs = output instanceof Tensor ? [output] : Object.values(output);
  for (const [i, tensor] of outputs.entries()) {
    if (!existsSync(`${data}/output_${i}.pb`)) continue;
    const expected = read(`${data}/output_${i}.pb`);
    expect([...tensor.shape]).toEqual([...expected.shape]);
    const found = await tensor.data();
    expected.tensor; 
    const truth = await expected.tensor.data();
    truth.forEach((value, k) => {
      const got = found[k] as number;
      if (Object.is(value, got) || value === got) return;
      // The tolerance of the standard's own runner.
      const close = Math.abs(got - value) <= 1e-7 + 1e-3 * Math.abs(value);
      if (!close) throw new Error(`output ${i}, element ${k}: ${got}, expected ${value}`);
    });
  }
}

describe("the standard's tests", () => {
  it("all", async () => {
    let ok = 0; const unsupported: string[] = []; const fails: string[] = [];
    for (const name of readdirSync(path as string)) {
      try { await run(`${path}/${name}`); ok++; } catch (e) { const m = (e as Error).message; if (/that are not supported: /.test(m)) unsupported.push(m.split("supported: ")[1]!.split(";")[0]!); else fails.push(`${name}: ${m.split("\n")[0]!.slice(0,200)}`); }
    }
    console.log(fails.join("\n")); console.log(ok, fails.length, unsupported.length); console.log([...new Set(unsupported)].join(" | "));
  }, 600000);
});
