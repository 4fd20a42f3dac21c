/**
 * MNIST, FashionMNIST and KMNIST out of files, which are looked for in several folders and downloaded when
 * wished. Node only; browser code makes an ImageDataset of the bytes that it has fetched (`imagesFromIdx`).
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FileFormatError } from "../../base/errors.ts";
import { readIdx } from "../idx.ts";
import type { ImageDatasetContent, NamedArray } from "../image-dataset.ts";
import { ImageDataset, imagesFromIdx } from "../image-dataset.ts";
import type { MnistFile, MnistSpec } from "../mnist.ts";
import { fashionMnistSpec, kmnistSpec, mnistSpec } from "../mnist.ts";
import type { Transform } from "../transforms.ts";
import type { DownloadProgress } from "./download.ts";
import { download } from "./download.ts";
import { readFirst } from "./find-file.ts";
import { checkSetOptions } from "./set-options.ts";

/** Options of `MNIST.load` and its relatives. */
export interface MnistOptions {
  /**
   * Folder of datasets. The files are looked for in it and in its `MNIST/raw` (or `FashionMNIST/raw` ...),
   * where torchvision keeps them and where downloads go. Default "data".
   */
  readonly root?: string;
  /** The 60,000 images for training, or the 10,000 for testing. Default true. */
  readonly train?: boolean;
  /** Whether files that are not there are downloaded. Default false. */
  readonly download?: boolean;
  /** Applied to each image. Default: none. */
  readonly transform?: Transform;
  /** Called while a download runs. Default: none. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops a download. Default: none. */
  readonly signal?: AbortSignal;
}

/**
 * Finds, downloads and reads the files of one split.
 *
 * @throws FileFormatError when a file is not there (naming all ways to get it), damaged, or of another
 * dataset.
 */
export async function readMnist(spec: MnistSpec, options: MnistOptions = {}): Promise<ImageDatasetContent> {
  checkSetOptions(options, spec.name);
  const { images, labels } = options.train === false ? spec.test : spec.train;
  const [imageArray, labelArray] = [
    await readOne(spec, images, options),
    await readOne(spec, labels, options),
  ];
  return imagesFromIdx(imageArray, labelArray, { classes: spec.classes, transform: options.transform });
}

async function readOne(spec: MnistSpec, file: MnistFile, options: MnistOptions): Promise<NamedArray> {
  const { root = "data" } = options;
  const downloads = join(root, spec.name, "raw");
  const folders = [root, downloads, ...(spec.debian === undefined ? [] : [spec.debian.folder])];
  const found = await readFirst(
    folders.flatMap((folder) => [file.name, unpacked(file.name)].map((n) => join(folder, n))),
  );
  if (found !== undefined) return { source: found.path, array: await readIdx(found.bytes, found.path) };
  if (options.download !== true) throw missing(spec, file, folders);

  const path = join(downloads, file.name);
  const { onProgress, signal } = options;
  try {
    await download({ url: spec.url + file.name, path, md5: file.md5, onProgress, signal });
  } catch (error) {
    if (!(error instanceof FileFormatError)) throw error;
    // Whoever cannot download needs to hear of the ways that work without.
    const others = otherWays(spec, folders).join(", or ");
    throw new FileFormatError(`${error.message}; or without downloading: ${others}`, error.details, {
      cause: error,
    });
  }
  return { source: path, array: await readIdx(await readFile(path), path) };
}

function unpacked(name: string): string {
  return name.replace(/\.gz$/, "");
}

/** How to come by the files without a download of ours. */
function otherWays(spec: MnistSpec, folders: readonly string[]): string[] {
  return [
    ...(spec.debian === undefined ? [] : [`run apt-get install ${spec.debian.package}`]),
    `put the four files of ${spec.url} into ${folders[0]}`,
  ];
}

function missing(spec: MnistSpec, file: MnistFile, folders: readonly string[]): FileFormatError {
  const ways = ["pass download: true", ...otherWays(spec, folders)];
  return new FileFormatError(
    `${spec.name}: found no ${file.name} (or ${unpacked(file.name)}) in ${folders.join(", ")}; ` +
      `${ways.join(", or ")}`,
    { file: file.name, folders },
  );
}

/**
 * Handwritten digits: images [1, 28, 28], float32 of 0 to 1, and labels 0 to 9.
 * Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document recognition",
 * 1998.
 *
 * @example
 * const train = await MNIST.load({ root: "data", train: true, download: true });
 */
export class MNIST extends ImageDataset {
  /** Finds, downloads and reads the files. @throws FileFormatError, see {@link readMnist}. */
  static async load(options: MnistOptions = {}): Promise<MNIST> {
    return new MNIST(await readMnist(mnistSpec, options));
  }
}

/**
 * Pictures of clothes in 10 classes: images [1, 28, 28], float32 of 0 to 1.
 * H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
 * algorithms", 2017. The folder of Debian's package dataset-fashion-mnist is found without a `root`.
 *
 * @example
 * const test = await FashionMNIST.load({ train: false });
 */
export class FashionMNIST extends ImageDataset {
  /** Finds, downloads and reads the files. @throws FileFormatError, see {@link readMnist}. */
  static async load(options: MnistOptions = {}): Promise<FashionMNIST> {
    return new FashionMNIST(await readMnist(fashionMnistSpec, options));
  }
}

/**
 * Old Japanese cursive characters in 10 classes: images [1, 28, 28], float32 of 0 to 1.
 * T. Clanuwat and others, "Deep learning for classical Japanese literature", 2018.
 *
 * @example
 * const train = await KMNIST.load({ root: "data", download: true });
 */
export class KMNIST extends ImageDataset {
  /** Finds, downloads and reads the files. @throws FileFormatError, see {@link readMnist}. */
  static async load(options: MnistOptions = {}): Promise<KMNIST> {
    return new KMNIST(await readMnist(kmnistSpec, options));
  }
}
