/** Weights of a network after some steps, so that its running statistics are not those it began with. */
import { join } from "node:path";
import { createEngine, F, fromOwned, manualSeed, optim, useEngine } from "../src/index.ts";
import { saveSafetensorsFile } from "../src/node.ts";
import { buildModel } from "./model.ts";
import { imagesOf, labelsOf, type Network } from "./networks.ts";

const [steps, batch] = [3, 16];

/** Writes the file into a folder and returns its path. The engine that trains is closed again. */
export async function writeWeights(network: Network, folder: string): Promise<string> {
  const engine = createEngine({ engine: "wasm", threads: 1 });
  useEngine(engine);
  manualSeed(0);
  const model = buildModel(network);
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const { data, shape } = imagesOf(network, batch);
  for (let i = 0; i < steps; i++) {
    optimizer.zeroGrad();
    F.crossEntropy(model(fromOwned(data, shape)), fromOwned(labelsOf(batch), [batch])).backward();
    await optimizer.step();
  }
  const path = join(folder, `${network.id}.safetensors`);
  await saveSafetensorsFile(model.stateDict(), path);
  await engine.close();
  return path;
}
