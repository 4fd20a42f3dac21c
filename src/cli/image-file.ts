/**
 * Image files as what a network takes.
 */
import { transforms } from "../data/index.ts";
import { type Tensor, tensor } from "../index.ts";
import { decodeImageFile } from "../node.ts";
import type { DatasetPreset } from "./datasets.ts";

/**
 * An image in the model's colours and size, as an `ImageFolder` with these gives it: (1, C, H, W), 0 to 1.
 *
 * @param file Path of the file, or its content.
 * @param invert Whether dark and light are exchanged.
 * @throws FileFormatError when it is no image, or sharp is missing.
 */
export async function readImage(
  file: string | Uint8Array,
  { imageShape }: Pick<DatasetPreset, "imageShape">,
  invert: boolean,
): Promise<Tensor> {
  const [channels, height, width] = imageShape;
  const source = typeof file === "string" ? file : "the image";
  const decoded = await decodeImageFile(file, { channels: channels === 1 ? 1 : 3, source });
  const { data } = new transforms.Resize([height, width]).apply(decoded);
  return tensor(invert ? data.map((value) => 1 - value) : data).reshape([1, channels, height, width]);
}
