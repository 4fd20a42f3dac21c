import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { decodeImage } from "../../src/data/node/decode-image.ts";
import {
  exportOnnx,
  importOnnx,
  loadSafetensors,
  readEvents,
  saveCheckpoint,
  saveNpy,
  saveSafetensors,
} from "../../src/io/index.ts";
import { Conv2d } from "../../src/nn/convolution.ts";
import { arange, ones, tensor } from "../../src/tensor/create.ts";
import { chromiumArguments, findChromium } from "../setup/neighbours.ts";
import { type SourceServer, serveSources } from "./source-server.test-helper.ts";

const found = findChromium();
const profile = mkdtempSync(join(tmpdir(), "tatami-readers-"));
let browser: BrowserContext | undefined;
let server: SourceServer | undefined;
const files = new Map<string, Uint8Array>();
const put = (name: string, bytes: Uint8Array | string): void => {
  files.set(`/files/${name}`, typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
};
const stored = (path: string): Uint8Array =>
  readFileSync(new URL(`../reference/testdata/${path}`, import.meta.url));

/** All ones, so that sums are the same in any order. */
const network = new Conv2d(1, 2, 3);
network.loadStateDict({ weight: ones([2, 1, 3, 3]), bias: tensor([1, 2]) });

/** 8 x 4 pixels: red at the top, blue below, which tells when an image is turned. */
const picture = (): Sharp => {
  const pixels = Uint8Array.from({ length: 8 * 4 * 3 }, (_, i) =>
    (i % 3 === 0) === i < 48 && i % 3 !== 1 ? 255 : 0,
  );
  return sharp(pixels, { raw: { width: 8, height: 4, channels: 3 } });
};

beforeAll(async () => {
  if (found.path === undefined) return;
  put("checkpoint.pt", stored("files/checkpoint.pt"));
  put("arrays.npz", stored("files/arrays.npz"));
  for (const name of ["none", "gzip", "zstd", "nodict", "holes"])
    put(`${name}.parquet`, stored(`parquet/${name}.parquet`));
  put("array.npy", await saveNpy(arange(3)));
  put("table.csv", '\ufefflength,kind\r\n1.5,"a, b"\r\n,c\r\n2.5,c\r\n');
  put("model.safetensors", await saveSafetensors({ w: tensor([1, 2, 3]) }));
  put("state.safetensors", await saveCheckpoint({ epoch: 3, w: ones([2]) }));
  put("labels.idx", Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 5, 7));
  put(
    "cifar.bin",
    Uint8Array.from({ length: 2 * 3073 }, (_, i) => (i === 0 ? 4 : i === 3073 ? 9 : 0)),
  );
  put("pytorch.tfevents", stored("files/pytorch.tfevents"));
  put("model.onnx", await exportOnnx(network, ones([1, 1, 4, 4])));
  put("config.json", '{ "labels": 10 }');
  put("picture.png", await picture().png().toBuffer());
  put("picture.webp", await picture().webp({ lossless: true }).toBuffer());
  put("picture.jpg", await picture().jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toBuffer());
  put(
    "turned.jpg",
    await picture()
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
      .toBuffer(),
  );
  put(
    "alpha.png",
    await sharp(Uint8Array.of(255, 0, 51, 128, 0, 0, 0, 0), { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toBuffer(),
  );
  put("cut.jpg", (await picture().jpeg().toBuffer()).subarray(0, 100));
  put("text.png", "no image");
  server = await serveSources(false, files);
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: found.path,
    headless: true,
    args: [...chromiumArguments],
  });
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(profile, { recursive: true, force: true });
});

beforeEach((context) => context.skip(found.path === undefined, found.missing));

const helper = "/test/platform/readers.test-helper.js";

async function inPage<T>(use: (page: Page) => Promise<T>): Promise<T> {
  const page = (await browser?.newPage()) as Page;
  try {
    await page.goto(server?.origin ?? "");
    return await use(page);
  } finally {
    await page.close();
  }
}

const evaluate = <T>(call: string): Promise<T> =>
  inPage((page) => page.evaluate<T>(`import("${helper}").then((m) => m.${call})`));

