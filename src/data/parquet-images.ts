/**
 * Sets of images in Parquet files, as the Hugging Face hub keeps them: in each row the bytes of an image file and a label.
 * Row groups are read when one of their images is asked for, and a bounded amount of them is kept.
 */
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { openSource, type RandomAccessSource } from "../base/random-access.ts";
import { checkOptions } from "../nn/arguments.ts";
import { collateSamples } from "./collate.ts";
import { checkIndex, Dataset } from "./dataset.ts";
import type { HostBatch } from "./host-array.ts";
import type { ImageSample } from "./image-dataset.ts";
import { decodeImage, type ImageDecoder } from "./image-decoder.ts";
import {
  checkImageOptions,
  type ImageOptions,
  ImagePreparation,
  keepReadable,
  type SkippedFile,
} from "./image-options.ts";
import { hubColumns, type ImageColumns } from "./parquet/hub-columns.ts";
import { ParquetFile } from "./parquet/parquet-file.ts";
import { RandomKey } from "./random-stream.ts";

/** Options of `ParquetImages.load`. */
export interface ParquetImagesOptions extends ImageOptions {
  /** The column of images. Default: the one that the hub's metadata calls an image, else "image" or "img". */
  readonly imageColumn?: string;
  /** The column of labels. Default: the one that the hub's metadata calls a class label, else "label". */
  readonly labelColumn?: string;
  /** Names of the classes. Default: those of the hub's metadata, else the labels themselves, from "0" on. */
  readonly classes?: readonly string[];
  /**
   * Bytes of row groups that are kept for the next image of theirs. A set that is larger and shuffled reads a row group for
   * nearly every image. Default 2^28.
   */
  readonly cacheBytes?: number;
  /** What decodes images. Default: the browser. */
  readonly decode?: ImageDecoder;
}

export const parquetImagesOptionNames: readonly string[] = [
  ...[
    "channels",
    "size",
    "transform",
    "onCorrupt",
    "imageColumn",
    "labelColumn",
    "classes",
    "cacheBytes",
    "decode",
  ],
];

/** A set in some files, opened: what {@link ParquetImages} is made of. */
export interface ParquetImagesContent {
  readonly files: readonly ParquetFile[];
  readonly columns: readonly ImageColumns[];
  readonly groups: readonly Group[];
  readonly classes: readonly string[];
}

/** A row group of one of the files. */
interface Group {
  readonly file: number;
  readonly group: number;
  readonly labels: Int32Array;
}

/** Where an image lies. */
interface Place {
  readonly group: number;
  readonly row: number;
}

/** What sets of images in Parquet files have in common, wherever the files are. */
export abstract class ParquetImageSet extends Dataset<ImageSample> {
  /** Names of the classes; a label is an index into them. */
  readonly classes: readonly string[];
  /** Images that were left out, with `onCorrupt: "skip"`. */
  skipped: readonly SkippedFile[] = [];
  #places: readonly Place[];
  readonly #content: ParquetImagesContent;
  readonly #channels: 1 | 3;
  readonly #decode: ImageDecoder;
  readonly #preparation: ImagePreparation;
  readonly #cache: GroupCache;

