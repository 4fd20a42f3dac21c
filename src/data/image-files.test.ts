import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ArgumentError, FileFormatError } from "../base/errors.ts";
import { DataLoader } from "./data-loader.ts";
import { ImageFiles, type LabelledFile } from "./image-files.ts";
import { decodeImage } from "./node/decode-image.ts";
import { ImageFolder } from "./node/image-folder.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tatami-files-"));
});
afterEach(() => rm(root, { recursive: true }));

/** An image of one colour. */
const image = async (red: number, size: readonly [number, number] = [3, 2]): Promise<Blob> => {
  const [width, height] = size;
  const background = { r: red, g: 2 * red, b: 0 };
  return new Blob([
    new Uint8Array(
      await sharp({ create: { width, height, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  ]);
};

it("gives what an ImageFolder of the same files gives, in its order", async () => {
  const names = [
    "dog/b.png",
    "dog/a.PNG",
    "dog/sub/0.webp",
    "dog/sub-2/1.png",
    "dog/sub/deep/2.png",
    "Cat/x.png",
  ];
  // Beyond 16 bits, which sort last, and a private one just before.
  names.push(
    "\u{1f408}/1.png",
    "\uf8ff/1.png",
    "dog/\u{1f415}.png",
    "dog/\uff41.png",
    "loose.png",
    "dog/notes.txt",
  );
  const files: LabelledFile[] = [];
  for (const [i, name] of names.entries()) {
    const content = await image(10 * i, [3 + i, 2]);
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), new Uint8Array(await content.arrayBuffer()));
    files.push([name, content]);
  }
  const options = { size: [4, 4], channels: 1 } as const;
  const folder = await ImageFolder.load(root, options);
  const set = await ImageFiles.load(files.reverse(), { ...options, decode: decodeImage });
  expect(set.classes).toEqual(folder.classes);
  expect(set.classes.at(-1)).toBe("\u{1f408}");
  expect(set.paths).toEqual(folder.samples.map(([path]) => relative(root, path)));
  expect([...set.labels]).toEqual(folder.samples.map(([, label]) => label));
  expect(set.length).toBe(10);
  for (let i = 0; i < set.length; i++) expect(await set.get(i)).toEqual(await folder.get(i));
  for await (const [x, y] of new DataLoader(set, { batchSize: 10, shuffle: true }))
    expect([x.shape, y.shape]).toEqual([[10, 1, 4, 4], [10]]);
});

it("goes by the path below the folder that a user chose", async () => {
  const chosen = async (path: string): Promise<File> => {
    const file = new File([await image(50)], path.slice(path.lastIndexOf("/") + 1));
    // What browsers add to a file of a folder.
    return Object.defineProperty(file, "webkitRelativePath", { value: path });
  };
  const set = await ImageFiles.load([await chosen("pets/dogs/1.png"), await chosen("pets/cats/2.png")], {
    decode: decodeImage,
  });
  expect([set.classes, set.paths, [...set.labels]]).toEqual([
    ["cats", "dogs"],
    ["cats/2.png", "dogs/1.png"],
    [0, 1],
  ]);
  await expect(ImageFiles.load([await chosen("pets/1.png")])).rejects.toThrow(
    "none of the files lies in a folder",
  );
  await expect(ImageFiles.load([new File(["x"], "1.png")])).rejects.toBeInstanceOf(FileFormatError);
});

it("names damaged files, or leaves them out", async () => {
  const files: LabelledFile[] = [
    ["a/1.png", await image(50)],
    ["a/2.png", new Blob(["text"])],
  ];
  const strict = await ImageFiles.load(files, { decode: decodeImage });
  await expect(strict.get(1)).rejects.toThrow("a/2.png: not an image that can be read");
  await expect(strict.get(2)).rejects.toThrow("ImageFiles: index 2 is out of range; use 0 to 1");
  const lenient = await ImageFiles.load(files, { decode: decodeImage, onCorrupt: "skip" });
  expect([lenient.paths, lenient.skipped.map(({ path }) => path)]).toEqual([["a/1.png"], ["a/2.png"]]);
});

it("refuses what are no files, folders without images, and wrong options", async () => {
  const file: LabelledFile = ["a/1.png", new Blob(["x"])];
  await expect(ImageFiles.load("a" as unknown as LabelledFile[])).rejects.toThrow("such as [...input.files]");
  await expect(ImageFiles.load(["a/1.png" as unknown as File])).rejects.toBeInstanceOf(ArgumentError);
  await expect(ImageFiles.load(["a/1.png" as unknown as File])).rejects.toThrow(
    "files[0] is neither a File nor a path with a Blob",
  );
  await expect(ImageFiles.load([file, ["b/notes.txt", new Blob([])]])).rejects.toThrow(
    "found no images in the folders b; images end in .jpg, .jpeg, .png, .webp",
  );
  await expect(ImageFiles.load([file], { channels: 2 as 1 })).rejects.toThrow(
    "channels must be 1 or 3; got 2",
  );
  await expect(ImageFiles.load([file], { sizes: 2 } as object)).rejects.toThrow('there is no option "sizes"');
  await expect((await ImageFiles.load([file])).get(0)).rejects.toThrow(
    "only a browser decodes images by itself",
  );
});