test("every reader takes chosen files and answers of a server", async () => {
  const read = {
    torch: 3,
    npz: [
      [1, 0, 0, 1],
      [0, 1, 2],
    ],
    npy: [0, 1, 2],
    csv: [{ length: "number", kind: "text" }, ["a, b", "c"], [1.5, 2.5], [0, 1]],
    safetensors: [1, 2, 3],
    checkpoint: [3, [1, 1]],
    idx: [5, 7],
    cifar: [4, 9],
    events: readEvents(stored("files/pytorch.tfevents")).length,
    onnx: Array.from(await network(ones([1, 1, 4, 4])).data()),
  };
  expect(read.events).toBeGreaterThan(5);
  const set = (red: number): unknown => [
    ["cat", "dog", "eel"],
    [0, 1, 2, 0],
    [3, 1, 2],
    [10, 0, 0, 0, 0, 0],
    [red, 0, 0, 0, 0, 0],
  ];
  expect(await evaluate("readEverything()")).toEqual({
    answer: read,
    chosen: read,
    opened: [["w"], [1, 2, 3]],
    pretrained: [{ labels: 10 }, [1, 2, 3], [1, 2, 3]],
    missing:
      "FileFormatError: /files/none.csv: the server answered 404 Not Found; check the address and that the file may be read from this page",
    sets: {
      none: set(30),
      gzip: set(30),
      zstd: set(30),
      nodict: set(30),
      holes: [1, [1, 2, 3].map((row) => `holes.parquet, row group 0, row ${row}`)],
    },
  });
}, 60_000);

test("images are decoded as under Node: not turned, transparency left out, damaged ones named", async () => {
  for (const channels of [3, 1] as const) {
    for (const name of ["picture.png", "picture.webp", "picture.jpg", "turned.jpg", "alpha.png"]) {
      const here = await decodeImage(files.get(`/files/${name}`) as Uint8Array, { channels, source: name });
      const there = await evaluate<[number, number, number, number[]]>(`decodeFile("${name}", ${channels})`);
      expect([name, ...there.slice(0, 3)]).toEqual([name, channels, here.height, here.width]);
      const most = Math.max(
        ...there[3].map((v, i) => Math.abs(v - Math.round((here.data[i] as number) * 255))),
      );
      // Decoders of JPEG round differently, and a canvas rounds colours that are partly transparent.
      expect([name, channels, most <= (name.endsWith("jpg") ? 3 : name === "alpha.png" ? 1 : 0)]).toEqual([
        name,
        channels,
        true,
      ]);
    }
  }
  for (const name of ["cut.jpg", "text.png"]) {
    expect(await evaluate(`decodeFile("${name}", 3)`)).toMatch(
      `FileFormatError: ${name}: not an image that can be read`,
    );
  }
}, 60_000);

test("a folder that is chosen is a set of images, as ImageFolder gives it under Node", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tatami-pets-"));
  try {
    const pictures = { "dogs/b.png": [9, 8, 7], "cats/1.png": [1, 2, 3], "dogs/a.webp": [4, 5, 6] };
    for (const [name, [r, g, b]] of Object.entries(pictures)) {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      const background = { r: r as number, g: g as number, b: b as number };
      const one = sharp({ create: { width: 1, height: 1, channels: 3, background } });
      await (name.endsWith("webp") ? one.webp({ lossless: true }) : one).toFile(join(folder, name));
    }
    writeFileSync(join(folder, "dogs", "c.png"), "no image");
    writeFileSync(join(folder, "readme.txt"), "not in a class");
    const found = await inPage(async (page) => {
      await page.setContent('<input type="file" webkitdirectory>');
      await page.setInputFiles("input", folder);
      return page.evaluate(`import("${helper}").then((m) => m.readChosenFolder())`);
    });
    expect(found).toEqual([
      ["cats", "dogs"],
      ["cats/1.png", "dogs/a.webp", "dogs/b.png"],
      [0, 1, 1],
      ["dogs/c.png"],
      [
        [1, 2, 3],
        [4, 5, 6],
        [9, 8, 7],
      ],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);

test("a model becomes an ONNX file in a page", async () => {
  const [bytes, values] = await evaluate<[number[], number[]]>("exportedModel()");
  expect(values).toEqual([36]);
  expect(await importOnnx(Uint8Array.from(bytes))(tensor([[1, 10]])).array()).toEqual([[36]]);
}, 60_000);

test("a trained model is downloaded", async () => {
  const path = await inPage(async (page) => {
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.evaluate(`import("${helper}").then((m) => m.downloadModel())`),
    ]);
    expect(saved.suggestedFilename()).toBe("model.safetensors");
    return readFileSync(await saved.path());
  });
  expect(await loadSafetensors(path).w?.array()).toEqual([1, 2, 3]);
  expect(Uint8Array.from(await evaluate<number[]>("checkpointBytes()"))).toEqual(
    await saveCheckpoint({ epoch: 3, w: ones([2]) }),
  );
}, 60_000);
