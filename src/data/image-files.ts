/** Image files that the user of a page chose, sorted into one folder for each class: what `ImageFolder` is under Node. */
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { checkOptions } from "../nn/arguments.ts";
import { checkIndex, Dataset } from "./dataset.ts";
import type { HostImage } from "./host-array.ts";
import type { ImageSample } from "./image-dataset.ts";
import { decodeImage, type ImageDecoder } from "./image-decoder.ts";
import {
  checkImageOptions,
  type ImageOptions,
  ImagePreparation,
  keepReadable,
  type SkippedFile,
} from "./image-options.ts";
import { endsInOneOf, folderByFolder, imageExtensions, inOrder } from "./labelled-paths.ts";
import { RandomKey } from "./random-stream.ts";

/** A file of a folder that a user chose, or a path such as `cats/1.png` and what lies there. */
export type LabelledFile = File | readonly [path: string, content: Blob];

/** Options of `ImageFiles.load`. */
export interface ImageFilesOptions extends ImageOptions {
  /** Endings of image files, of any case. Default .jpg, .jpeg, .png and .webp. */
  readonly extensions?: readonly string[];
  /** What decodes images. Default: the browser. */
  readonly decode?: ImageDecoder;
}

const optionNames: readonly string[] = [
  ...["channels", "size", "transform", "onCorrupt", "extensions", "decode"],
];

interface Entry {
  readonly path: string;
  readonly label: number;
  readonly content: Blob;
}

/**
 * Images in files that the user of a page chose: a sample is `[image, label]` with an image [C, H, W], float32 of 0 to 1. Classes
 * are the names of the folders in the chosen one, and files are in the order that `ImageFolder` of `tatamijs/node` gives them.
 *
 * @example
 * // In a page with <input type="file" webkitdirectory>:
 * const load = (input: { files: Iterable<File> }) => data.ImageFiles.load([...input.files], { size: [32, 32] });
 * const image = new Blob(["..."]);
 * const pets = await data.ImageFiles.load([["cats/1.png", image], ["dogs/1.png", image], ["dogs/2.png", image]]);
 * pets.classes; // ["cats", "dogs"]
 * pets.labels; // [0, 1, 1]
 */
export class ImageFiles extends Dataset<ImageSample> {
  /** Names of the classes; a label is an index into them. */
  readonly classes: readonly string[];
  /** Paths below the chosen folder, in order. */
  readonly paths: readonly string[];
  /** Class indices of all images. */
  readonly labels: Int32Array;
  /** Files that were left out, with `onCorrupt: "skip"`. */
  readonly skipped: readonly SkippedFile[];
  readonly #entries: readonly Entry[];
  readonly #channels: 1 | 3;
  readonly #decode: ImageDecoder;
  readonly #preparation: ImagePreparation;

  private constructor(
    classes: readonly string[],
    { kept, skipped }: { kept: readonly Entry[]; skipped: readonly SkippedFile[] },
    options: ImageFilesOptions,
  ) {
    super();
    this.classes = classes;
    this.paths = kept.map(({ path }) => path);
    this.labels = Int32Array.from(kept, ({ label }) => label);
    this.skipped = skipped;
    this.#entries = kept;
    this.#channels = options.channels ?? 3;
    this.#decode = options.decode ?? decodeImage;
    this.#preparation = new ImagePreparation(options);
  }

  /**
   * Sorts the files. They are read when their images are asked for.
   *
   * @param files What `<input type="file" webkitdirectory>` has in `files`, as a list; or paths and contents.
   * @throws ArgumentError for a wrong option or file; FileFormatError when no file lies in a folder of its class, or a class has no
   * image
   */
  static async load(files: readonly LabelledFile[], options: ImageFilesOptions = {}): Promise<ImageFiles> {
    checkOptions(options, optionNames, "ImageFiles");
    checkImageOptions(options, "ImageFiles");
    if (!Array.isArray(files)) {
      throw new ArgumentError("ImageFiles: give a list of files, such as [...input.files]", { files });
    }
    const { classes, entries } = sorted(files.map(placeOf), options.extensions ?? imageExtensions);
    if (options.onCorrupt !== "skip") return new ImageFiles(classes, { kept: entries, skipped: [] }, options);
    const { decode = decodeImage } = options;
    const found = await keepReadable(entries, (entry) => decoded(entry, decode, 1));
    return new ImageFiles(classes, found, options);
  }

  get length(): number {
    return this.#entries.length;
  }

  /** @throws FileFormatError naming a file that is no image or damaged */
  async get(index: number, key: RandomKey = new RandomKey(0)): Promise<ImageSample> {
    checkIndex(index, this.length, "ImageFiles");
    const entry = this.#entries[index] as Entry;
    const image = await decoded(entry, this.#decode, this.#channels);
    return this.#preparation.sample(image, entry.label, index, key);
  }
}

async function decoded({ path, content }: Entry, decode: ImageDecoder, channels: 1 | 3): Promise<HostImage> {
  return decode(new Uint8Array(await content.arrayBuffer()), { channels, source: path });
}

/** The path below the chosen folder, whose own name comes first in what a browser tells. */
function placeOf(file: LabelledFile, i: number): readonly [path: string, content: Blob] {
  if (Array.isArray(file) && typeof file[0] === "string" && file[1] instanceof Blob)
    return file as readonly [string, Blob];
  if (file instanceof File) return [file.webkitRelativePath?.replace(/^[^/]*\//, "") ?? "", file];
  throw new ArgumentError(
    `ImageFiles: files[${i}] is neither a File nor a path with a Blob, such as ["cats/1.png", blob]`,
    { file },
  );
}

function sorted(
  files: readonly (readonly [path: string, content: Blob])[],
  extensions: readonly string[],
): { readonly classes: readonly string[]; readonly entries: readonly Entry[] } {
  const contents = new Map(files);
  // What lies in no folder has no class.
  const paths = [...contents.keys()].filter((path) => path.includes("/"));
  const classOf = (path: string): string => path.slice(0, path.indexOf("/"));
  const classes = inOrder(new Set(paths.map(classOf)));
  if (classes.length === 0) {
    throw new FileFormatError(
      "ImageFiles: none of the files lies in a folder of its class; let the user choose the folder whose folders are the classes, by " +
        'an <input type="file" webkitdirectory>, or give paths such as ["cats/1.png", blob]',
      { files: files.length },
    );
  }
  const images = new Map<string, [string, string][]>(classes.map((name) => [name, []]));
  for (const path of paths.filter((p) => endsInOneOf(p, extensions))) {
    const at = path.lastIndexOf("/");
    images.get(classOf(path))?.push([path.slice(0, at), path.slice(at + 1)]);
  }
  const empty = classes.filter((name) => images.get(name)?.length === 0);
  if (empty.length > 0) {
    throw new FileFormatError(
      `ImageFiles: found no images in the folders ${empty.join(", ")}; images end in ${extensions.join(", ")}: add some, set the ` +
        "option extensions, or leave the folders out",
      { classes: empty, extensions },
    );
  }
  const entries = classes.flatMap((name, label) =>
    folderByFolder(images.get(name) ?? []).map(([folder, file]): Entry => {
      const path = `${folder}/${file}`;
      return { path, label, content: contents.get(path) as Blob };
    }),
  );
  return { classes, entries };
}
