import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ArgumentError, FileFormatError } from "../../base/errors.ts";
import { DataLoader } from "../data-loader.ts";
import { ParquetImages, type ParquetImagesOptions } from "../parquet-images.ts";
import { RandomKey } from "../random-stream.ts";
import { decodeImage } from "./decode-image.ts";
import { ParquetImageFolder } from "./parquet-image-folder.ts";

/** Written by test/reference/make_parquet_files.py: image i has a red pixel of i * 10, label i % 3. */
const files = fileURLToPath(new URL("../../../test/reference/testdata/parquet/", import.meta.url));
const bytesOf = async (name: string): Promise<Uint8Array> => readFile(join(files, `${name}.parquet`));
const load = async (name: string, options: ParquetImagesOptions = {}): Promise<ParquetImages> =>
  ParquetImages.load([await bytesOf(name)], { decode: decodeImage, ...options });
/** The red pixels of all images, as bytes. */
const reds = async (set: ParquetImages | ParquetImageFolder): Promise<number[]> => {
  const out: number[] = [];
  for (let i = 0; i < set.length; i++) out.push(Math.round(((await set.get(i))[0].data[0] as number) * 255));
  return out;
};

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tatami-parquet-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("reads the files of a split as the hub lays them out", async () => {
  const train = await ParquetImageFolder.load(files);
  expect([train.length, train.classes]).toEqual([9, ["cat", "dog", "eel"]]);
  expect([...train.labels]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
  expect(await reds(train)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80]);
  const [image, label] = await train.get(8);
  expect([image.shape, [...image.data].map((v) => Math.round(v * 255)), label]).toEqual([
    [3, 1, 2],
    [80, 0, 0, 0, 0, 0],
    2,
  ]);
  const test = await ParquetImageFolder.load(files, { split: "test", channels: 1 });
  expect([test.length, (await test.get(0))[0].shape]).toEqual([3, [1, 1, 2]]);
  await expect(train.get(9)).rejects.toThrow("ParquetImageFolder: index 9 is out of range; use 0 to 8");
});

