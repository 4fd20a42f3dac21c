/**
 * Image files sorted into one folder for each class, decoded when they are asked for. Node only; the package sharp
 * decodes.
 */
import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { ArgumentError, FileFormatError } from "../../base/errors.ts";
import { checkIndex, Dataset } from "../dataset.ts";
import { imageToArray } from "../host-array.ts";
import type { ImageSample } from "../image-dataset.ts";
import { RandomKey } from "../random-stream.ts";
import { applyTransform, type ImageSize, Resize, type Transform } from "../transforms.ts";
import { decodeImage } from "./decode-image.ts";

/** An image file and its class index. */
export type ImageFile = readonly [path: string, label: number];

/** Options of `ImageFolder.load`. */
export interface ImageFolderOptions {
  /** Endings of image files, of any case. Default .jpg, .jpeg, .png and .webp. */
  readonly extensions?: readonly string[];
  /** 3 for red, green and blue, 1 for grey; other images are converted. Default 3. */
  readonly channels?: 1 | 3;
  /**
   * Every image is resized to this height and width, whatever its shape, before the transform. Default: none; then the
   * transform has to bring images to one size, as a `DataLoader` needs.
   */
  readonly size?: ImageSize;
  /** Applied to each image, whose values are then 0 to 1. Default: none. */
  readonly transform?: Transform;
  /**
   * What to do with a file that is no image or damaged. "error", the default: reading it throws, naming the file. "skip":
   * all files are decoded once while loading, and those that fail are left out and listed in `skipped`.
   */
  readonly onCorrupt?: "error" | "skip";
}

/** A file that was left out, and why. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

/** Files decoded at a time while they are checked. */
const checkedAtOnce = 8;

/**
 * Images in `root/<class>/**`: a sample is `[image, label]` with an image [C, H, W], float32 of 0 to 1. As in torchvision,
 * classes are the names of the folders in order, and the files of a class are in the order of their paths.
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
  readonly #resize: Resize | undefined;
  readonly #transform: Transform | undefined;

  private constructor(
    root: string,
    classes: readonly string[],
    found: { samples: readonly ImageFile[]; skipped: readonly SkippedFile[] },
    { channels = 3, size, transform }: ImageFolderOptions,
  ) {
    super();
    this.root = root;
    this.classes = classes;
    this.classToIdx = Object.fromEntries(classes.map((name, i) => [name, i]));
    this.samples = found.samples;
    this.skipped = found.skipped;
    this.#channels = channels;
    this.#resize = size === undefined ? undefined : new Resize(size);
    this.#transform = transform;
  }

  /**
   * Lists the files.
   *
   * @param root The folder whose folders are the classes.
   * @throws FileFormatError when it has no folders, or a class has no image.
   */
  static async load(root: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
    checkOptions(options);
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
    const extensions = (options.extensions ?? [".jpg", ".jpeg", ".png", ".webp"]).map((e) => e.toLowerCase());
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
    const checked = options.onCorrupt === "skip" ? await keepReadable(samples) : { samples, skipped: [] };
    return new ImageFolder(root, classes, checked, options);
  }

  get length(): number {
    return this.samples.length;
  }

  /** @throws FileFormatError naming a file that is no image or damaged. */
  async get(index: number, key: RandomKey = new RandomKey(0)): Promise<ImageSample> {
    checkIndex(index, this.length, "ImageFolder");
    const [path, label] = this.samples[index] as ImageFile;
    const decoded = await decodeImage(path, this.#channels);
    const image = this.#resize?.apply(decoded) ?? decoded;
    const transform = this.#transform;
    const changed = transform === undefined ? image : applyTransform(transform, image, key.stream(index));
    return [imageToArray(changed), label];
  }
}

function checkOptions({ channels = 3, size, onCorrupt = "error" }: ImageFolderOptions): void {
  if (channels !== 1 && channels !== 3) {
    throw new ArgumentError(`ImageFolder: channels must be 1 or 3; got ${String(channels)}`, { channels });
  }
  if (onCorrupt !== "error" && onCorrupt !== "skip") {
    throw new ArgumentError(`ImageFolder: onCorrupt must be "error" or "skip"; got "${String(onCorrupt)}"`, {
      onCorrupt,
    });
  }
  if (size !== undefined) new Resize(size);
}

/** By code point, as Python sorts, and the same on every machine. */
function inOrder(names: readonly string[]): string[] {
  return [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** All images of a folder and the folders below it: folder by folder, each in the order of its names. */
async function imagesBelow(folder: string, extensions: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((e) => !e.isDirectory() && extensions.includes(extname(e.name).toLowerCase()));
  const byFolder = new Map<string, string[]>();
  for (const { parentPath, name } of files)
    byFolder.set(parentPath, [...(byFolder.get(parentPath) ?? []), name]);
  return inOrder([...byFolder.keys()]).flatMap((parent) =>
    inOrder(byFolder.get(parent) ?? []).map((name) => join(parent, name)),
  );
}

async function keepReadable(
  samples: readonly ImageFile[],
): Promise<{ samples: ImageFile[]; skipped: SkippedFile[] }> {
  const kept: ImageFile[] = [];
  const skipped: SkippedFile[] = [];
  for (let start = 0; start < samples.length; start += checkedAtOnce) {
    const part = samples.slice(start, start + checkedAtOnce);
    const results = await Promise.all(
      part.map(([path]) =>
        decodeImage(path, 1).then(
          () => null,
          (error: unknown) => error,
        ),
      ),
    );
    for (const [i, error] of results.entries()) {
      const sample = part[i] as ImageFile;
      if (error === null) kept.push(sample);
      else if (error instanceof FileFormatError && "path" in error.details) {
        skipped.push({ path: sample[0], reason: error.message });
      } else throw error;
    }
  }
  return { samples: kept, skipped };
}
