/** Tensors as pixels, for `SummaryWriter.addImage`. */
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import type { Pixels } from "../../base/png.ts";
import { formatShape } from "../../base/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Order of an image's dimensions: C channels, H rows, W columns. */
export type ImageFormat = "CHW" | "HWC" | "HW";

/** Where a pixel's channels are: sizes, and how far apart. */
interface Layout {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly strides: readonly [row: number, column: number, channel: number];
}

/** @throws ArgumentError or ShapeError when it is no image of this format */
export function imageLayout(image: Tensor, format: ImageFormat): Layout {
  const { shape } = image;
  if (!["CHW", "HWC", "HW"].includes(format)) {
    throw new ArgumentError(
      `addImage: dataformats is ${JSON.stringify(format)}; pass "CHW", "HWC" or "HW", the order of the dimensions`,
      { dataformats: format },
    );
  }
  const sizeOf = (axis: string): number => (format.includes(axis) ? (shape[format.indexOf(axis)] ?? 0) : 1);
  const [height, width, channels] = [sizeOf("H"), sizeOf("W"), sizeOf("C")];
  if (shape.length !== format.length || ![1, 3, 4].includes(channels) || height * width === 0) {
    throw new ShapeError(
      `addImage: an image ${format} has ${format.length} dimensions, with 1, 3 or 4 channels and at least one pixel; this one has ` +
        `shape ${formatShape(shape)}: pass one image of a batch, x.select(0, i), or other dataformats`,
      { shape, dataformats: format },
    );
  }
  const strides =
    format === "CHW" ? ([width, 1, height * width] as const) : ([width * channels, channels, 1] as const);
  return { height, width, channels, strides };
}

/**
 * Pixels of 8 bits. A uint8 image is as it is; anything else is 0 to 1 and is multiplied by 255, and what is outside
 * becomes the nearest. Grey becomes three equal channels.
 */
export async function pixelsOf(image: Tensor, layout: Layout): Promise<Pixels> {
  const values = await image.data();
  const { height, width, strides } = layout;
  const channels = layout.channels === 4 ? 4 : 3;
  const scale = image.dtype === "uint8" ? 1 : 255;
  // Clamped, and cut off rather than rounded, as PyTorch does.
  const data = new Uint8Array(height * width * channels);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        const channel = layout.channels === 1 ? 0 : c;
        const value = values[y * strides[0] + x * strides[1] + channel * strides[2]] as number;
        data[at++] = Math.min(255, Math.max(0, Math.fround(value) * scale));
      }
    }
  }
  return { width, height, channels, data };
}
