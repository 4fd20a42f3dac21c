/** A split of a folder of Parquet files, as the Hugging Face hub lays sets of images out. Node only; sharp decodes. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { FileFormatError } from "../../base/errors.ts";
import { openFile } from "../../base/node/open-file.ts";
import { checkOptions } from "../../nn/arguments.ts";
import {
  openParquetImages,
  ParquetImageSet,
  type ParquetImagesOptions,
  parquetImagesOptionNames,
} from "../parquet-images.ts";
import { decodeImage } from "./decode-image.ts";

/** Options of `ParquetImageFolder.load`. */
export interface ParquetImageFolderOptions extends ParquetImagesOptions {
  /** The split: files that are called `<split>-00000-of-00002.parquet` or `<split>.parquet`. Default "train". */
  readonly split?: string;
}

/**
 * Images and labels of one split of a set, as the hub lays them out: `train-00000-of-00002.parquet` and so on, in the folder
 * itself or in its `data`. Every file of a split must be there.
 *
 * @example
 * const train = await ParquetImageFolder.load("cifar10", { split: "train" }).catch(() => null); // there is no such folder here
 */
export class ParquetImageFolder extends ParquetImageSet {
  /**
   * Finds and opens the files of a split.
   *
   * @param root The folder.
   * @throws FileFormatError when there is no such split, one of its files is missing, damaged, or has no images
   */
  static async load(
    root: string,
    { split = "train", ...rest }: ParquetImageFolderOptions = {},
  ): Promise<ParquetImageFolder> {
    checkOptions(rest, [...parquetImagesOptionNames, "split"], "ParquetImageFolder");
    const paths = await shardsOf(root, split);
    const options = { decode: decodeImage, ...rest };
    const files = await Promise.all(paths.map(openFile));
    const set = new ParquetImageFolder(
      await openParquetImages(files, options, "ParquetImageFolder"),
      options,
    );
    await set.leaveOutCorrupt(options);
    return set;
  }
}

/** Paths of a split's files, in order. */
async function shardsOf(root: string, split: string): Promise<string[]> {
  const folders = [root, join(root, "data")];
  const seen: string[] = [];
  for (const folder of folders) {
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".parquet"));
    seen.push(...names);
    const shards = names.filter(
      (name) => name.startsWith(`${split}-`) && shardNumbers(name.slice(split.length)) !== undefined,
    );
    if (shards.length > 0) return completeShards(shards, split, folder);
    if (names.includes(`${split}.parquet`)) return [join(folder, `${split}.parquet`)];
  }
  const splits = [...new Set(seen.map((name) => name.replace(/(-\d+-of-\d+.*)?\.parquet$/, "")))];
  throw new FileFormatError(
    `ParquetImageFolder: found no ${split}-00000-of-....parquet or ${split}.parquet in ${folders.join(" or ")}; ` +
      (splits.length === 0
        ? "give the folder of a set of the hub"
        : `there are the splits ${splits.sort().join(", ")}`),
    { root, split, splits },
  );
}

/** The numbers of `-00000-of-00002.parquet`, with or without the hash that some files have. */
function shardNumbers(ending: string): readonly [number, number] | undefined {
  const match = /^-(\d{1,6})-of-(\d{1,6})(?:-[0-9a-f]+)?\.parquet$/.exec(ending);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

function completeShards(names: readonly string[], split: string, folder: string): string[] {
  const byNumber = new Map<number, string>();
  const totals = new Set<number>();
  for (const name of names) {
    const [number, total] = shardNumbers(name.slice(split.length)) ?? [0, 0];
    const other = byNumber.get(number);
    totals.add(total);
    if (other !== undefined || totals.size > 1 || number >= total) {
      throw new FileFormatError(
        `ParquetImageFolder: ${folder} has files of several versions of ${split}, such as ${other ?? names[0]} and ${name}; keep one`,
        { folder, split },
      );
    }
    byNumber.set(number, name);
  }
  const [total = 0] = totals;
  const lacking = Array.from({ length: total }, (_, i) => i).filter((i) => !byNumber.has(i));
  if (lacking.length > 0) {
    throw new FileFormatError(
      `ParquetImageFolder: ${folder} has ${byNumber.size} of the ${total} files of ${split}; missing is number ` +
        `${lacking.slice(0, 10).join(", ")}: download the whole split`,
      { folder, split, lacking },
    );
  }
  return Array.from({ length: total }, (_, i) => join(folder, byNumber.get(i) as string));
}
