/**
 * Image files as values. Node only, with the package sharp, which is loaded at the first image.
 */
import { FileFormatError } from "../../base/errors.ts";
import type { HostImage } from "../host-array.ts";

/**
 * Decodes an image file; transparency is left out.
 *
 * @param channels 3 for red, green and blue, 1 for grey.
 * @returns Values 0 to 1.
 * @throws FileFormatError naming the file when it is missing, damaged or no image; or when sharp is not installed.
 */
export async function decodeImage(path: string, channels: 1 | 3): Promise<HostImage> {
  const { default: sharp } = await import("sharp").catch((cause: unknown) => {
    throw new FileFormatError("reading images needs the package sharp; run npm install sharp", {}, { cause });
  });
  try {
    const opaque = sharp(path).removeAlpha();
    const image = channels === 1 ? opaque.greyscale().toColourspace("b-w") : opaque.toColourspace("srgb");
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    return planesOf(data, info, channels);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FileFormatError(
      `${path}: not an image that can be read (${reason}); replace or remove the file`,
      { path },
      { cause },
    );
  }
}

/** From bytes pixel by pixel to planes of 0 to 1. */
function planesOf(
  bytes: Uint8Array,
  { width, height, channels: given }: { width: number; height: number; channels: number },
  channels: number,
): HostImage {
  const plane = width * height;
  const data = new Float32Array(channels * plane);
  for (let c = 0; c < channels; c++) {
    // A grey file may come with one channel, which then serves as all.
    const from = Math.min(c, given - 1);
    for (let i = 0; i < plane; i++) data[c * plane + i] = (bytes[i * given + from] as number) / 255;
  }
  return { channels, height, width, data };
}
