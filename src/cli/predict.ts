/**
 * `tatami predict FILE...`: what a run's model sees in image files.
 */
import { compile, noGrad } from "../index.ts";
import { datasets, type SourceOptions } from "./datasets.ts";
import { chooseEngine, type EngineChoice } from "./engine.ts";
import { readImage } from "./image-file.ts";
import { loadRun } from "./load-run.ts";
import { type Output, percent } from "./output.ts";

/** The command's options. */
export interface PredictOptions extends EngineChoice {
  readonly files: readonly string[];
  readonly run: string;
  readonly out: string;
  /** Whether dark and light are exchanged: the datasets have light strokes on a dark ground. */
  readonly invert: boolean;
  readonly source: SourceOptions;
}

/** Classes shown for each image. */
const shown = 3;

export async function predict(options: PredictOptions, output: Output): Promise<void> {
  chooseEngine(options);
  const { path, settings, model } = await loadRun(options.run, options.out);
  const preset = datasets[settings.dataset];
  const { classes } = await preset.load("test", options.source);
  const scoresOf = compile(model);
  for (const file of options.files) {
    const image = await readImage(file, preset, options.invert);
    const data = await noGrad(() => scoresOf(image).softmax(1)).data();
    const ranked = classes
      .map((name, i) => ({ class: name, probability: data[i] ?? 0 }))
      .sort((a, b) => b.probability - a.probability);
    output.event("prediction", { file, run: path, class: ranked[0]?.class, probabilities: ranked });
    const best = ranked.slice(0, shown).map((r) => `${r.class} ${percent(r.probability)}`);
    output.line(`${file}: ${best.join(", ")}`);
  }
}