  protected constructor(content: ParquetImagesContent, options: ParquetImagesOptions) {
    super();
    this.classes = content.classes;
    this.#content = content;
    this.#places = content.groups.flatMap(({ labels }, group) =>
      Array.from(labels, (_, row): Place => ({ group, row })),
    );
    this.#channels = options.channels ?? 3;
    this.#decode = options.decode ?? decodeImage;
    this.#preparation = new ImagePreparation(options);
    this.#cache = new GroupCache(options.cacheBytes ?? 2 ** 28, (group) => this.#readGroup(group));
  }

  get length(): number {
    return this.#places.length;
  }

  /** Class indices of all images. */
  get labels(): Int32Array {
    return Int32Array.from(this.#places, (place) => this.#labelAt(place));
  }

  /** @throws FileFormatError naming the file and row of an image that is damaged */
  async get(index: number, key: RandomKey = new RandomKey(0)): Promise<ImageSample> {
    checkIndex(index, this.length, this.constructor.name);
    const place = this.#places[index] as Place;
    const decoded = await this.#decodeAt(place, this.#channels);
    return this.#preparation.sample(decoded, this.#labelAt(place), index, key);
  }

  /** Goes through the row groups one after the other, whatever the order of the indices. */
  override async batch(
    indices: readonly number[],
    key: RandomKey = new RandomKey(0),
  ): Promise<HostBatch<ImageSample>> {
    for (const index of indices) checkIndex(index, this.length, this.constructor.name);
    const byGroup = new Map<number, number[]>();
    for (const [n, index] of indices.entries()) {
      const { group } = this.#places[index] as Place;
      byGroup.set(group, [...(byGroup.get(group) ?? []), n]);
    }
    const samples = new Array<ImageSample>(indices.length);
    for (const positions of byGroup.values()) {
      const read = positions.map(async (n) => {
        samples[n] = await this.get(indices[n] as number, key);
      });
      await Promise.all(read);
    }
    return collateSamples(samples);
  }

  /** Decodes every image once where damaged ones are to be left out. */
  protected async leaveOutCorrupt({ onCorrupt }: ParquetImagesOptions): Promise<void> {
    if (onCorrupt !== "skip") return;
    const { kept, skipped } = await keepReadable(this.#places, (place) => this.#decodeAt(place, 1));
    this.#places = kept;
    this.skipped = skipped;
  }

  #labelAt({ group, row }: Place): number {
    return this.#content.groups[group]?.labels[row] as number;
  }

  async #decodeAt({ group, row }: Place, channels: 1 | 3): ReturnType<ImageDecoder> {
    const images = await this.#cache.get(group);
    const { file, group: number } = this.#content.groups[group] as Group;
    const source = `${this.#content.files[file]?.source}, row group ${number}, row ${row}`;
    const bytes = images[row];
    if (bytes instanceof Uint8Array) return this.#decode(bytes, { channels, source });
    throw new FileFormatError(
      `${source}: there is no image in it, only its path or nothing; write the set with the bytes of its images`,
      { source, path: source },
    );
  }

  async #readGroup(index: number): Promise<readonly (Uint8Array | null)[]> {
    const { file, group } = this.#content.groups[index] as Group;
    const { image } = this.#content.columns[file] as ImageColumns;
    const values = await (this.#content.files[file] as ParquetFile).readColumn(group, image);
    return values as (Uint8Array | null)[];
  }
}

/**
 * Images and labels out of Parquet files. A sample is `[image, label]` with an image [C, H, W], float32 of 0 to 1. In a
 * browser from files that a user chose, or from addresses that are read piece by piece; `ParquetImageFolder` of
 * `tatamijs/node` reads a split of a folder.
 *
 * Images are decoded by the rules of `ImageFolder`.
 *
 * @example
 * // In a page: const train = await data.ParquetImages.load([...input.files], { size: [32, 32] });
 * const empty = await data.ParquetImages.load([new Uint8Array(12)]).catch((error: Error) => error.name);
 * console.log(empty); // FileFormatError
 */
export class ParquetImages extends ParquetImageSet {
  /**
   * Opens the files of one split, in order, and reads the labels.
   *
   * @param sources Bytes, files that a user chose, or addresses (`new URL(...)`).
   * @throws FileFormatError for a file that is damaged or has no images; ArgumentError for a wrong option
   */
  static async load(
    sources: readonly RandomAccessSource[],
    options: ParquetImagesOptions = {},
  ): Promise<ParquetImages> {
    const set = new ParquetImages(await openParquetImages(sources, options, "ParquetImages"), options);
    await set.leaveOutCorrupt(options);
    return set;
  }
}

