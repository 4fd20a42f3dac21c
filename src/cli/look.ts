/**
 * Looking into the network of a run: its feature maps, filters and class activation maps with the weights of a stored
 * step. What the studio's own process asks for; it works in the process that computes (`look-main.ts`).
 */
import type { Dataset, ImageSample } from "../data/index.ts";
import { F, FileFormatError, noGrad, type Tensor, tensor } from "../index.ts";
import { featureMaps, gradCam } from "../inspect/index.ts";
import { Conv2d, Linear } from "../nn/index.ts";
import { loadSafetensorsFile, type RunInfo, readRun } from "../node.ts";
import {
  type Cam,
  type CamRequest,
  type ImageChoice,
  LookError,
  type Maps,
  type MapsRequest,
  nearestWeights,
  type Planes,
  type ProbeImage,
  type ProbeImages,
  pngDataUrl,
  toPlanes,
} from "../studio/index.ts";
import { type BuiltModel, buildModel } from "./build.ts";
import { datasets, type SourceOptions } from "./datasets.ts";
import { filtersOf } from "./filters.ts";
import { readImage } from "./image-file.ts";
import { settingsOf, type TrainSettings } from "./settings.ts";
import { loadTrainingData } from "./training-data.ts";

/** Images that are offered. */
const offered = 64;
/** Networks and images of this many runs are kept. */
const mostKept = 3;

/** A run that is looked into. */
interface Subject {
  readonly path: string;
  readonly settings: TrainSettings;
  readonly model: BuiltModel;
  /** Step of the weights that the model has. */
  step: number;
  images: Promise<Dataset<ImageSample>> | null;
}

/** Keeps the networks of the runs that were asked for last. One request at a time. */
export class Look {
  readonly #source: SourceOptions;
  readonly #subjects = new Map<string, Subject>();

  constructor(source: SourceOptions) {
    this.#source = source;
  }

  async probe(path: string, image = 0): Promise<ProbeImages> {
    const images = await this.#imagesOf(await this.#subject(path));
    const first = Array.from({ length: Math.min(offered, images.length) }, (_, i) => i);
    const indices = first.includes(image) ? first : [image, ...first];
    return { count: images.length, images: await this.images(path, indices) };
  }

  async images(path: string, indices: readonly number[]): Promise<readonly ProbeImage[]> {
    const images = await this.#imagesOf(await this.#subject(path));
    const found = indices.filter(
      (index) => Number.isSafeInteger(index) && index >= 0 && index < images.length,
    );
    return Promise.all(
      found.map(async (index) => {
        const [{ data, shape }, label] = await images.get(index);
        const [channels, height, width] = shape as [number, number, number];
        return { index, label, png: await pngDataUrl({ data, channels, height, width }) };
      }),
    );
  }

  async maps(path: string, { layer, step, image, filters = false }: MapsRequest): Promise<Maps> {
    const subject = await this.#subject(path);
    const { model } = subject;
    const module = model.namedModules().find(([name]) => name === layer)?.[1];
    if (module === undefined || layer === "") {
      throw new LookError("no-such-layer", 404, "The network has no such layer; RunDetail lists the layers.");
    }
    const x = await this.#input(subject, image);
    await this.#useWeights(subject, step);
    const output = featureMaps(model, x, layer)[layer] as Tensor;
    const probabilities = await probabilitiesOf(model, x);
    const pixels = layer === firstWithWeights(model) ? x.shape.slice(1) : null;
    return {
      step: subject.step,
      layer,
      maps: toPlanes(await output.data(), planeShape(output.shape.slice(1))),
      filters: filters ? await filtersOf(module, pixels) : null,
      probabilities,
    };
  }

  async cam(path: string, { step, image, target }: CamRequest): Promise<Cam> {
    const subject = await this.#subject(path);
    const { model } = subject;
    const layer = lastConvolution(model);
    if (layer === null) {
      throw new LookError(
        "no-convolution",
        409,
        "This network has no convolution, so no place in the image belongs to a feature; a cnn has.",
      );
    }
    const x = await this.#input(subject, image);
    await this.#useWeights(subject, step);
    const probabilities = await probabilitiesOf(model, x);
    const best = probabilities.indexOf(Math.max(...probabilities));
    const wanted = target ?? Math.max(0, best);
    if (wanted >= probabilities.length) {
      throw new LookError("bad-request", 400, `There are ${probabilities.length} classes, from 0 on.`);
    }
    const heat = gradCam(model, x, { layer, target: wanted });
    return {
      step: subject.step,
      target: wanted,
      heat: normalised(await heat.data(), heat.shape),
      probabilities,
    };
  }

