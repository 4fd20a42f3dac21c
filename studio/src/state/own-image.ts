/**
 * A picture of the reader's own as the network is asked about it. What is large is made small here: networks take a few
 * pixels a side, and it is sent with every layer and step that is looked at.
 */
import { ApiFailure } from "../api/client.ts";

export interface OwnImage {
  /** The file in base64. */
  readonly file: string;
  /** The same as a data URL. */
  readonly preview: string;
}

/** Pixels of the longer side, and bytes, that are sent as they are. */
const mostSide = 512;
const mostBytes = 2 ** 20;
/** What the server reads. */
const sentAsItIs: readonly string[] = ["image/png", "image/jpeg", "image/webp"];

/** @throws ApiFailure "not-an-image" where the browser cannot read it. */
export async function ownImageOf(file: Blob): Promise<OwnImage> {
  const bitmap = await createImageBitmap(file).catch((error: unknown) => {
    throw new ApiFailure("not-an-image", error instanceof Error ? error.message : String(error));
  });
  const { width, height } = bitmap;
  const isSmall = Math.max(width, height) <= mostSide && file.size <= mostBytes;
  const sent = isSmall && sentAsItIs.includes(file.type) ? file : await reduced(bitmap);
  bitmap.close();
  const preview = await dataUrl(sent);
  return { file: preview.slice(preview.indexOf(",") + 1), preview };
}

/** Size within a square, of the same proportions; a side is one pixel at least. */
export function sizeWithin(width: number, height: number, side: number): { width: number; height: number } {
  const scale = Math.min(1, side / Math.max(width, height));
  const scaled = (length: number): number => Math.max(1, Math.round(length * scale));
  return { width: scaled(width), height: scaled(height) };
}

async function reduced(bitmap: ImageBitmap): Promise<Blob> {
  const { width, height } = sizeWithin(bitmap.width, bitmap.height, mostSide);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (context === null) throw new ApiFailure("unexpected", "this browser has no canvas to draw on");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return canvas.convertToBlob({ type: "image/png" });
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new ApiFailure("not-an-image", String(reader.error)));
    reader.readAsDataURL(blob);
  });
}