/** Opens files and reads the labels. */
export async function openParquetImages(
  sources: readonly RandomAccessSource[],
  options: ParquetImagesOptions,
  owner: string,
): Promise<ParquetImagesContent> {
  checkOptions(options, parquetImagesOptionNames, owner);
  checkImageOptions(options, owner);
  if (!Array.isArray(sources) || sources.length === 0) {
    throw new ArgumentError(`${owner}: give a list of one file or more, such as [...input.files]`, {
      sources,
    });
  }
  const files: ParquetFile[] = [];
  for (const [i, source] of sources.entries()) {
    files.push(await ParquetFile.open(await openSource(source, `Parquet file ${i}`)));
  }
  const columns = files.map((file) => hubColumns(file, options));
  const groups: Group[] = [];
  let largest = -1;
  for (const [f, file] of files.entries()) {
    const { label } = columns[f] as ImageColumns;
    for (const [group, rows] of file.groupRows.entries()) {
      if (rows === 0) continue;
      const values = await file.readColumn(group, label);
      const labels = Int32Array.from(values, (value, row) => {
        if (typeof value === "number" && value >= 0 && value < 2 ** 31) return value;
        throw new FileFormatError(
          `${file.source}: row group ${group}, row ${row}: the label is ${value}; expected a class index of 0 or more ` +
            "(a split without labels cannot be trained or tested on)",
          { source: file.source, group, row },
        );
      });
      largest = labels.reduce((a, b) => Math.max(a, b), largest);
      groups.push({ file: f, group, labels });
    }
  }
  return { files, columns, groups, classes: classesOf(columns, largest, files, options) };
}

function classesOf(
  columns: readonly ImageColumns[],
  largest: number,
  files: readonly ParquetFile[],
  { classes }: ParquetImagesOptions,
): readonly string[] {
  const named = classes ?? columns.find((c) => c.classes !== undefined)?.classes;
  if (named === undefined) {
    // Names are made for labels that look like indices; a set of ids would have millions of classes.
    if (largest < 100_000) return Array.from({ length: largest + 1 }, (_, i) => String(i));
  } else if (largest < named.length) return named;
  const known = named === undefined ? "100000 classes without names" : `${named.length} classes`;
  throw new FileFormatError(
    `${files[0]?.source}: found label ${largest}, but there are ${known}; name all of them as option classes, or set labelColumn`,
    { largest, classes: named?.length },
  );
}

/** Row groups that were read last, up to an amount of bytes. One is read at a time. */
class GroupCache {
  readonly #limit: number;
  readonly #read: (group: number) => Promise<readonly (Uint8Array | null)[]>;
  /** The last used one is the last. */
  readonly #kept = new Map<number, { images: readonly (Uint8Array | null)[]; bytes: number }>();
  #bytes = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(limit: number, read: (group: number) => Promise<readonly (Uint8Array | null)[]>) {
    if (!(limit >= 0))
      throw new ArgumentError(`ParquetImages: cacheBytes must be 0 or more; got ${limit}`, { limit });
    this.#limit = limit;
    this.#read = read;
  }

  get(group: number): Promise<readonly (Uint8Array | null)[]> {
    const found = this.#find(group);
    if (found !== undefined) return Promise.resolve(found);
    const next = this.#queue.then(async () => {
      const meanwhile = this.#find(group);
      if (meanwhile !== undefined) return meanwhile;
      const images = await this.#read(group);
      this.#keep(group, images);
      return images;
    });
    // Whoever waits for this one sees its error; the next one is not to.
    this.#queue = next.catch(() => undefined);
    return next;
  }

  #find(group: number): readonly (Uint8Array | null)[] | undefined {
    const entry = this.#kept.get(group);
    if (entry === undefined) return undefined;
    this.#kept.delete(group);
    this.#kept.set(group, entry);
    return entry.images;
  }

  #keep(group: number, images: readonly (Uint8Array | null)[]): void {
    const bytes = images.reduce((sum, image) => sum + 64 + (image?.byteLength ?? 0), 0);
    this.#kept.set(group, { images, bytes });
    this.#bytes += bytes;
    for (const [old, entry] of this.#kept) {
      // The newest stays, however large: the images that wait for it are in it.
      if (this.#bytes <= this.#limit || old === group) break;
      this.#kept.delete(old);
      this.#bytes -= entry.bytes;
    }
  }
}
