/**
 * From the bytes of an image file to values: what a decoder is, and the one of browsers. Node's is in `node/decode-image.ts`.
 *
 * All decoders keep to the same rules: the content says what kind of file it is, not its name; transparency is left out;
 * grey is made of colours as PIL makes it; 16 bits are cut to 8; of several frames the first counts; and, as in torchvision, an image is not turned by what a camera
 * has noted about its own position (EXIF orientation).
 */
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import type { HostImage } from "./host-array.ts";

/** What a decoder is asked for. */
export interface DecodeOptions {
  /** 3 for red, green and blue, 1 for grey; other images are converted. */
  readonly channels: 1 | 3;
  /** What messages call the file. */
  readonly source: string;
}

/** Decodes an image file to values of 0 to 1. Throws a `FileFormatError` with the field `source` for one that is damaged. */
export type ImageDecoder = (bytes: Uint8Array, options: DecodeOptions) => Promise<HostImage>;

/** From bytes pixel by pixel, 1 (grey) to 4 of them, to planes of 0 to 1. */
export function planesOf(
  bytes: ArrayLike<number>,
  { width, height, channels: given }: { width: number; height: number; channels: number },
  channels: 1 | 3,
): HostImage {
  const plane = width * height;
  const data = new Float32Array(channels * plane);
  const at = (i: number, c: number): number => bytes[i * given + c] as number;
  for (let c = 0; c < channels; c++) {
    // A grey file may come with one channel, which then serves as all.
    const from = Math.min(c, given - 1);
    const isMixed = channels === 1 && given >= 3;
    for (let i = 0; i < plane; i++) {
      data[c * plane + i] = (isMixed ? greyOf(at(i, 0), at(i, 1), at(i, 2)) : at(i, from)) / 255;
    }
  }
  return { channels, height, width, data };
}

/** The weights of ITU-R BT.601 and the rounding of PIL, with which torchvision makes grey: bytes to a byte. */
function greyOf(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

/** The error for a file that cannot be decoded. */
export function badImage(source: string, cause: unknown): FileFormatError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new FileFormatError(
    `${source}: not an image that can be read (${reason}); replace or remove the file`,
    { source, path: source },
    { cause },
  );
}

/**
 * Decodes an image file in a browser: PNG, JPEG, WebP and whatever else it shows. A pixel that is wholly transparent becomes
 * black, whose colour browsers do not give; otherwise images are as under Node, where `ImageFolder` and `ParquetImageFolder` of
 * `tatamijs/node` decode with the package sharp.
 *
 * @param options.channels 3 for red, green and blue, 1 for grey. Default 3.
 * @param options.source What messages call the file. Default "image".
 * @returns Planes of values 0 to 1.
 * @throws FileFormatError when it is damaged or no image; ArgumentError where there is no browser
 * @example
 * // In a page: const image = await data.decodeImage(await io.readBytes(input.files[0]), { channels: 1 });
 * const decode: data.ImageDecoder = data.decodeImage;
 */
export async function decodeImage(
  bytes: Uint8Array,
  { channels = 3, source = "image" }: Partial<DecodeOptions> = {},
): Promise<HostImage> {
  if (typeof createImageBitmap === "undefined" || typeof OffscreenCanvas === "undefined") {
    throw new ArgumentError(
      `${source}: only a browser decodes images by itself; under Node use ParquetImageFolder or ImageFolder of tatamijs/node`,
      { source },
    );
  }
  const blob = new Blob([withoutOrientation(bytes) as Uint8Array<ArrayBuffer>]);
  const bitmap = await createImageBitmap(blob, {
    premultiplyAlpha: "none",
    colorSpaceConversion: "default",
  }).catch((cause: unknown) => {
    throw badImage(source, cause);
  });
  const { width, height } = bitmap;
  try {
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    if (context === null) throw new Error(`there is no canvas of ${width} x ${height} pixels`);
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return planesOf(data, { width, height, channels: 4 }, channels);
  } catch (cause) {
    throw badImage(source, cause);
  } finally {
    bitmap.close();
  }
}

/** A JPEG file without its EXIF part, which browsers would turn the image by. Other bytes are given back as they are. */
export function withoutOrientation(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return bytes;
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1] as number;
    const next = at + 2 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
    const isExif = marker === 0xe1 && String.fromCharCode(...bytes.subarray(at + 4, at + 8)) === "Exif";
    if (isExif) {
      const out = new Uint8Array(bytes.length - (Math.min(next, bytes.length) - at));
      out.set(bytes.subarray(0, at));
      out.set(bytes.subarray(next), at);
      return out;
    }
    // From the start of the scan on there are no more parts.
    if (marker === 0xda) break;
    at = next;
  }
  return bytes;
}
