/**
 * `tatami summary [dataset]`: the layers of a model, with shapes, parameters and work per image.
 */
import { summary } from "../inspect/index.ts";
import { buildModel } from "./build.ts";
import { datasets } from "./datasets.ts";
import type { Output } from "./output.ts";
import { type ChosenSettings, completeSettings } from "./settings.ts";

export function summaryCommand(chosen: ChosenSettings, output: Output): void {
  const settings = completeSettings(chosen);
  const result = summary(buildModel(settings), [1, ...datasets[settings.dataset].imageShape]);
  const { inputShape, layers, parameters, flops } = result;
  output.event("summary", { model: settings.model, inputShape, layers, parameters, flops });
  output.line(String(result));
}
