/**
 * Small pictures as PNG data URLs.
 */
import { encodePng } from "../base/png.ts";

/** An image as networks have it: plane by plane, 0 to 1; one channel is grey, three are red, green and blue. */
export interface Planar {
  readonly data: ArrayLike<number>;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Values below 0 are black, above 1 white; of two or more than three channels the first is shown. */
export async function pngDataUrl({ data, channels, height, width }: Planar): Promise<string> {
  const shown = channels === 3 ? 3 : 1;
  const area = height * width;
  const bytes = new Uint8Array(area * shown);
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < shown; c++) {
      const value = data[c * area + i] as number;
      bytes[i * shown + c] = Math.round(Math.min(1, Math.max(0, value)) * 255) || 0;
    }
  }
  const file = await encodePng({ width, height, channels: shown, data: bytes });
  return `data:image/png;base64,${Buffer.from(file).toString("base64")}`;
}
