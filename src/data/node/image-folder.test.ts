import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FileFormatError } from "../../base/errors.ts";
import { DataLoader } from "../data-loader.ts";
import { ImageFolder } from "./image-folder.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tatami-images-"));
});
afterEach(() => rm(root, { recursive: true }));

/** Two pixels wide and one high: the given colour, and black. */
async function put(path: string, colour: readonly number[] = [255, 51, 0]): Promise<void> {
  const channels = colour.length as 1 | 3 | 4;
  await mkdir(join(root, path, ".."), { recursive: true });
  const black = channels === 4 ? [0, 0, 0, 255] : new Array<number>(channels).fill(0);
  const pixels = Uint8Array.from([...colour, ...black]);
  const webp = { lossless: true };
  const image = sharp(pixels, { raw: { width: 2, height: 1, channels } });
  await (path.endsWith(".webp") ? image.webp(webp) : image.png()).toFile(join(root, path));
}

it("lists classes and files in torchvision's order, and decodes when asked", async () => {
  await put("dog/b.png");
  await put("dog/a.PNG");
  await put("dog/sub/0.webp");
  await put("dog/sub-2/1.png");
  await put("dog/sub/deep/2.png");
  await put("Cat/x.png", [0, 102, 255]);
  await writeFile(join(root, "dog", "notes.txt"), "no image");
  await writeFile(join(root, "loose.png"), "not in a class");
  const folder = await ImageFolder.load(root);
  expect(folder.classes).toEqual(["Cat", "dog"]);
  expect(folder.classToIdx).toEqual({ Cat: 0, dog: 1 });
  expect(folder.samples.map(([path, label]) => [relative(root, path), label])).toEqual([
    ["Cat/x.png", 0],
    ["dog/a.PNG", 1],
    ["dog/b.png", 1],
    // Folder by folder, and "-" comes before "/".
    ["dog/sub/0.webp", 1],
    ["dog/sub-2/1.png", 1],
    ["dog/sub/deep/2.png", 1],
  ]);
  const [image, label] = await folder.get(0);
  expect([image.shape, label]).toEqual([[3, 1, 2], 0]);
  expect([...image.data]).toEqual([0, 0, 102 / 255, 0, 1, 0].map(Math.fround));
  expect((await folder.get(3))[0].data[1]).toBe(0);
  await expect(folder.get(6)).rejects.toThrow("ImageFolder: index 6 is out of range; use 0 to 5");
});

it("converts between colours and grey, and leaves transparency out", async () => {
  await put("a/grey.png", [51]);
  await put("a/rgb.png", [255, 255, 255]);
  await put("a/rgba.png", [255, 0, 51, 0]);
  const colour = await ImageFolder.load(root);
  expect([...(await colour.get(0))[0].data]).toEqual([0.2, 0, 0.2, 0, 0.2, 0].map(Math.fround));
  expect([...(await colour.get(2))[0].data]).toEqual([1, 0, 0, 0, 0.2, 0].map(Math.fround));
  const grey = await ImageFolder.load(root, { channels: 1 });
  expect([(await grey.get(1))[0].shape, (await grey.get(1))[0].data[0]]).toEqual([[1, 1, 2], 1]);
  expect([...(await grey.get(0))[0].data]).toEqual([0.2, 0].map(Math.fround));
});

it("gives a loader images of one size, transformed", async () => {
  await put("a/1.png");
  await put("b/2.png");
  const folder = await ImageFolder.load(root, {
    size: [4, 6],
    transform: (image) => ({ ...image, data: image.data.map((v) => v - 1) }),
  });
  const loader = new DataLoader(folder, { batchSize: 2, prefetch: 2 });
  for await (const [x, y] of loader) {
    expect([x.shape, await y.array()]).toEqual([
      [2, 3, 4, 6],
      [0, 1],
    ]);
    expect(await x.amax().item()).toBe(0);
    expect(await x.amin().item()).toBe(-1);
  }
});

it("names damaged files, or leaves them out", async () => {
  await put("a/1.png");
  const whole = await readFile(join(root, "a", "1.png"));
  await writeFile(join(root, "a", "2.png"), whole.subarray(0, whole.length - 30));
  await writeFile(join(root, "a", "3.jpg"), "text");
  await writeFile(join(root, "a", "4.png"), "");
  const strict = await ImageFolder.load(root);
  expect(strict).toHaveLength(4);
  for (const i of [1, 2, 3]) {
    const path = strict.samples[i]?.[0] as string;
    await expect(strict.get(i)).rejects.toThrow(FileFormatError);
    await expect(strict.get(i)).rejects.toThrow(`${path}: not an image that can be read`);
  }
  const lenient = await ImageFolder.load(root, { onCorrupt: "skip" });
  expect(lenient).toHaveLength(1);
  expect(lenient.skipped.map(({ path }) => relative(root, path))).toEqual(["a/2.png", "a/3.jpg", "a/4.png"]);
  expect(lenient.skipped[1]?.reason).toContain("not an image");
});

it("refuses folders without classes or images, and wrong options", async () => {
  await expect(ImageFolder.load(join(root, "none"))).rejects.toThrow(
    `ImageFolder: there is no folder ${root}`,
  );
  await expect(ImageFolder.load(root)).rejects.toThrow(`ImageFolder: ${root} has no folders`);
  await put("a/1.png");
  await mkdir(join(root, "b"));
  await expect(ImageFolder.load(root)).rejects.toThrow(
    `found no images in the folders b of ${root}; images end in .jpg, .jpeg, .png, .webp`,
  );
  await expect(ImageFolder.load(root, { extensions: [".tif"] })).rejects.toThrow("in the folders a, b");
  await expect(ImageFolder.load(root, { channels: 2 as 1 })).rejects.toThrow(
    "channels must be 1 or 3; got 2",
  );
  await expect(ImageFolder.load(root, { onCorrupt: "no" as "skip" })).rejects.toThrow('got "no"');
  await expect(ImageFolder.load(root, { size: 0 })).rejects.toThrow("size 0 x 0");
  await expect(ImageFolder.load(root, { sizes: 8 } as object)).rejects.toThrow('there is no option "sizes"');
});
