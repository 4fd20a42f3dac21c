/**
 * Image files as values. Node only, with the package sharp, which is loaded at the first image. For the rules of colours,
 * depth, frames and orientation see `../image-decoder.ts`.
 */
import { FileFormatError } from "../../base/errors.ts";
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
    throw badImage(source, cause);
  }
}
