/**
 * The datasets that the command knows, and how each is trained unless the user says otherwise.
 */
import { Digits, type ImageDataset, type Transform, transforms } from "../data/index.ts";
import { FileFormatError } from "../index.ts";
import {
  CIFAR10,
  CIFAR100,
  type CifarOptions,
  FashionMNIST,
  KMNIST,
  MNIST,
  type MnistOptions,
} from "../node.ts";

/** Names of datasets on the command line. */
export const datasetNames = ["digits", "mnist", "fashion-mnist", "kmnist", "cifar10", "cifar100"] as const;
export type DatasetName = (typeof datasetNames)[number];

/** Where files are, and whether they may be downloaded. */
export type SourceOptions = Pick<MnistOptions, "root" | "download" | "onProgress">;

/** A dataset and the settings that suit it. */
export interface DatasetPreset {
  /** What the user reads. */
  readonly title: string;
  readonly classes: number;
  /** Shape of an image (C, H, W). */
  readonly imageShape: readonly [number, number, number];
  readonly load: (
    split: "train" | "test",
    source: SourceOptions,
    transform?: Transform,
  ) => Promise<ImageDataset>;
  /** Applied to the images that are trained on. Default: none. */
  readonly augment?: Transform;
  readonly epochs: number;
  readonly batchSize: number;
  /** Learning rate at the start, for Adam. */
  readonly lr: number;
  /** Channels of the blocks of the model "cnn". */
  readonly widths: readonly number[];
  /** Parts, in height and in width, that its last features are averaged over. */
  readonly poolSize: number;
  /**
   * Share of the training images that is held back for validation. 0: all are trained on and the test images serve;
   * nothing is chosen by them, so the final accuracy stays honest.
   */
  readonly validationShare: number;
}

/** A dataset of 60,000 + 10,000 grey images of 28x28. */
function mnistPreset(title: string, load: (options: MnistOptions) => Promise<ImageDataset>): DatasetPreset {
  return {
    title,
    classes: 10,
    imageShape: [1, 28, 28],
    load: async (split, source) => {
      try {
        return await load({ ...source, train: split === "train" });
      } catch (error) {
        throw forCommandLine(error);
      }
    },
    epochs: 3,
    batchSize: 64,
    lr: 0.003,
    widths: [16, 32, 64],
    poolSize: 3,
    validationShare: 0,
  };
}

/** A dataset of 50,000 + 10,000 pictures of 32x32 in colour. */
function cifarPreset(
  title: string,
  classes: number,
  load: (options: CifarOptions) => Promise<ImageDataset>,
): DatasetPreset {
  return {
    title,
    classes,
    imageShape: [3, 32, 32],
    load: async (split, source, transform) => {
      try {
        const augmented = transform === undefined ? {} : { transform };
        return await load({ ...source, train: split === "train", ...augmented });
      } catch (error) {
        throw forCommandLine(error);
      }
    },
    // What the residual networks' paper does (He et al., 2016, section 4.2).
    augment: new transforms.Compose([
      new transforms.RandomCrop(32, { padding: 4 }),
      new transforms.RandomHorizontalFlip(),
    ]),
    epochs: 10,
    batchSize: 128,
    lr: 0.003,
    widths: [32, 64, 128],
    poolSize: 2,
    validationShare: 0,
  };
}

/** The library tells how its caller gets a missing file; here the caller is a command line. */
function forCommandLine(error: unknown): unknown {
  if (!(error instanceof FileFormatError)) return error;
  return new FileFormatError(
    error.message.replace("pass download: true", "leave --no-download out"),
    error.details,
    {
      cause: error,
    },
  );
}

/** All datasets by name. */
export const datasets: Readonly<Record<DatasetName, DatasetPreset>> = {
  digits: {
    title: "Digits",
    classes: 10,
    imageShape: [1, 8, 8],
    load: async (split, _source, transform) =>
      new Digits(transform === undefined ? { split } : { split, transform }),
    // Few images train a network better when each epoch sees them moved by up to a pixel.
    augment: new transforms.RandomCrop(8, { padding: 1 }),
    epochs: 15,
    batchSize: 32,
    lr: 0.01,
    widths: [32, 64, 128],
    poolSize: 1,
    validationShare: 0.1,
  },
  mnist: mnistPreset("MNIST", (options) => MNIST.load(options)),
  "fashion-mnist": mnistPreset("Fashion-MNIST", (options) => FashionMNIST.load(options)),
  kmnist: mnistPreset("KMNIST", (options) => KMNIST.load(options)),
  cifar10: cifarPreset("CIFAR-10", 10, (options) => CIFAR10.load(options)),
  cifar100: cifarPreset("CIFAR-100", 100, (options) => CIFAR100.load(options)),
};
