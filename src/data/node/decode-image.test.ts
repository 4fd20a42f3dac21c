import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { expect, it } from "vitest";
import { findPillow } from "../../../test/setup/neighbours.ts";
import { FileFormatError } from "../../base/errors.ts";
import { withoutOrientation } from "../image-decoder.ts";
import { decodeImage, decodeImageFile } from "./decode-image.ts";

const decode = async (bytes: Uint8Array, channels: 1 | 3 = 3): Promise<number[][]> => {
  const { data, width, height } = await decodeImage(bytes, { channels, source: "image" });
  const plane = width * height;
  return Array.from({ length: channels }, (_, c) =>
    Array.from(data.subarray(c * plane, (c + 1) * plane), (v) => Math.round(v * 255)),
  );
};
/** One row of pixels. */
const row = (values: readonly number[], channels: 1 | 3 | 4): Sharp =>
  sharp(Uint8Array.from(values), { raw: { width: values.length / channels, height: 1, channels } });
const colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 200, 90];

it("makes grey of colours as PIL does, and keeps grey files as they are", async () => {
  // PIL: Image.fromarray(x).convert("L"), x of these four colours.
  expect(await decode(await row(colours, 3).png().toBuffer(), 1)).toEqual([[76, 150, 29, 131]]);
  const grey = Array.from({ length: 256 }, (_, i) => i);
  expect(await decode(await row(grey, 1).png().toBuffer(), 1)).toEqual([grey]);
  expect(await decode(await row(grey, 1).png().toBuffer(), 3)).toEqual([grey, grey, grey]);
});

