/**
 * Image files sorted into one folder for each class, decoded when they are asked for. Node only; the package sharp
 * decodes.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { FileFormatError } from "../../base/errors.ts";
import { checkOptions } from "../../nn/arguments.ts";
import { checkIndex, Dataset } from "../dataset.ts";
import type { ImageSample } from "../image-dataset.ts";
import {
  checkImageOptions,
  type ImageOptions,
  ImagePreparation,
  keepReadable,
  type SkippedFile,
} from "../image-options.ts";
import { endsInOneOf, folderByFolder, imageExtensions, inOrder } from "../labelled-paths.ts";
import { RandomKey } from "../random-stream.ts";
import { decodeImage } from "./decode-image.ts";

/** An image file and its class index. */
export type ImageFile = readonly [path: string, label: number];

/** Options of `ImageFolder.load`. */
export interface ImageFolderOptions extends ImageOptions {
  /** Endings of image files, of any case. Default .jpg, .jpeg, .png and .webp. */
  readonly extensions?: readonly string[];
}

/**
 * Images in `root/<class>/**`: a sample is `[image, label]` with an image [C, H, W], float32 of 0 to 1. As in torchvision,
 * classes are the names of the folders in order, and the files of a class are in the order of their paths.
 *
 * The content of a file says what kind it is, not its name. Transparency is left out, 16 bits are cut to 8, grey is made
 * as PIL makes it, colours are made sRGB (those of print, CMYK, included), the first frame of an animation counts, and an image is not turned by its EXIF
 * orientation.
 *
 * @example
 * const photos = await ImageFolder.load("photos", { size: 32 }).catch(() => null); // there is no such folder here
 */
export class ImageFolder extends Dataset<ImageSample> {
  readonly root: string;
  /** Names of the classes; a label is an index into them. */
  readonly classes: readonly string[];
  /** Index of each class. */
  readonly classToIdx: Readonly<Record<string, number>>;
  /** All files with their labels, in order. */
  readonly samples: readonly ImageFile[];
  /** Files that were left out, with `onCorrupt: "skip"`. */
  readonly skipped: readonly SkippedFile[];
  readonly #channels: 1 | 3;
  readonly #preparation: ImagePreparation;

  private constructor(
    root: string,
    classes: readonly string[],
    found: { samples: readonly ImageFile[]; skipped: readonly SkippedFile[] },
    options: ImageFolderOptions,
  ) {
    super();
    this.root = root;
    this.classes = classes;
    this.classToIdx = Object.fromEntries(classes.map((name, i) => [name, i]));
    this.samples = found.samples;
    this.skipped = found.skipped;
    this.#channels = options.channels ?? 3;
    this.#preparation = new ImagePreparation(options);
  }

  /**
   * Lists the files.
   *
   * @param root The folder whose folders are the classes.
   * @throws FileFormatError when it has no folders, or a class has no image.
   */
  static async load(root: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
    checkOptions(options, ["channels", "size", "transform", "onCorrupt", "extensions"], "ImageFolder");
    checkImageOptions(options, "ImageFolder");
    const entries = await readdir(root, { withFileTypes: true }).catch((cause: unknown) => {
      throw new FileFormatError(
        `ImageFolder: there is no folder ${root} that can be read; give the folder whose folders are the classes`,
        { root },
        { cause },
      );
    });
    const classes = inOrder(entries.filter((e) => e.isDirectory()).map((e) => e.name));
    if (classes.length === 0) {
      throw new FileFormatError(
        `ImageFolder: ${root} has no folders; put the images of each class into a folder of its own, such as ` +
          `${join(root, "cats")}`,
        { root },
      );
    }
    const { extensions = imageExtensions } = options;
    const lists = await Promise.all(classes.map((name) => imagesBelow(join(root, name), extensions)));
    const empty = classes.filter((_, i) => lists[i]?.length === 0);
    if (empty.length > 0) {
      throw new FileFormatError(
        `ImageFolder: found no images in the folders ${empty.join(", ")} of ${root}; images end in ` +
          `${extensions.join(", ")}: add some, set the option extensions, or remove the folders`,
        { root, classes: empty, extensions },
      );
    }
    const samples = lists.flatMap((paths, label) => paths.map((path): ImageFile => [path, label]));
    if (options.onCorrupt !== "skip")
      return new ImageFolder(root, classes, { samples, skipped: [] }, options);
    const { kept, skipped } = await keepReadable(samples, ([path]) =>
      decodeImage(path, { channels: 1, source: path }),
    );
    return new ImageFolder(root, classes, { samples: kept, skipped }, options);
  }

  get length(): number {
    return this.samples.length;
  }

  /** @throws FileFormatError naming a file that is no image or damaged. */
  async get(index: number, key: RandomKey = new RandomKey(0)): Promise<ImageSample> {
    checkIndex(index, this.length, "ImageFolder");
    const [path, label] = this.samples[index] as ImageFile;
    const decoded = await decodeImage(path, { channels: this.#channels, source: path });
    return this.#preparation.sample(decoded, label, index, key);
  }
}

/** All images of a folder and the folders below it: folder by folder, each in the order of its names. */
async function imagesBelow(folder: string, extensions: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((e) => !e.isDirectory() && endsInOneOf(e.name, extensions));
  return folderByFolder(files.map(({ parentPath, name }) => [parentPath, name])).map((parts) =>
    join(...parts),
  );
}
