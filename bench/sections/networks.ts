/** Whole training steps, and inference, of the networks in all libraries. */
import { type Bench, same } from "../bench.ts";
import { compare, isMeasured, type Outcome } from "../compare.ts";
import { comparisonRows, medianOf, milliseconds, torchMedian, type Wanted } from "../figures.ts";
import { figureNames, goalBatch, inferenceBatches, inferenceGoalOf, trainingGoal } from "../goals.ts";
import { type Library, ourIds } from "../libraries.ts";
import type { Network } from "../networks.ts";

const allBatches = [1, 16, 64, 256];
const header = ["network", "batch", "library", "time", "native is faster", "wasm is faster"];

async function outcomesOf(
  bench: Bench,
  kind: "train" | "infer",
  network: Network,
  batch: number,
): Promise<Map<Library, Outcome>> {
  const weights = await bench.weights(network);
  return compare(same(bench.libraries, { kind, network, batch, weights }), bench);
}

/** Forward, loss, backward and Adam, on a batch that the host has: the copy to a device is part of the step. */
export async function benchTraining(bench: Bench): Promise<void> {
  const rows: string[][] = [];
  const preparing: string[][] = [];
  for (const network of bench.networks) {
    for (const batch of bench.batches ?? (bench.all ? allBatches : [goalBatch])) {
      const outcomes = await outcomesOf(bench, "train", network, batch);
      const wanted: Wanted = (library, engine) => trainingGoal(network.id, batch, library, engine);
      rows.push(...comparisonRows(outcomes, wanted).map((row) => [network.name, String(batch), ...row]));
      for (const [library, outcome] of outcomes) {
        if (!isMeasured(outcome) || outcome.preparing === undefined) continue;
        preparing.push([network.name, String(batch), library.name, milliseconds(outcome.preparing)]);
      }
      if (batch !== goalBatch) continue;
      for (const engine of ourIds) {
        const ratio = torchMedian(outcomes) / medianOf(outcomes, engine);
        bench.figures.set(figureNames.training(network.id, engine), ratio);
      }
    }
  }
  bench.report.table(
    "Whole training steps, Adam",
    "The images have other classes at each step: a network that knows its one batch by heart computes with numbers so small that processors are slow with them. A turn ends when its last step is done.",
    header,
    rows,
  );
  bench.report.table(
    "Of a training step, until the engine has its program",
    "Building the graph in JavaScript and finding the program of that structure, while the step before is computed on the same cores.",
    ["network", "batch", "library", "time"],
    preparing,
  );
}

/** Outputs on the host for a batch on the host, in evaluation mode and without gradients. */
export async function benchInference(bench: Bench): Promise<void> {
  const rows: string[][] = [];
  for (const network of bench.networks) {
    for (const batch of bench.batches ?? (bench.all ? allBatches : inferenceBatches)) {
      const outcomes = await outcomesOf(bench, "infer", network, batch);
      const wanted: Wanted = (library, engine) => inferenceGoalOf(network.id, batch, library, engine);
      rows.push(...comparisonRows(outcomes, wanted).map((row) => [network.name, String(batch), ...row]));
      const native = medianOf(outcomes, "onnxruntime-node") / medianOf(outcomes, "native");
      const wasm = medianOf(outcomes, "onnxruntime-web") / medianOf(outcomes, "wasm");
      bench.figures.set(figureNames.inference(network.id, batch, "native"), native);
      bench.figures.set(figureNames.inference(network.id, batch, "wasm"), wasm);
    }
  }
  bench.report.table(
    "Inference",
    "Tatami by way of `compile`, as the models that onnxruntime runs are compiled; images are new at each call.",
    header,
    rows,
  );
}
