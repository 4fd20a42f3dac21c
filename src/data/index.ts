/** `tatamijs/data`: datasets, the loader and transforms, for every host. Datasets in files: `tatamijs/node`. */

export type { RandomAccess, RandomAccessSource } from "../base/random-access.ts";
export { type CifarSpec, cifar10Spec, cifar100Spec, imagesFromCifar, type NamedBytes } from "./cifar.ts";
export { type CsvOptions, readCsv } from "./csv.ts";
export {
  type CsvColumn,
  CsvDataset,
  type CsvDatasetOptions,
  CsvTable,
  type CsvTableContent,
  type CsvType,
  type MissingRule,
} from "./csv-table.ts";
export { type Collate, DataLoader, type DataLoaderOptions, type TensorBatch } from "./data-loader.ts";
export { ConcatDataset, Dataset, randomSplit, Subset } from "./dataset.ts";
export { Digits, type DigitsOptions } from "./digits.ts";
export type { Field, HostArray, HostBatch, HostImage, Sample } from "./host-array.ts";
export { readIdx } from "./idx.ts";
export {
  ImageDataset,
  type ImageDatasetContent,
  type ImageSample,
  imagesFromIdx,
  type NamedArray,
} from "./image-dataset.ts";
export { type DecodeOptions, decodeImage, type ImageDecoder } from "./image-decoder.ts";
export { ImageFiles, type ImageFilesOptions, type LabelledFile } from "./image-files.ts";
export type { ImageOptions, SkippedFile } from "./image-options.ts";
export { fashionMnistSpec, kmnistSpec, type MnistSpec, mnistSpec } from "./mnist.ts";
export { ParquetImages, type ParquetImagesOptions } from "./parquet-images.ts";
export { RandomKey, RandomStream } from "./random-stream.ts";
export { TensorDataset } from "./tensor-dataset.ts";
export type { Transform } from "./transforms.ts";
export * as transforms from "./transforms.ts";
