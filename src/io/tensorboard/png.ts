/** Writes PNG images: 8 bits a channel, every row as it is, compressed by the host's own deflate. */
import { crc32 } from "../crc32.ts";
import { join } from "../protobuf.ts";

/** Rows of pixels, channels side by side. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 3 for red, green and blue; 4 with opacity. */
  readonly channels: 3 | 4;
  readonly data: Uint8Array;
}

/** The bytes of a PNG file (ISO/IEC 15948). */
export async function encodePng({ width, height, channels, data }: Pixels): Promise<Uint8Array<ArrayBuffer>> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = channels === 3 ? 2 : 6;
  // A byte before each row says how it is filtered: 0, not at all.
  const row = width * channels;
  const rows = new Uint8Array((row + 1) * height);
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * row, (y + 1) * row), y * (row + 1) + 1);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return join(
    signature,
    chunk("IHDR", header),
    chunk("IDAT", await deflate(rows)),
    chunk("IEND", new Uint8Array()),
  );
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const body = join(new TextEncoder().encode(name), data);
  const ends = new Uint8Array(8);
  const view = new DataView(ends.buffer);
  view.setUint32(0, data.length);
  view.setUint32(4, crc32(body));
  return join(ends.subarray(0, 4), body, ends.subarray(4));
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}
