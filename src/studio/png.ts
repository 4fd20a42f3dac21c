/**
 * Small pictures as PNG data URLs. (W3C, "Portable Network Graphics (PNG) Specification", third edition.)
 */
import { crc32, deflateSync } from "node:zlib";

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** An image as networks have it: plane by plane, 0 to 1; one channel is grey, three are red, green and blue. */
export interface Planar {
  readonly data: ArrayLike<number>;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Values below 0 are black, above 1 white; of two or more than three channels the first is shown. */
export function pngDataUrl({ data, channels, height, width }: Planar): string {
  const shown = channels === 3 ? 3 : 1;
  const stride = 1 + width * shown;
  // A byte before each row says how it is filtered: not at all.
  const rows = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < shown; c++) {
        const value = data[(c * height + y) * width + x] as number;
        rows[y * stride + 1 + x * shown + c] = Math.round(Math.min(1, Math.max(0, value)) * 255) || 0;
      }
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, shown === 3 ? 2 : 0], 8);
  const file = Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
  return `data:image/png;base64,${file.toString("base64")}`;
}

function chunk(name: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), content]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(content.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
