/**
 * `tatami predict FILE...`: what a run's model sees in image files.
 */
import { FileFormatError, noGrad, type Tensor, tensor } from "../index.ts";
import { type DatasetPreset, datasets, type SourceOptions } from "./datasets.ts";
import { chooseEngine, type EngineChoice } from "./engine.ts";
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
  for (const file of options.files) {
    const image = await readImage(file, preset, options.invert);
    const data = await noGrad(() => model(image).softmax(1)).data();
    const ranked = classes
      .map((name, i) => ({ class: name, probability: data[i] ?? 0 }))
      .sort((a, b) => b.probability - a.probability);
    output.event("prediction", { file, run: path, class: ranked[0]?.class, probabilities: ranked });
    const best = ranked.slice(0, shown).map((r) => `${r.class} ${percent(r.probability)}`);
    output.line(`${file}: ${best.join(", ")}`);
  }
}

/** An image file in the model's colours and size: (1, C, H, W), 0 to 1. */
async function readImage(file: string, preset: DatasetPreset, invert: boolean): Promise<Tensor> {
  const [channels, height, width] = preset.imageShape;
  const { default: sharp } = await import("sharp").catch((cause: unknown) => {
    throw new FileFormatError(
      "predict: reading images needs the package sharp; run npm install sharp",
      {},
      { cause },
    );
  });
  try {
    const opaque = sharp(file).flatten();
    const coloured = channels === 1 ? opaque.greyscale().toColourspace("b-w") : opaque.toColourspace("srgb");
    const sized = coloured.resize(width, height, { fit: "contain" });
    const bytes = await (invert ? sized.negate() : sized).raw().toBuffer();
    // Pixel by pixel in the file, plane by plane in the model.
    const pixels = tensor(Float32Array.from(bytes, (byte) => byte / 255)).reshape([1, height, width, -1]);
    return pixels.narrow(3, 0, channels).permute([0, 3, 1, 2]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FileFormatError(
      `${file}: not an image that can be read (${reason}); give a PNG or JPEG file`,
      { file },
      { cause },
    );
  }
}
