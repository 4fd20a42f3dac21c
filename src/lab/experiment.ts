/**
 * What an experiment of the lab is: a short script that trains or computes something on real images, shows it in
 * tables and plots, and says in one sentence what is to be seen.
 */
import type { TensorBatch } from "../data/data-loader.ts";
import type { Dataset } from "../data/dataset.ts";
import type { ImageDataset, ImageSample } from "../data/image-dataset.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { japanese } from "./terms.ts";

/** A text in every language of the lab. */
export interface Text {
  readonly en: string;
  readonly ja: string;
}

/** A text in all languages, or one in English, whose Japanese form `terms.ts` knows; names are the same in both. */
export type Label = string | Text;

/** A language of the lab. */
export type Language = keyof Text;

/** A curve or a row of points. */
export interface Series {
  readonly label: Label;
  /** Points (x, y), or only y for x = 0, 1, 2, ... Points that are not finite are left out. */
  readonly points: readonly (readonly [x: number, y: number])[] | readonly number[];
  /** "line" by default; "dots" shows the points alone; "dashed" goes with the curve before it and has its colour. */
  readonly style?: "line" | "dots" | "dashed";
}

/** Curves over two axes. */
export interface Curves {
  readonly x: Label;
  readonly y: Label;
  readonly series: readonly Series[];
  /** Whether the axis is logarithmic; false by default. Points of 0 and below are left out then. */
  readonly logX?: boolean;
  readonly logY?: boolean;
  /** Lowest and highest value shown; the data's by default. */
  readonly xRange?: readonly [number, number];
  readonly yRange?: readonly [number, number];
  /** Fills the area between the axes, such as the landscape that a path goes through. */
  readonly background?: Omit<Picture, "label">;
}

/** Bars: one group for each category, one bar in it for each series. */
export interface Bars {
  readonly categories: readonly Label[];
  readonly y: Label;
  readonly series: readonly { readonly label: Label; readonly values: readonly number[] }[];
  readonly logY?: boolean;
}

/** A picture to show: (H, W), (1, H, W) or (3, H, W). */
export interface Picture {
  readonly label: Label;
  readonly image: Tensor;
  /**
   * How numbers become colours: "grey" from the smallest (black) to the largest (white), "signed" from blue over white
   * (zero) to red, "heat" from dark to bright. (3, H, W) is shown as red, green and blue. Default "grey".
   */
  readonly colours?: "grey" | "signed" | "heat";
  /** The values that get the darkest and the brightest colour; the image's own by default. */
  readonly range?: readonly [number, number];
}

/** What an experiment works with: real images, and places to show what it finds. */
export interface Lab {
  /** Images to train on, the first `count` of them; all by default. */
  train(count?: number): Dataset<ImageSample>;
  /** Images to test on, the first `count` of them; all by default. */
  test(count?: number): Dataset<ImageSample>;
  /** The first `count` test images, shape (count, C, H, W) with values 0 to 1, and their classes, shape (count). */
  batch(count: number): Promise<TensorBatch<ImageSample>>;
  /** The dataset: names of classes, size of images. */
  readonly images: Pick<ImageDataset, "classes" | "channels" | "height" | "width">;
  /** Name of the dataset, as `--data` takes it. */
  readonly dataset: string;
  /** Numbers are shown with four digits. */
  table(title: Label, header: readonly Label[], rows: readonly (readonly (Label | number)[])[]): void;
  curves(title: Label, curves: Curves): void;
  bars(title: Label, bars: Bars): void;
  pictures(title: Label, pictures: readonly Picture[]): Promise<void>;
  /** A sentence between the other things. */
  note(text: Text): void;
  /** Tells those who wait what is being computed. */
  progress(what: string): void;
}

/** What an experiment found. */
export interface Finding {
  /** What is to be seen, in one sentence with the measured number. */
  readonly see: Text;
  /** The numbers of the sentence. */
  readonly values: Readonly<Record<string, number>>;
}

/** An experiment of the lab. */
export interface Experiment {
  readonly title: Text;
  /** The question, and what is done to answer it. */
  readonly question: Text;
  readonly run: (lab: Lab) => Promise<Finding>;
}

/**
 * Declares an experiment; a file that exports one as its default can be run with `tatami lab`.
 *
 * @example
 * const mean = experiment({
 *   title: { en: "Mean", ja: "平均" },
 *   question: { en: "How bright are the images?", ja: "画像の明るさは？" },
 *   async run(lab) {
 *     const { data: pixels } = lab.train().get(0)[0];
 *     const brightness = pixels.reduce((sum: number, v: number) => sum + v, 0) / pixels.length;
 *     lab.table({ en: "Brightness", ja: "明るさ" }, ["image", "mean"], [["0", brightness]]);
 *     return { see: { en: `It is ${brightness}.`, ja: `${brightness} です。` }, values: { brightness } };
 *   },
 * });
 */
export function experiment(definition: Experiment): Experiment {
  return definition;
}

/**
 * A share from 0 to 1 as it is said in a sentence.
 *
 * @param digits digits after the point; 1 by default
 * @example
 * percent(0.9056); // "90.6%"
 */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)}%`;
}

/**
 * A label in one language; words of the course are known in both.
 *
 * @example
 * lab.inLanguage("batch norm", "ja"); // "バッチ正規化"
 */
export function inLanguage(label: Label, language: Language): string {
  if (typeof label !== "string") return label[language];
  return language === "ja" ? (japanese[label] ?? label) : label;
}
