/** Planes as pictures: one canvas in which they stand side by side, each at its own size. */
import type { Planes } from "../../../src/studio/protocol.ts";
import { pixels } from "../strips/color-map.ts";
import { bytesOf } from "../strips/strip-data.ts";

export interface PlaneImages {
  readonly sprite: OffscreenCanvas;
  readonly bytes: Uint8Array;
}

/** Plane by plane becomes row by row of the planes side by side. */
export function sideBySide(
  bytes: Uint8Array,
  { count, height, width }: Pick<Planes, "count" | "height" | "width">,
) {
  const image = new Uint32Array(count * height * width);
  for (let plane = 0; plane < count; plane++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const byte = bytes[(plane * height + y) * width + x] ?? 0;
        image[y * count * width + plane * width + x] = pixels[byte] as number;
      }
    }
  }
  return image;
}

export function planeImages(planes: Planes): PlaneImages {
  const bytes = bytesOf(planes.data);
  const image = sideBySide(bytes, planes);
  const width = Math.max(1, planes.count * planes.width);
  const height = Math.max(1, planes.height);
  const sprite = new OffscreenCanvas(width, height);
  if (image.length > 0) {
    const data = new ImageData(new Uint8ClampedArray(image.buffer), width, height);
    sprite.getContext("2d")?.putImageData(data, 0, 0);
  }
  return { sprite, bytes };
}

/** Draws the colours from low to high; a Svelte action. */
export function scaleBar(canvas: HTMLCanvasElement): void {
  canvas.width = pixels.length;
  canvas.height = 1;
  const bytes = new Uint8ClampedArray(pixels.slice().buffer as ArrayBuffer);
  canvas.getContext("2d")?.putImageData(new ImageData(bytes, pixels.length, 1), 0, 0);
}
