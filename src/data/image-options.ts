/** What datasets of image files have in common: how an image is prepared, and what becomes of a damaged one. */
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import type { HostImage } from "./host-array.ts";
import { imageToArray } from "./host-array.ts";
import type { ImageSample } from "./image-dataset.ts";
import type { RandomKey } from "./random-stream.ts";
import { applyTransform, type ImageSize, Resize, type Transform } from "./transforms.ts";

/** Options of datasets that decode image files. */
export interface ImageOptions {
  /** 3 for red, green and blue, 1 for grey; other images are converted. Default 3. */
  readonly channels?: 1 | 3;
  /**
   * Every image is resized to this height and width, whatever its shape, before the transform; one number is the length of
   * the shorter side. Default: none; then the transform has to bring images to one size, as a `DataLoader` needs.
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

/** @throws ArgumentError naming the wrong option */
export function checkImageOptions(
  { channels = 3, size, onCorrupt = "error" }: ImageOptions,
  owner: string,
): void {
  if (channels !== 1 && channels !== 3) {
    throw new ArgumentError(`${owner}: channels must be 1 or 3; got ${String(channels)}`, { channels });
  }
  if (onCorrupt !== "error" && onCorrupt !== "skip") {
    throw new ArgumentError(`${owner}: onCorrupt must be "error" or "skip"; got "${String(onCorrupt)}"`, {
      onCorrupt,
    });
  }
  if (size !== undefined) new Resize(size);
}

/** Resizes and transforms a decoded image. */
export class ImagePreparation {
  readonly #resize: Resize | undefined;
  readonly #transform: Transform | undefined;

  constructor({ size, transform }: ImageOptions) {
    this.#resize = size === undefined ? undefined : new Resize(size);
    this.#transform = transform;
  }

  sample(decoded: HostImage, label: number, index: number, key: RandomKey): ImageSample {
    const image = this.#resize?.apply(decoded) ?? decoded;
    const transform = this.#transform;
    const changed = transform === undefined ? image : applyTransform(transform, image, key.stream(index));
    return [imageToArray(changed), label];
  }
}

/** Files decoded at a time while they are checked. */
const checkedAtOnce = 8;

/**
 * Decodes everything once, and keeps what does not fail.
 *
 * @param decode Decodes one item. A `FileFormatError` with the field `path` says that the item is damaged.
 */
export async function keepReadable<T>(
  items: readonly T[],
  decode: (item: T) => Promise<unknown>,
): Promise<{ kept: T[]; skipped: SkippedFile[] }> {
  const kept: T[] = [];
  const skipped: SkippedFile[] = [];
  for (let start = 0; start < items.length; start += checkedAtOnce) {
    const part = items.slice(start, start + checkedAtOnce);
    const results = await Promise.all(
      part.map((item) =>
        decode(item).then(
          () => null,
          (error: unknown) => error,
        ),
      ),
    );
    for (const [i, error] of results.entries()) {
      if (error === null) kept.push(part[i] as T);
      else if (error instanceof FileFormatError && typeof error.details.path === "string") {
        skipped.push({ path: error.details.path, reason: error.message });
      } else throw error;
    }
  }
  return { kept, skipped };
}
