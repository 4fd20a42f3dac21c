/**
 * `tatami eval RUN`: measures a run's model on the test images.
 */
import { F } from "../index.ts";
import { accuracy, evaluate } from "../train/index.ts";
import { datasets, type SourceOptions } from "./datasets.ts";
import { chooseEngine, type EngineChoice } from "./engine.ts";
import { loadRun } from "./load-run.ts";
import { type Output, percent } from "./output.ts";
import { evaluationLoader } from "./training-data.ts";

/** The command's options. */
export interface EvalOptions extends EngineChoice {
  readonly run: string;
  readonly out: string;
  readonly source: SourceOptions;
}

export async function evalCommand(options: EvalOptions, output: Output): Promise<void> {
  chooseEngine(options);
  const { path, settings, model } = await loadRun(options.run, options.out);
  const preset = datasets[settings.dataset];
  const test = await preset.load("test", options.source);
  const loader = evaluationLoader(test);
  const { loss, accuracy: share = 0 } = await evaluate(model, {
    loader,
    loss: F.crossEntropy,
    metrics: { accuracy },
  });
  output.event("done", { run: path, testAccuracy: share, testLoss: loss, images: test.length });
  output.line(
    `Test accuracy ${percent(share)} (loss ${loss.toFixed(4)}) on ${test.length.toLocaleString("en-US")} images of ` +
      `${preset.title}: ${path}`,
  );
}
