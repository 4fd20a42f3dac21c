/**
 * Every layer, by the samples of its `*.cases.ts`: the file that it becomes gives what it gives itself, read back and, where
 * it is installed, run by onnxruntime.
 */
import { describe, it } from "vitest";
import { Module } from "../../src/nn/module.ts";
import type { Sample } from "../../src/ops/op-cases.test-helper.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { families, keyOf, tensorsOf } from "../conformance/collect.ts";
import { expectExchange } from "./exchange.test-helper.ts";

/** A sample's layer as a module of its inputs and parameters. */
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

describe("layers", () => {
  for (const op of families.filter((f) => f.name === "layers").flatMap((f) => f.ops)) {
    it(op.op, { timeout: 60_000 }, async () => {
      // Those that give running statistics make the layer inside of forward, where nothing of it is computed.
      for (const sample of op.samples.filter((s) => !s.name.startsWith("statistics"))) {
        const inputs = tensorsOf(op, sample, "float32");
        // The oldest and the newest operator set, whose forms of some operators differ.
        for (const opsetVersion of [17, 21]) {
          const options = { dynamicBatch: false, training: "training", opsetVersion } as const;
          await expectExchange(
            new Case(sample.run),
            { examples: inputs, inputs, options },
            keyOf(op, sample),
          );
        }
      }
    });
  }
});
