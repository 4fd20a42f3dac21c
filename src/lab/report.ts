/**
 * Collects what an experiment shows, in one language, and prints its tables as they come.
 */
import { ArgumentError } from "../base/errors.ts";
import { DataLoader, type TensorBatch } from "../data/data-loader.ts";
import type { Dataset } from "../data/dataset.ts";
import { Subset } from "../data/dataset.ts";
import type { ImageDataset, ImageSample } from "../data/image-dataset.ts";
import { textTable } from "../train/text-table.ts";
import { bitmapUrl } from "./bitmap.ts";
import {
  type Bars,
  type Curves,
  type Experiment,
  type Finding,
  inLanguage,
  type Lab,
  type Label,
  type Language,
  type Picture,
  type Text,
} from "./experiment.ts";

/** Points of one curve, or values of one row of bars, ready to be drawn. */
export interface DrawnSeries {
  readonly label: string;
  readonly style: "line" | "dots" | "dashed";
  readonly points: readonly (readonly [number, number])[];
}

/** One thing on the page, in the order in which the experiment showed it. */
export type Block =
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "table"; readonly title: string; readonly rows: readonly (readonly string[])[] }
  | {
      readonly kind: "pictures";
      readonly title: string;
      readonly pictures: readonly {
        readonly label: string;
        readonly url: string;
        readonly width: number;
        readonly height: number;
      }[];
    }
  | {
      readonly kind: "curves";
      readonly title: string;
      readonly x: string;
      readonly y: string;
      readonly series: readonly DrawnSeries[];
      readonly options: Pick<Curves, "logX" | "logY" | "xRange" | "yRange">;
      /** Data URL of a picture behind the curves. */
      readonly background?: string;
    }
  | {
      readonly kind: "bars";
      readonly title: string;
      readonly categories: readonly string[];
      readonly y: string;
      readonly series: readonly { readonly label: string; readonly values: readonly number[] }[];
      readonly logY: boolean;
    };

/** An experiment that was run. */
export interface Report {
  readonly title: string;
  readonly question: string;
  readonly blocks: readonly Block[];
  /** What is to be seen, in one sentence. */
  readonly see: string;
  readonly values: Finding["values"];
  readonly language: Language;
  readonly dataset: string;
  readonly seconds: number;
}

/** The images of an experiment, and how it talks. */
export interface RunOptions {
  readonly dataset: string;
  readonly train: ImageDataset;
  readonly test: ImageDataset;
  readonly language: Language;
  /** Gets a line of text at a time. Default: nothing is printed. */
  readonly print?: (line: string) => void;
  /** Told what is being computed. Default: nothing. */
  readonly progress?: (what: string) => void;
}

/** Four significant digits, without an exponent where the number is of ordinary size. */
export function formatCell(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}

/** Runs an experiment. */
export async function runExperiment(experiment: Experiment, options: RunOptions): Promise<Report> {
  const { language, print = () => {} } = options;
  const start = performance.now();
  const recorder = new Recorder(options);
  print(inLanguage(experiment.title, language));
  print(inLanguage(experiment.question, language));
  const { see, values } = await experiment.run(recorder);
  await recorder.finish();
  print("");
  print(inLanguage(see, language));
  return {
    title: inLanguage(experiment.title, language),
    question: inLanguage(experiment.question, language),
    blocks: recorder.blocks,
    see: inLanguage(see, language),
    values,
    language,
    dataset: options.dataset,
    seconds: (performance.now() - start) / 1000,
  };
}

class Recorder implements Lab {
  readonly blocks: Block[] = [];
  readonly dataset: string;
  readonly images: ImageDataset;
  readonly #options: RunOptions;
  readonly #pending: Promise<void>[] = [];

  constructor(options: RunOptions) {
    this.#options = options;
    this.dataset = options.dataset;
    this.images = options.train;
  }

  /** Waits for pictures that are still being computed. */
  async finish(): Promise<void> {
    await Promise.all(this.#pending);
  }

  train(count?: number): Dataset<ImageSample> {
    return firstOf(this.#options.train, count);
  }

  test(count?: number): Dataset<ImageSample> {
    return firstOf(this.#options.test, count);
  }

  async batch(count: number): Promise<TensorBatch<ImageSample>> {
    const loader = new DataLoader(this.test(count), { batchSize: count });
    for await (const batch of loader) return batch;
    throw new ArgumentError(`batch: count must be 1 or more, got ${count}`, { count });
  }

  note(text: Text): void {
    const said = this.#in(text);
    this.blocks.push({ kind: "note", text: said });
    this.#print(said);
  }

  table(title: Label, header: readonly Label[], rows: readonly (readonly (Label | number)[])[]): void {
    const cell = (value: Label | number): string =>
      typeof value === "number" ? formatCell(value) : this.#in(value);
    const cells = [header, ...rows].map((row) => row.map(cell));
    this.blocks.push({ kind: "table", title: this.#in(title), rows: cells });
    this.#print("", this.#in(title), ...textTable(cells).map((line) => `  ${line}`));
  }

  curves(title: Label, curves: Curves): void {
    const { x, y, series, background, ...options } = curves;
    const drawn = series.map(({ label, points, style = "line" }): DrawnSeries => {
      const pairs = points.map((p, i) => (typeof p === "number" ? ([i, p] as const) : p));
      const shown = pairs.filter(
        ([px, py]) =>
          Number.isFinite(px) &&
          Number.isFinite(py) &&
          !(options.logX && px <= 0) &&
          !(options.logY && py <= 0),
      );
      return { label: this.#in(label), style, points: shown };
    });
    const texts = { title: this.#in(title), x: this.#in(x), y: this.#in(y) };
    const block = { kind: "curves" as const, ...texts, series: drawn, options };
    const at = this.blocks.push(block) - 1;
    if (background !== undefined) {
      this.#pending.push(
        urlOf(background).then((url) => {
          this.blocks[at] = { ...block, background: url };
        }),
      );
    }
  }

  bars(title: Label, { categories, y, series, logY = false }: Bars): void {
    this.blocks.push({
      kind: "bars",
      title: this.#in(title),
      categories: categories.map((c) => this.#in(c)),
      y: this.#in(y),
      series: series.map(({ label, values }) => ({ label: this.#in(label), values })),
      logY,
    });
  }

  async pictures(title: Label, pictures: readonly Picture[]): Promise<void> {
    const drawn = await Promise.all(
      pictures.map(async ({ label, image, ...how }) => {
        const [height, width] = image.shape.slice(-2) as [number, number];
        return {
          label: this.#in(label),
          url: bitmapUrl(await image.data(), image.shape, how),
          width,
          height,
        };
      }),
    );
    this.blocks.push({ kind: "pictures", title: this.#in(title), pictures: drawn });
  }

  progress(what: string): void {
    this.#options.progress?.(what);
  }

  #in(label: Label): string {
    return inLanguage(label, this.#options.language);
  }

  #print(...lines: readonly string[]): void {
    for (const line of lines) this.#options.print?.(line);
  }
}

async function urlOf({ image, ...how }: Omit<Picture, "label">): Promise<string> {
  return bitmapUrl(await image.data(), image.shape, how);
}

function firstOf(dataset: ImageDataset, count = dataset.length): Dataset<ImageSample> {
  if (count >= dataset.length) return dataset;
  return new Subset(
    dataset,
    Array.from({ length: count }, (_, i) => i),
  );
}