  async #subject(path: string): Promise<Subject> {
    const known = this.#subjects.get(path);
    const subject = known ?? (await openSubject(path));
    this.#subjects.delete(path);
    this.#subjects.set(path, subject);
    const [oldest] = this.#subjects.keys();
    if (this.#subjects.size > mostKept && oldest !== undefined) this.#subjects.delete(oldest);
    return subject;
  }

  #imagesOf(subject: Subject): Promise<Dataset<ImageSample>> {
    subject.images ??= loadTrainingData(subject.settings, this.#source)
      .then(({ validation }) => validation.dataset)
      .catch((error: unknown) => {
        subject.images = null;
        if (!(error instanceof FileFormatError)) throw error;
        throw new LookError("no-dataset", 409, `The images of this run cannot be read: ${error.message}`);
      });
    return subject.images;
  }

  async #input(subject: Subject, image: ImageChoice): Promise<Tensor> {
    if ("file" in image) {
      const bytes = Buffer.from(image.file, "base64");
      return readImage(bytes, datasets[subject.settings.dataset], false).catch((error: unknown) => {
        if (!(error instanceof FileFormatError)) throw error;
        throw new LookError("not-an-image", 400, error.message);
      });
    }
    const images = await this.#imagesOf(subject);
    if (image.index >= images.length) {
      throw new LookError("bad-request", 400, `There are ${images.length} images, from 0 on.`);
    }
    const [{ data, shape }] = await images.get(image.index);
    return tensor(data as Float32Array).reshape([1, ...shape]);
  }

  /** Weights of the snapshot at a step, or of the nearest one before it. */
  async #useWeights(subject: Subject, step: number): Promise<void> {
    const found = await nearestWeights(subject.path, step);
    if (found === null) {
      throw new LookError("no-snapshot", 404, "No weights of this step or an earlier one are stored.");
    }
    if (subject.step === found.step) return;
    subject.step = -1;
    subject.model.loadStateDict(await loadSafetensorsFile(found.file));
    subject.step = found.step;
  }
}

async function openSubject(path: string): Promise<Subject> {
  const { info } = await readRun(path);
  const settings = knownSettings(info, path);
  const model = buildModel(settings);
  model.eval();
  return { path, settings, model, step: -1, images: null };
}

/** @throws LookError for a run that code of the user's has recorded: only that knows the network. */
function knownSettings(info: RunInfo, path: string): TrainSettings {
  try {
    return settingsOf(info, path);
  } catch (error) {
    if (!(error instanceof FileFormatError)) throw error;
    throw new LookError("no-network", 409, `How this run's network is built is not known: ${error.message}`);
  }
}

async function probabilitiesOf(model: BuiltModel, x: Tensor): Promise<number[]> {
  return Array.from(await noGrad(() => F.softmax(model(x), 1)).data(), Number);
}

/** The last two axes are those of a plane; a vector is one plane of one row. */
function planeShape(shape: readonly number[]): { count: number; height: number; width: number } {
  const [height = 1, width = 1] = shape.length === 1 ? [1, shape[0]] : shape.slice(-2);
  return { count: shape.slice(0, -2).reduce((a, b) => a * b, 1), height, width };
}

/** Path of the first layer that has weights: it sees the image itself. */
function firstWithWeights(model: BuiltModel): string | undefined {
  return model.namedModules().find(([, module]) => "weight" in module)?.[0];
}

/** Path of the last convolution: behind it only what decides. */
function lastConvolution(model: BuiltModel): string | null {
  const modules = model.namedModules();
  const last = modules.findLast(([, module]) => module instanceof Conv2d)?.[0];
  const classifies = modules.some(([, module]) => module instanceof Linear);
  return classifies ? (last ?? null) : null;
}

/** From 0 to 1, whatever the size of the gradients. */
function normalised(data: ArrayLike<number>, shape: readonly number[]): Planes {
  const largest = Math.max(...Array.from(data).filter((v) => Number.isFinite(v)), 0);
  const scaled = Float32Array.from(data, (v) => (largest === 0 ? 0 : v / largest));
  return toPlanes(scaled, planeShape(shape), [0, 1]);
}