it("gives a loader batches in any order, with a cache of any size", async () => {
  for (const cacheBytes of [0, 400, 2 ** 20]) {
    const set = await ParquetImageFolder.load(files, { cacheBytes, transform: (image) => image });
    const seen: number[] = [];
    for await (const [x, y] of new DataLoader(set, { batchSize: 4, shuffle: true, prefetch: 2 })) {
      const pixels = await x.select(1, 0).select(1, 0).select(1, 0).array();
      const found = (pixels as number[]).map((v) => Math.round((v * 255) / 10));
      expect(await y.array()).toEqual(found.map((i) => i % 3));
      seen.push(...found);
    }
    expect(seen.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  }
  const set = await load("many", { cacheBytes: 0 });
  const all = await Promise.all([299, 0, 150, 149, 1].map((i) => set.get(i, new RandomKey(0))));
  expect(all.map(([image, label]) => [Math.round((image.data[0] as number) * 255) / 10, label])).toEqual(
    [299, 0, 150, 149, 1].map((i) => [i % 26, Math.floor(i / 100)]),
  );
});

it("keeps row groups up to the size of the cache, and reads one once for all images of a batch", async () => {
  const bytes = new Uint8Array(await bytesOf("train-00000-of-00002"));
  const count = async (
    cacheBytes: number,
    use: (set: ParquetImages) => Promise<unknown>,
  ): Promise<number> => {
    let reads = 0;
    const read = (start: number, end: number): Promise<Uint8Array> => {
      reads++;
      return Promise.resolve(bytes.slice(start, end));
    };
    const set = await ParquetImages.load([{ source: "x", byteLength: bytes.length, read }], {
      decode: decodeImage,
      cacheBytes,
    });
    reads = 0;
    await use(set);
    return reads;
  };
  const oneByOne = async (set: ParquetImages): Promise<void> => {
    for (const i of [0, 2, 1, 3]) await set.get(i);
  };
  // Two images are in a row group, of about 150 bytes each and 64 for the list.
  expect(await count(2 ** 20, oneByOne)).toBe(2);
  expect(await count(0, oneByOne)).toBe(4);
  expect(await count(300, oneByOne)).toBe(4);
  expect(await count(0, (set) => set.batch([0, 2, 1, 3]))).toBe(2);
});

it.each(["none", "gzip", "zstd", "second", "nodict"])("reads %s", async (name) => {
  const set = await load(name);
  expect([await reds(set), [...set.labels]]).toEqual([
    [0, 10, 20, 30],
    [0, 1, 2, 0],
  ]);
});

it("reads columns of bytes without metadata, and columns that are chosen", async () => {
  const plain = await load("plain");
  expect([await reds(plain), plain.classes]).toEqual([
    [0, 10, 20, 30],
    ["0", "1", "2"],
  ]);
  expect((await load("plain", { classes: ["x", "y", "z"] })).classes).toEqual(["x", "y", "z"]);
  await expect(load("two-labels")).rejects.toThrow(
    'several columns of the kind ClassLabel: "fine", "coarse"; choose one by the option labelColumn',
  );
  const coarse = await load("two-labels", { labelColumn: "coarse" });
  expect([coarse.classes, [...coarse.labels]]).toEqual([["x", "y"], [1]]);
  await expect(load("two-labels", { labelColumn: "text" })).rejects.toThrow(
    "the column text of labels has the type BYTE_ARRAY",
  );
  await expect(load("two-labels", { labelColumn: "no" })).rejects.toThrow(
    'there is no column "no" of labels; it has "img", "fine", "coarse", "text"',
  );
});

it.each<[string, RegExp]>([
  ["lz4", /column label of row group 0: it is packed by LZ4.*write it with snappy, gzip or zstd/],
  [
    "delta",
    /column label of row group 0: its values are encoded as DELTA_BINARY_PACKED; write it with plain/,
  ],
  ["unlabelled", /row group 0, row 0: the label is -1; expected a class index of 0 or more/],
  ["beyond", /found label 5, but there are 3 classes/],
  ["lists", /there is no column "label" of labels/],
])("refuses %s", async (name, message) => {
  await expect(load(name)).rejects.toThrow(message);
  await expect(load(name)).rejects.toBeInstanceOf(FileFormatError);
});

it("names images that are missing or damaged, or leaves them out", async () => {
  const strict = await load("holes");
  expect(strict.length).toBe(4);
  expect((await strict.get(0))[1]).toBe(0);
  await expect(strict.get(1)).rejects.toThrow(
    "Parquet file 0, row group 0, row 1: there is no image in it, only its path",
  );
  await expect(strict.get(2)).rejects.toThrow(
    "Parquet file 0, row group 0, row 2: not an image that can be read",
  );
  await expect(strict.get(3)).rejects.toThrow(FileFormatError);
  const lenient = await load("holes", { onCorrupt: "skip" });
  expect([lenient.length, [...lenient.labels], lenient.skipped.map(({ path }) => path)]).toEqual([
    1,
    [0],
    [1, 2, 3].map((row) => `Parquet file 0, row group 0, row ${row}`),
  ]);
});

it("finds splits in data/, and says which file is missing", async () => {
  await mkdir(join(folder, "data"));
  const name = (i: number): string => `train-0000${i}-of-00002.parquet`;
  await cp(join(files, name(1)), join(folder, "data", name(1)));
  await expect(ParquetImageFolder.load(folder)).rejects.toThrow(
    "has 1 of the 2 files of train; missing is number 0",
  );
  await cp(join(files, name(0)), join(folder, "data", name(0)));
  expect((await ParquetImageFolder.load(folder)).length).toBe(9);
  await expect(ParquetImageFolder.load(folder, { split: "valid" })).rejects.toThrow(
    "there are the splits train",
  );
  await cp(join(files, name(0)), join(folder, "data", "train-00000-of-00003.parquet"));
  await expect(ParquetImageFolder.load(folder)).rejects.toThrow("files of several versions of train");
  await expect(ParquetImageFolder.load(join(folder, "no"))).rejects.toThrow(
    "give the folder of a set of the hub",
  );
});

it("reads files that a user chose, and addresses piece by piece", async () => {
  const bytes = new Uint8Array(await bytesOf("none"));
  const file = new File([bytes], "chosen.parquet");
  expect(await reds(await ParquetImages.load([file], { decode: decodeImage }))).toEqual([0, 10, 20, 30]);
  await expect(ParquetImages.load([new File(["PAR1"], "short.parquet")])).rejects.toThrow(
    "short.parquet: the file has 4 bytes",
  );
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    asked.push(request.headers.range ?? "all");
    if (request.url === "/none") return void response.writeHead(404).end();
    if (request.url === "/all" || range === null) return void response.end(bytes);
    const [start, end] = [Number(range[1]), Number(range[2]) + 1];
    response.writeHead(206, { "Content-Range": `bytes ${start}-${end - 1}/${bytes.length}` });
    response.end(bytes.subarray(start, end));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const set = await ParquetImages.load([new URL("/parts", origin)], { decode: decodeImage });
    expect(await reds(set)).toEqual([0, 10, 20, 30]);
    expect(asked.length).toBeLessThan(8);
    expect(asked).not.toContain("all");
    expect(await reds(await ParquetImages.load([new URL("/all", origin)], { decode: decodeImage }))).toEqual([
      0, 10, 20, 30,
    ]);
    await expect(ParquetImages.load([new URL("/none", origin)])).rejects.toThrow(
      `${origin}/none: the server answered 404`,
    );
  } finally {
    server.close();
  }
});

it("refuses wrong sources and options, and decoding where nothing decodes", async () => {
  await expect(ParquetImages.load([])).rejects.toThrow("give a list of one file or more");
  await expect(ParquetImages.load(["a.parquet" as unknown as Blob])).rejects.toBeInstanceOf(ArgumentError);
  await expect(load("none", { channels: 2 as 1 })).rejects.toThrow(
    "ParquetImages: channels must be 1 or 3; got 2",
  );
  await expect(load("none", { cache: 1 } as ParquetImagesOptions)).rejects.toThrow(
    'there is no option "cache"',
  );
  await expect(load("none", { cacheBytes: -1 })).rejects.toThrow("cacheBytes must be 0 or more");
  const set = await ParquetImages.load([await bytesOf("none")]);
  await expect(set.get(0)).rejects.toThrow(
    "only a browser decodes images by itself; under Node use ParquetImageFolder",
  );
});
