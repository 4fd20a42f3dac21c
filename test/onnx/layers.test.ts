/**
 * Every layer, by the samples of its `*.cases.ts`: exported, run by onnxruntime, and compared with what
 * it gives here.
 */
import { describe, expect, it } from "vitest";
import { exportOnnx } from "../../src/io/index.ts";
import { Module } from "../../src/nn/module.ts";
import type { Sample } from "../../src/ops/op-cases.test-helper.ts";
import { noGrad } from "../../src/tensor/grad-mode.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { families, keyOf, tensorsOf } from "../conformance/collect.ts";
import { difference, missingRuntime, runOnnx } from "./runtime.test-helper.ts";

/** A sample's operation as a module of its inputs. */
class Case extends Module {
  run: Sample["run"];

  constructor(run: Sample["run"]) {
    super();
    this.run = run;
  }

  forward(...inputs: Tensor[]): Tensor[] {
    return [this.run(...inputs.map((x) => x.node))].flat().map((node) => new Tensor(node));
  }
}

for (const { name, ops } of families.filter((f) => f.name === "layers")) {
  describe(name, () => {
    for (const op of ops) {
      it(op.op, async (context) => {
        context.skip(missingRuntime !== undefined, missingRuntime);
        // Those that give running statistics make the layer inside of forward, where nothing of it is computed.
        for (const sample of op.samples.filter((s) => !s.name.startsWith("statistics"))) {
          const inputs = tensorsOf(op, sample, "float32");
          const model = new Case(sample.run);
          const bytes = await exportOnnx(model, inputs, { dynamicBatch: false, training: "preserve" });
          const names = inputs.length === 1 ? ["input"] : inputs.map((_, i) => `input_${i}`);
          const outputs = await runOnnx(
            bytes,
            Object.fromEntries(names.map((n, i) => [n, inputs[i] as Tensor])),
          );
          const expected = noGrad(() => model(...inputs));
          for (const [i, tensor] of expected.entries()) {
            expect(outputs[i]?.shape, keyOf(op, sample)).toEqual([...tensor.shape]);
            const { worst, scale } = difference(await tensor.data(), outputs[i]?.data ?? []);
            // Both add up float32 in an order of their own: some tens of rounding errors of the largest element.
            expect(worst / Math.max(scale, 1e-2), keyOf(op, sample)).toBeLessThan(1e-5);
          }
        }
      });
    }
  });
}
