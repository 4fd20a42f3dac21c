/** Exports a module and runs the file in both ways that there are: by `importOnnx`, and by onnxruntime where it is. */
import { expect } from "vitest";
import { type ExportOnnxOptions, exportOnnx, importOnnx } from "../../src/io/index.ts";
import type { Module } from "../../src/nn/module.ts";
import { noGrad } from "../../src/tensor/grad-mode.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { difference, missingRuntime, runOnnx } from "./runtime.test-helper.ts";

/** Tensors of an output, in order. */
export function listed(output: unknown): Tensor[] {
  if (output instanceof Tensor) return [output];
  return Object.values(output as Record<string, Tensor>);
}

export interface Exchange {
  /** What to export with; onnxruntime gets none of it where null. */
  readonly examples: readonly Tensor[];
  /** What to run on. */
  readonly inputs: readonly Tensor[];
  readonly options?: ExportOnnxOptions;
  /** How far results may be off, relative to the largest element: some tens of rounding errors by default. */
  readonly tolerance?: number;
}

/** Both give what the module itself gives. */
export async function expectExchange(model: Module, exchange: Exchange, label = ""): Promise<Uint8Array> {
  const { examples, inputs, options = {}, tolerance = 1e-5 } = exchange;
  const bytes = await exportOnnx(model, examples, options);
  const expected = listed(noGrad(() => model(...(inputs as never[]))));
  const network = importOnnx<unknown>(bytes);
  // What no operator reads is no input of the run.
  const imported = listed(noGrad(() => network(...inputs)));
  const names = network.inputNames;
  const outputs =
    missingRuntime === undefined
      ? await runOnnx(bytes, Object.fromEntries(names.map((name, i) => [name, inputs[i] as Tensor])))
      : null;
  for (const [i, tensor] of expected.entries()) {
    const truth = await tensor.data();
    const near = (data: ArrayLike<number>, shape: readonly number[], who: string): void => {
      expect([...shape], `${label} ${who}`).toEqual([...tensor.shape]);
      const { worst, scale } = difference(truth, data);
      expect(worst / Math.max(scale, 1e-2), `${label} ${who}, output ${i}`).toBeLessThanOrEqual(tolerance);
    };
    const again = imported[i] as Tensor;
    near(await again.data(), again.shape, "importOnnx");
    const output = outputs?.[i];
    if (output !== undefined) near(output.data, output.shape, "onnxruntime");
  }
  return bytes;
}
