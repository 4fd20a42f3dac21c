/**
 * Image files as values. Node only, with the package sharp, which is loaded at the first image. For the rules of colours,
 * depth, frames and orientation see `../image-decoder.ts`.
 */
import { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { ArgumentError, FileFormatError } from "../../base/errors.ts";
import { checkOptions } from "../../nn/arguments.ts";
import type { HostImage } from "../host-array.ts";
import { badImage, type DecodeOptions, planesOf } from "../image-decoder.ts";

/** Pictures made of pixels; sharp would draw an SVG or a PDF too, of whatever size it names. */
const formats: readonly string[] = ["jpeg", "png", "webp", "gif", "tiff", "heif", "jp2k", "jxl"];

/** A small file can hold an image of gigabytes; this is one of 8192 x 8192 pixels, 805 MB as values. */
const mostPixels = 2 ** 26;

/**
 * Decodes an image file of at most 2^26 pixels.
 *
 * @param file Its path or its bytes.
 * @returns Values 0 to 1.
 * @throws FileFormatError naming the file when it is missing, damaged or no image; or when sharp is not installed.
 */
export async function decodeImage(
  file: string | Uint8Array,
  { channels, source }: DecodeOptions,
): Promise<HostImage> {
  const { default: sharp } = await import("sharp").catch((cause: unknown) => {
    throw new FileFormatError("reading images needs the package sharp; run npm install sharp", {}, { cause });
  });
  try {
    const input = sharp(file, { limitInputPixels: mostPixels });
    const { format } = await input.metadata();
    if (!formats.includes(format)) throw new Error(`it holds ${format}, which is not made of pixels`);
    const { data, info } = await input
      .removeAlpha()
      .toColourspace("srgb")
      .raw()
      .toBuffer({ resolveWithObject: true });
    return planesOf(data, info, channels);
  } catch (cause) {
    throw (await noFile(file, source)) ?? badImage(source, cause);
  }
}

/** The error for a path at which there is no file to read; null where there is one. */
async function noFile(file: string | Uint8Array, source: string): Promise<FileFormatError | null> {
  if (typeof file !== "string") return null;
  const found = await stat(file).catch((cause: unknown) => cause);
  if (found instanceof Stats && !found.isDirectory()) return null;
  const [what, options] =
    found instanceof Stats ? ["this is a folder", {}] : ["there is no such file", { cause: found }];
  return new FileFormatError(
    `${source}: ${what}; give the path of an image file`,
    { source, path: source },
    options,
  );
}

/**
 * Decodes an image file as `ImageFolder` does, for a network that learned from such a folder: with `transforms.Resize` the values
 * are those of its samples. At most 2^26 pixels; the package sharp decodes.
 *
 * @param file Its path or its bytes.
 * @param options.channels 3 for red, green and blue, 1 for grey; other images are converted. Default 3.
 * @param options.source What messages call it. Default: the path, or "image".
 * @returns Planes of values 0 to 1.
 * @throws FileFormatError naming the file when it is missing, damaged or no image; or when sharp is not installed
 * @example
 * const bytes = new TextEncoder().encode("no image");
 * const failed = await decodeImageFile(bytes, { source: "shoe.png" }).catch((error: Error) => error.name);
 * console.log(failed); // FileFormatError
 * // A photograph for a network that takes (N, 3, 32, 32):
 * const read = async (path: string) => {
 *   const { data: pixels } = new data.transforms.Resize([32, 32]).apply(await decodeImageFile(path));
 *   return tensor(pixels).reshape([1, 3, 32, 32]);
 * };
 */
export async function decodeImageFile(
  file: string | Uint8Array,
  options: Partial<DecodeOptions> = {},
): Promise<HostImage> {
  checkOptions(options, ["channels", "source"], "decodeImageFile");
  const { channels = 3, source = typeof file === "string" ? file : "image" } = options;
  if (channels !== 1 && channels !== 3) {
    throw new ArgumentError(`decodeImageFile: channels must be 1 or 3; got ${String(channels)}`, {
      channels,
    });
  }
  return decodeImage(file, { channels, source });
}
