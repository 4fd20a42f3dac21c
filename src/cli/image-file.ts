/**
 * Image files as what a network takes.
 */
import { FileFormatError, type Tensor, tensor } from "../index.ts";
import type { DatasetPreset } from "./datasets.ts";

/** More would only be thrown away: networks take small images. */
const mostPixels = 50e6;

/**
 * An image in the model's colours and size: (1, C, H, W), 0 to 1.
 *
 * @param file Path of the file, or its content.
 * @throws FileFormatError when it is no image, or sharp is missing.
 */
export async function readImage(
  file: string | Uint8Array,
  preset: Pick<DatasetPreset, "imageShape">,
  invert: boolean,
): Promise<Tensor> {
  const name = typeof file === "string" ? file : "the image";
  const [channels, height, width] = preset.imageShape;
  const { default: sharp } = await import("sharp").catch((cause: unknown) => {
    throw new FileFormatError("reading images needs the package sharp; run npm install sharp", {}, { cause });
  });
  try {
    const opaque = sharp(file, { limitInputPixels: mostPixels }).flatten();
    const coloured = channels === 1 ? opaque.greyscale().toColourspace("b-w") : opaque.toColourspace("srgb");
    const sized = coloured.resize(width, height, { fit: "contain" });
    const bytes = await (invert ? sized.negate() : sized).raw().toBuffer();
    // Pixel by pixel in the file, plane by plane in the model.
    const pixels = tensor(Float32Array.from(bytes, (byte) => byte / 255)).reshape([1, height, width, -1]);
    return pixels.narrow(3, 0, channels).permute([0, 3, 1, 2]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FileFormatError(
      `${name}: not an image that can be read (${reason}); give a PNG or JPEG file`,
      { file: name },
      { cause },
    );
  }
}
