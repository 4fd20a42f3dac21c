/**
 * CIFAR-10 and CIFAR-100 out of files, which are unpacked from their archive and downloaded when wished. Node only;
 * browser code makes an ImageDataset of the bytes that it has fetched (`imagesFromCifar`).
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { FileFormatError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/node/atomic-file.ts";
import { makeFolder } from "../../base/node/make-folder.ts";
import { type CifarSpec, cifar10Spec, cifar100Spec, imagesFromCifar, type NamedBytes } from "../cifar.ts";
import { ImageDataset, type ImageDatasetContent } from "../image-dataset.ts";
import type { Transform } from "../transforms.ts";
import { type DownloadProgress, download } from "./download.ts";
import { readFirst } from "./find-file.ts";
import { checkSetOptions } from "./set-options.ts";
import { readTar } from "./tar.ts";

/** Options of `CIFAR10.load`. */
export interface CifarOptions {
  /**
   * Folder of datasets. The files are looked for in its `cifar-10-batches-bin` (`cifar-100-binary`), which is made out of
   * `cifar-10-binary.tar.gz` (`cifar-100-binary.tar.gz`) beside it where it is missing. Default "data".
   */
  readonly root?: string;
  /** The 50,000 images for training, or the 10,000 for testing. Default true. */
  readonly train?: boolean;
  /** Whether an archive that is not there is downloaded. Default false. */
  readonly download?: boolean;
  /** Applied to each image. Default: none. */
  readonly transform?: Transform;
  /** Called while a download runs. Default: none. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops a download. Default: none. */
  readonly signal?: AbortSignal;
}

/** Options of `CIFAR100.load`. */
export interface Cifar100Options extends CifarOptions {
  /** The 100 fine classes, or the 20 coarse ones. Default "fine". */
  readonly labels?: "fine" | "coarse";
}

/**
 * Finds, downloads, unpacks and reads the files of one split.
 *
 * @param label Which label byte counts. Default: the last one.
 * @throws FileFormatError when files are not there (naming all ways to get them), damaged, or of another dataset.
 */
export async function readCifar(
  spec: CifarSpec,
  options: CifarOptions = {},
  label: number = spec.labels.length - 1,
): Promise<ImageDatasetContent> {
  const { root = "data", train = true, transform } = options;
  const names = train ? spec.train : spec.test;
  const files = (await readAll(spec, names, root)) ?? (await unpack(spec, names, root, options));
  const content = imagesFromCifar(files, spec, { transform, label });
  checkCount(files, spec, spec.images?.[train ? "train" : "test"]);
  return content;
}

/** @throws FileFormatError for a file that ends too early, but just behind an image */
function checkCount(files: readonly NamedBytes[], spec: CifarSpec, expected: number | undefined): void {
  if (expected === undefined) return;
  for (const { source, bytes } of files) {
    const count = bytes.length / (spec.labels.length + 3072);
    if (count === expected) continue;
    throw new FileFormatError(
      `${source}: found ${count} images, expected ${expected}; the file is cut off or of another dataset: delete it and ` +
        "download it again (a part of one's own is read by data.imagesFromCifar)",
      { source, count, expected },
    );
  }
}

/** The files of a split, or undefined unless all are there. */
async function readAll(
  spec: CifarSpec,
  names: readonly string[],
  root: string,
): Promise<NamedBytes[] | undefined> {
  const files: NamedBytes[] = [];
  for (const name of names) {
    const found = await readFirst([join(root, spec.folder, name)]);
    if (found === undefined) return undefined;
    files.push({ source: found.path, bytes: found.bytes });
  }
  return files;
}

/** Unpacks all data files of the archive, so that the other split finds its own, and gives those of this one. */
async function unpack(
  spec: CifarSpec,
  names: readonly string[],
  root: string,
  options: CifarOptions,
): Promise<NamedBytes[]> {
  const archive = await readArchive(spec, root, options);
  const files = readTar(await unzip(archive), archive.source);
  const folder = join(root, spec.folder);
  await makeFolder(folder);
  const found = new Map<string, Uint8Array>();
  for (const name of [...spec.train, ...spec.test]) {
    const bytes = files.get(`${spec.folder}/${name}`);
    if (bytes === undefined) {
      throw new FileFormatError(
        `${archive.source}: found no ${spec.folder}/${name} in it; delete it and download it again`,
        {
          source: archive.source,
          name,
        },
      );
    }
    await writeFileAtomic(join(folder, name), bytes);
    found.set(name, bytes);
  }
  return names.map((name) => ({ source: join(folder, name), bytes: found.get(name) as Uint8Array }));
}

async function readArchive(spec: CifarSpec, root: string, options: CifarOptions): Promise<NamedBytes> {
  const path = join(root, spec.archive);
  const found = await readFirst([path]);
  if (found !== undefined) return { source: path, bytes: found.bytes };
  const byHand = `put ${spec.url}${spec.archive} into ${root}`;
  if (options.download !== true) {
    throw new FileFormatError(
      `${spec.name}: found neither the files of ${join(root, spec.folder)} nor ${path}; pass download: true, or ${byHand}`,
      { root, folder: spec.folder, archive: spec.archive },
    );
  }
  const { onProgress, signal } = options;
  try {
    await download({ url: spec.url + spec.archive, path, md5: spec.md5, onProgress, signal });
  } catch (error) {
    if (!(error instanceof FileFormatError)) throw error;
    throw new FileFormatError(`${error.message}; or without downloading: ${byHand}`, error.details, {
      cause: error,
    });
  }
  return { source: path, bytes: await readFile(path) };
}

async function unzip({ source, bytes }: NamedBytes): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(bytes);
  } catch (cause) {
    throw new FileFormatError(
      `${source}: found damaged gzip data, expected a complete .tar.gz file; delete it and download it again`,
      { source },
      { cause },
    );
  }
}

/**
 * Pictures of 10 kinds of animals and vehicles: images [3, 32, 32], float32 of 0 to 1.
 * A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
 *
 * @example
 * const train = await CIFAR10.load({ root: "data", train: true, download: true });
 * console.log(train.classes[train.labels[0] ?? 0]); // frog
 */
export class CIFAR10 extends ImageDataset {
  /** Finds, downloads and reads the files. @throws FileFormatError, see {@link readCifar}. */
  static async load(options: CifarOptions = {}): Promise<CIFAR10> {
    checkSetOptions(options, "CIFAR10");
    return new CIFAR10(await readCifar(cifar10Spec, options));
  }
}

/**
 * Pictures in 100 classes, which form 20 coarse ones: images [3, 32, 32], float32 of 0 to 1.
 * A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
 *
 * @example
 * const test = await CIFAR100.load({ train: false, labels: "coarse", download: true });
 */
export class CIFAR100 extends ImageDataset {
  /** Finds, downloads and reads the files. @throws FileFormatError, see {@link readCifar}. */
  static async load(options: Cifar100Options = {}): Promise<CIFAR100> {
    checkSetOptions(options, "CIFAR100", ["labels"]);
    return new CIFAR100(await readCifar(cifar100Spec, options, options.labels === "coarse" ? 0 : 1));
  }
}
