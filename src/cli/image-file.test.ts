/** What `tatami predict` makes of an image file is what a network that learned from an `ImageFolder` has seen. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { expect, it } from "vitest";
import { FileFormatError } from "../base/errors.ts";
import { ImageFolder } from "../node.ts";
import { readImage } from "./image-file.ts";

/** A picture of all colours, some of them half transparent, wider than high. */
const pixels = Uint8Array.from({ length: 40 * 28 * 4 }, (_, i) => (i * 2654435761) >>> 24);
const picture = (): Sharp => sharp(pixels, { raw: { width: 40, height: 28, channels: 4 } });

const files: Readonly<Record<string, () => Promise<Buffer>>> = {
  "a.png": () => picture().png().toBuffer(),
  "b.png": () => picture().removeAlpha().png({ palette: true }).toBuffer(),
  "c.jpg": () => picture().removeAlpha().jpeg({ quality: 80 }).toBuffer(),
  "d.webp": () => picture().webp({ lossless: true }).toBuffer(),
  "e.png": () => picture().removeAlpha().greyscale().toColourspace("b-w").png().toBuffer(),
  "f.jpg": () => picture().removeAlpha().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
};

it.each([
  [1, 28, 40],
  [1, 28, 28],
  [3, 32, 32],
  [3, 64, 50],
] as const)("gives the values of an ImageFolder: %i channels, %i x %i", async (channels, height, width) => {
  const folder = await mkdtemp(join(tmpdir(), "tatami-images-"));
  try {
    await mkdir(join(folder, "class"));
    for (const [name, make] of Object.entries(files))
      await writeFile(join(folder, "class", name), await make());
    const set = await ImageFolder.load(folder, { channels, size: [height, width] });
    expect(set.length).toBe(6);
    for (const [i, [path]] of set.samples.entries()) {
      const [image] = await set.get(i);
      const found = await readImage(path, { imageShape: [channels, height, width] }, false);
      expect(found.shape).toEqual([1, ...image.shape]);
      expect(await found.data(), path).toEqual(image.data);
      const inverted = await readImage(path, { imageShape: [channels, height, width] }, true);
      expect(await inverted.data()).toEqual((image.data as Float32Array).map((value) => 1 - value));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("names a file that is none", async () => {
  const shape = { imageShape: [1, 8, 8] } as const;
  const failure = (file: string | Uint8Array): Promise<unknown> =>
    readImage(file, shape, false).catch((error: unknown) => error);
  expect(await failure("none.png")).toBeInstanceOf(FileFormatError);
  expect(String(await failure("none.png"))).toContain(
    "none.png: there is no such file; give the path of an image file",
  );
  expect(String(await failure(tmpdir()))).toContain(
    `${tmpdir()}: this is a folder; give the path of an image file`,
  );
  expect(String(await failure(new TextEncoder().encode("text")))).toContain("the image: not an image");
});