it("decodes as PIL does, which torchvision uses", async (context) => {
  const { path: python, missing } = findPillow();
  context.skip(python === undefined, missing);
  const pixels = Uint8Array.from({ length: 24 * 17 * 4 }, (_, i) => (i * 2654435761) >>> 24);
  const picture = (): Sharp => sharp(pixels, { raw: { width: 24, height: 17, channels: 4 } });
  const smooth = Uint8Array.from({ length: 24 * 16 * 3 }, (_, i) => (i * 7) % 251);
  const files: Readonly<Record<string, Sharp>> = {
    "alpha.png": picture().png(),
    "palette.png": picture().removeAlpha().png({ palette: true, colours: 32, dither: 0 }),
    "grey.png": picture().removeAlpha().greyscale().toColourspace("b-w").png(),
    "lossless.webp": picture().removeAlpha().webp({ lossless: true }),
    "photo.jpg": sharp(smooth, { raw: { width: 24, height: 16, channels: 3 } })
      .withMetadata({ orientation: 8 })
      .jpeg({ quality: 95, chromaSubsampling: "4:4:4" }),
    "grey.jpg": picture().removeAlpha().greyscale().toColourspace("b-w").jpeg(),
  };
  const folder = await mkdtemp(join(tmpdir(), "tatami-pil-"));
  try {
    for (const [name, image] of Object.entries(files)) await image.toFile(join(folder, name));
    const script = `
import json, os
from PIL import Image
names = sorted(os.listdir("."))
print(json.dumps({n: {m: [list(Image.open(n).size), list(Image.open(n).convert(m).tobytes())] for m in ("L", "RGB")} for n in names}))
`;
    const output = execFileSync(python as string, ["-c", script], { cwd: folder, encoding: "utf8" });
    const found = JSON.parse(output) as Record<string, Record<"L" | "RGB", [number[], number[]]>>;
    expect(Object.keys(found)).toEqual(Object.keys(files).sort());
    for (const [name, byMode] of Object.entries(found)) {
      for (const [mode, channels] of [["L", 1] as const, ["RGB", 3] as const]) {
        const [size, theirs] = byMode[mode];
        const { data, width, height } = await decodeImageFile(join(folder, name), { channels });
        expect([name, width, height]).toEqual([name, ...size]);
        const plane = width * height;
        const ours = theirs.map((_, i) =>
          Math.round((data[(i % channels) * plane + Math.floor(i / channels)] ?? 0) * 255),
        );
        const most = Math.max(...ours.map((v, i) => Math.abs(v - (theirs[i] as number))));
        // Decoders of JPEG round in ways of their own.
        expect([name, mode, most <= (name.endsWith(".jpg") ? 2 : 0), most]).toEqual([name, mode, true, most]);
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("cuts 16 bits to 8", async () => {
  const wide = await sharp(Uint16Array.of(0, 0x0100, 0x80ff, 0xffff), {
    raw: { width: 4, height: 1, channels: 1 },
  })
    .toColourspace("grey16")
    .png()
    .toBuffer();
  expect((await sharp(wide).metadata()).depth).toBe("ushort");
  expect(await decode(wide, 1)).toEqual([[0, 1, 128, 255]]);
});

it("reads print colours, the first frame of an animation, and palettes", async () => {
  const print = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#ff0000" } })
    .toColourspace("cmyk")
    .jpeg()
    .toBuffer();
  expect((await sharp(print).metadata()).space).toBe("cmyk");
  const [red, green, blue] = (await decode(print)).map(([first]) => first as number) as [
    number,
    number,
    number,
  ];
  expect([red > 180, green < 80, blue < 80]).toEqual([true, true, true]);

  const frames = await Promise.all(
    ["#ff0000", "#0000ff"].map((background) =>
      sharp({ create: { width: 4, height: 4, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  const animated = await sharp(frames, { join: { animated: true } })
    .webp({ lossless: true })
    .toBuffer();
  expect((await sharp(animated).metadata()).pages).toBe(2);
  expect((await decode(animated)).map((plane) => [plane.length, plane[0]])).toEqual([
    [16, 255],
    [16, 0],
    [16, 0],
  ]);

  expect(await decode(await row(colours, 3).png({ palette: true }).toBuffer())).toEqual([
    [255, 0, 0, 10],
    [0, 255, 0, 200],
    [0, 0, 255, 90],
  ]);
});

it("does not turn an image by its EXIF orientation", async () => {
  const upright = sharp({ create: { width: 6, height: 2, channels: 3, background: "#00ff00" } });
  const turned = await upright.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer();
  const { width, height } = await decodeImage(turned, { channels: 3, source: "image" });
  expect([width, height]).toEqual([6, 2]);
  // Browsers turn images, so they get the file without its EXIF part, and otherwise as it was.
  const stripped = withoutOrientation(new Uint8Array(turned));
  expect((await sharp(stripped).metadata()).orientation).toBeUndefined();
  expect(await decode(stripped)).toEqual(await decode(turned));
  const plain = new Uint8Array(await upright.clone().jpeg().toBuffer());
  expect(withoutOrientation(plain)).toBe(plain);
  expect(
    withoutOrientation(Uint8Array.of(0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff, 69, 120, 105, 102)).length,
  ).toBe(2);
});

it("goes by the content, and refuses what is no image of pixels", async () => {
  const jpeg = await row(
    Array.from({ length: 64 * 3 }, (_, i) => i),
    3,
  )
    .jpeg()
    .toBuffer();
  const png = await row(colours, 3).png().toBuffer();
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>';
  const crc = Buffer.from(png);
  crc[crc.indexOf("IDAT") + 6] = 0x55;
  for (const [name, bytes, reason] of [
    ["empty.png", Buffer.alloc(0), /not an image/],
    ["text.jpg", Buffer.from("text"), /not an image/],
    ["cut.jpg", jpeg.subarray(0, jpeg.length - 40), /not an image/],
    ["cut.png", png.subarray(0, png.length - 20), /not an image/],
    ["damaged.png", crc, /not an image/],
    ["drawing.png", Buffer.from(svg), /it holds svg, which is not made of pixels/],
  ] as const) {
    const error = await decodeImage(bytes, { channels: 3, source: name }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FileFormatError);
    expect((error as FileFormatError).message).toMatch(reason);
    expect((error as FileFormatError).message.startsWith(`${name}: not an image that can be read`)).toBe(
      true,
    );
  }
});

it("refuses an image that is small as a file and huge as values", async () => {
  const background = "#000000";
  const huge = await sharp({ create: { width: 9000, height: 9000, channels: 3, background } })
    .png({ compressionLevel: 9 })
    .toBuffer();
  expect(huge.length).toBeLessThan(2 ** 20);
  const before = process.memoryUsage().arrayBuffers;
  await expect(decodeImage(huge, { channels: 3, source: "huge.png" })).rejects.toThrow(
    /huge.png: not an image.*exceeds pixel limit/,
  );
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
});
