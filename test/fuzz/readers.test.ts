/**
 * Every reader of files, on files that are damaged in every way: the outcome is a result that holds together or a
 * `FileFormatError`, soon, and in bounded memory. By default some thousand files; `TATAMI_FUZZ=100000` makes so many for each
 * reader, `TATAMI_FUZZ_SEED` others. One reader alone: `npx vitest run test/fuzz -t parquet`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { FileFormatError } from "../../src/base/errors.ts";
import type { RandomAccess } from "../../src/base/random-access.ts";
import { cifar10Spec, imagesFromCifar } from "../../src/data/cifar.ts";
import { readCsv } from "../../src/data/csv.ts";
import { decodeIdx, readIdx } from "../../src/data/idx.ts";
import { decodeImage } from "../../src/data/node/decode-image.ts";
import { ParquetImages } from "../../src/data/parquet-images.ts";
import { loadCheckpoint, readCheckpoint, saveCheckpoint } from "../../src/io/checkpoint.ts";
import { damaged, survives, zipOf } from "../../src/io/files.test-helper.ts";
import { loadNpy, loadNpz, saveNpy } from "../../src/io/npy.ts";
import { readPretrained } from "../../src/io/pretrained.ts";
import { openSafetensors } from "../../src/io/safetensors-reader.ts";
import { loadSafetensors, saveSafetensors } from "../../src/io/tensor-dict.ts";
import { readEvents } from "../../src/io/tensorboard/read-events.ts";
import { loadTorch } from "../../src/io/torch-file.ts";
import { ZipArchive } from "../../src/io/zip.ts";
import { arange, ones, tensor } from "../../src/tensor/create.ts";

const count = Number(process.env.TATAMI_FUZZ ?? 2000);
const seed = Number(process.env.TATAMI_FUZZ_SEED ?? 20261126);
const testdata = fileURLToPath(new URL("../reference/testdata/", import.meta.url));
const stored = (path: string): Uint8Array => Uint8Array.from(readFileSync(testdata + path));
const text = (content: string): Uint8Array => new TextEncoder().encode(content);

type Next = (below: number) => number;

/** A reader with good files to damage. `make` wraps what was damaged into a file that is whole around it. */
interface Case {
  readonly name: string;
  readonly files: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  readonly read: (bytes: Uint8Array) => unknown;
  readonly make?: (bytes: Uint8Array, next: Next) => Uint8Array;
  /** How many times as long as others this reader takes. */
  readonly weight?: number;
}

const state = { "layer.weight": ones([3, 2]), "layer.bias": tensor([1, 2, 3]), flags: tensor([true, false]) };

/** The entries of a zip archive, unpacked. */
async function entriesOf(bytes: Uint8Array): Promise<Record<string, Uint8Array>> {
  const archive = new ZipArchive(bytes, "archive");
  const entries = await Promise.all(
    [...archive.entries.values()].map(async (entry) => [entry.name, await archive.read(entry)] as const),
  );
  return Object.fromEntries(entries);
}

const torchFiles = (): Uint8Array[] => ["files/checkpoint.pt", "files/values.pt"].map(stored);
/** One of PyTorch's files taken apart; its pickle is damaged, and the archive around it is whole. */
const checkpoint = await entriesOf(stored("files/checkpoint.pt"));
const pickleName = Object.keys(checkpoint).find((name) => name.endsWith("data.pkl")) as string;

/** A set of images whose pixels are not looked at. */
async function parquet(bytes: Uint8Array): Promise<number> {
  const pixel = { data: new Float32Array(1), channels: 1, height: 1, width: 1 };
  const set = await ParquetImages.load([bytes], { decode: () => Promise.resolve(pixel), onCorrupt: "skip" });
  const samples = await Promise.all(Array.from({ length: Math.min(set.length, 3) }, (_, i) => set.get(i)));
  return samples.length;
}

/** A set whose footer is whole and all else is damaged: the first half of the file belongs to the columns. */
function parquetPages(bytes: Uint8Array): Promise<number> {
  const whole = parquetSets.find((file) => file.length === bytes.length);
  if (whole === undefined) return parquet(bytes);
  const length = new DataView(whole.buffer).getUint32(whole.length - 8, true) + 8;
  return parquet(
    Uint8Array.from([...bytes.subarray(0, whole.length - length), ...whole.subarray(whole.length - length)]),
  );
}

const parquetSets: Uint8Array[] = parquetFiles();

function parquetFiles(): Uint8Array[] {
  const names = readdirSync(`${testdata}parquet`).filter((name) => name.endsWith(".parquet"));
  return names.map((name) => stored(`parquet/${name}`));
}

/** A folder whose files are all in one text: names and contents, of which one was damaged. */
function hubFolder(bytes: Uint8Array): Promise<unknown> {
  const files = new Map<string, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const names = ["config.json", "model.safetensors.index.json", "one.safetensors", "two.safetensors"];
  for (let at = 0; at + 4 <= bytes.length && files.size < names.length; ) {
    const end = Math.min(bytes.length, at + 4 + view.getUint32(at));
    files.set(names[files.size] as string, bytes.subarray(at + 4, end));
    at = end;
  }
  const open = async (name: string): Promise<RandomAccess | undefined> => {
    const content = files.get(name);
    const read = async (start: number, end: number): Promise<Uint8Array> =>
      content?.slice(start, end) ?? new Uint8Array();
    return content === undefined ? undefined : { source: name, byteLength: content.length, read };
  };
  return readPretrained({ source: "folder", open }, {}, "fuzz").then(({ stateDict }) => stateDict);
}

async function hubFiles(): Promise<Uint8Array[]> {
  const index = JSON.stringify({ weight_map: { a: "one.safetensors", b: "two.safetensors" } });
  const [one, two] = [await saveSafetensors({ a: ones([2]) }), await saveSafetensors({ b: arange(3) })];
  const parts = [text('{"labels": [1, 2]}'), text(index), one, two];
  const framed = parts.flatMap((part) => {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, part.length);
    return [...length, ...part];
  });
  return [Uint8Array.from(framed)];
}

async function images(format: "png" | "jpeg" | "webp"): Promise<Uint8Array[]> {
  const pixels = Uint8Array.from({ length: 16 * 12 * 3 }, (_, i) => (i * 37) % 256);
  const image = sharp(pixels, { raw: { width: 16, height: 12, channels: 3 } });
  const grey = image.clone().greyscale();
  return [await image.clone().toFormat(format).toBuffer(), await grey.toFormat(format).toBuffer()].map((b) =>
    Uint8Array.from(b),
  );
}

async function decoded(bytes: Uint8Array): Promise<void> {
  const { data, channels, width, height } = await decodeImage(bytes, { channels: 3, source: "image" });
  if (data.length !== channels * width * height)
    throw new Error(`an image of ${width} x ${height} is not whole`);
}

const npyFiles = async (): Promise<Uint8Array[]> => [
  await saveNpy(arange(6).reshape([2, 3])),
  await saveNpy(ones([2, 2])),
];

const ones8 = new Uint8Array(8).fill(1);
const gzipped = Uint8Array.from(Buffer.from("H4sIAAAAAAACA2Ng4GBkYAASTMwsrGzsHABSeUTjEAAAAA==", "base64"));

const cases: readonly Case[] = [
  {
    name: "safetensors",
    files: async () => [await saveSafetensors(state, { metadata: { a: "b" } })],
    read: loadSafetensors,
  },
  {
    name: "safetensors, tensor by tensor",
    files: async () => [await saveSafetensors(state)],
    read: async (bytes) => (await openSafetensors(bytes)).getTensors(),
  },
  {
    name: "checkpoint",
    files: async () => [await saveCheckpoint({ state, epoch: 3, best: [Number.NaN] })],
    read: loadCheckpoint,
  },
  {
    name: "checkpoint, tensor by tensor",
    files: async () => [await saveCheckpoint({ state, marks: { $number: 3 }, list: [-0, null, "text"] })],
    read: async (bytes) => readCheckpoint(await openSafetensors(bytes)),
  },
  { name: "hub folder", files: hubFiles, read: hubFolder },
  { name: "torch", files: torchFiles, read: (bytes) => loadTorch(bytes) },
  {
    name: "pickle",
    files: () => [checkpoint[pickleName] as Uint8Array],
    make: (bytes) => zipOf({ ...checkpoint, [pickleName]: bytes }),
    read: (bytes) => loadTorch(bytes),
  },
  { name: "npy", files: npyFiles, read: (bytes) => loadNpy(bytes) },
  {
    name: "npz",
    files: npyFiles,
    make: (bytes, next) => zipOf({ "x.npy": bytes }, { deflate: next(2) === 0 }),
    read: (bytes) => loadNpz(bytes),
  },
  {
    name: "zip",
    files: () =>
      [{}, { deflate: true }, { wide: true, comment: "end" }].map((o) =>
        zipOf({ "a.npy": ones8, b: text("text") }, o),
      ),
    read: entriesOf,
  },
  { name: "events", files: () => [stored("files/pytorch.tfevents")], read: (bytes) => readEvents(bytes) },
  { name: "parquet", files: parquetFiles, read: parquet },
  { name: "parquet, pages only", files: parquetFiles, read: parquetPages },
  {
    name: "csv",
    files: () => [
      text('a,b,c\n1,x,true\n2.5,"y, ""z""",\n-3e4,,false\n'),
      text("\ufeffa;b\r\n1;2\r\n\r\n3;NA\r\n"),
    ],
    read: (bytes) => readCsv(bytes).then((table) => table.tensor()),
  },
  {
    name: "IDX",
    files: () => [
      Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6),
      Uint8Array.of(0, 0, 13, 1, 0, 0, 0, 1, 63, 128, 0, 0),
    ],
    read: (bytes) => decodeIdx(bytes, "idx"),
  },
  { name: "IDX, gzipped", files: () => [gzipped], read: (bytes) => readIdx(bytes, "idx") },
  {
    name: "CIFAR",
    files: () => [new Uint8Array(3073 * 2).fill(7)],
    read: (bytes) => imagesFromCifar([{ source: "cifar", bytes }], cifar10Spec),
  },
  { name: "PNG", files: () => images("png"), read: decoded, weight: 8 },
  { name: "JPEG", files: () => images("jpeg"), read: decoded, weight: 8 },
  { name: "WebP", files: () => images("webp"), read: decoded, weight: 8 },
];

/** Small files that claim to hold 2^50 elements, or as many as their format can say. */
const claims: Readonly<
  Record<
    string,
    readonly [bytes: () => Uint8Array | Promise<Uint8Array>, read: (bytes: Uint8Array) => unknown]
  >
> = {
  safetensors: [
    () => {
      const header = text(`{"w":{"dtype":"U8","shape":[${2 ** 50}],"data_offsets":[0,${2 ** 50}]}}`);
      const size = new Uint8Array(8);
      size[0] = header.length;
      return Uint8Array.from([...size, ...header]);
    },
    loadSafetensors,
  ],
  "safetensors of a large header": [() => Uint8Array.of(255, 224, 245, 5, 0, 0, 0, 0), loadSafetensors],
  "npy of many elements": [() => npyOf(`(${2 ** 50},)`), (bytes) => loadNpy(bytes)],
  "npy of an overflow": [() => npyOf(`(${2 ** 52}, ${2 ** 52}, 0)`), (bytes) => loadNpy(bytes)],
  IDX: [
    () => Uint8Array.from([0, 0, 14, 8, ...new Uint8Array(32).fill(255)]),
    (bytes) => decodeIdx(bytes, "idx"),
  ],
  parquet: [() => rowsOf(stored("parquet/none.parquet"), 2 ** 50), parquet],
  "parquet of many rows": [() => rowsOf(stored("parquet/none.parquet"), 2 ** 23), parquet],
};

/** An array of bytes with this shape in its header, and four bytes of values. */
function npyOf(shape: string): Uint8Array {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117);
  return Uint8Array.from([0x93, ...text("NUMPY"), 1, 0, 118, 0, ...text(`${header}\n`), 1, 2, 3, 4]);
}

/** The file of four rows with another number of rows in its footer, in the places where it says four. */
function rowsOf(bytes: Uint8Array, rows: number): Uint8Array {
  const varint: number[] = [];
  // Zigzag: twice the number.
  for (let rest = 2 * rows; ; rest = Math.floor(rest / 128)) {
    varint.push(rest >= 128 ? (rest % 128) + 128 : rest);
    if (rest < 128) break;
  }
  const length = new DataView(bytes.buffer).getUint32(bytes.length - 8, true);
  const footer = bytes.subarray(bytes.length - 8 - length, bytes.length - 8);
  const out: number[] = [];
  // A field of 64 bits, 0x16, that holds 4, which zigzag makes 8.
  for (let i = 0; i < footer.length; i++) {
    out.push(footer[i] as number);
    if (footer[i] === 0x16 && footer[i + 1] === 8) {
      out.push(...varint);
      i++;
    }
  }
  const end = new Uint8Array(4);
  new DataView(end.buffer).setUint32(0, out.length, true);
  return Uint8Array.from([...bytes.subarray(0, bytes.length - 8 - length), ...out, ...end, ...text("PAR1")]);
}

describe("files that claim to be huge are refused without taking memory", () => {
  it.each(Object.entries(claims))("%s", async (_, [make, read]) => {
    const bytes = await make();
    const before = process.memoryUsage();
    const start = performance.now();
    const error = await Promise.resolve()
      .then(() => read(bytes))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FileFormatError);
    expect(performance.now() - start).toBeLessThan(2000);
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 24);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(2 ** 26);
  });
});

describe("damaged files give a result or a FileFormatError", () => {
  it.each(cases)(
    "$name",
    { timeout: 100_000 + count * 100 },
    async ({ files, read, make = (bytes) => bytes, weight = 1 }) => {
      const bases = await files();
      // Some of the files are refused for what is in them, but a reader that refuses all is not tested.
      const whole = await Promise.allSettled(bases.map(async (base) => read(make(base, () => 0))));
      expect(whole.map(({ status }) => status)).toContain("fulfilled");
      const runs = process.env.TATAMI_FUZZ === undefined ? Math.ceil(count / weight) : count;
      const { accepted, refused } = await survives(
        runs,
        (next) => make(damaged(bases[next(bases.length)] as Uint8Array, next), next),
        read,
        seed,
      );
      expect(accepted + refused).toBe(runs);
      if (process.env.TATAMI_FUZZ !== undefined)
        process.stdout.write(`${accepted} accepted, ${refused} refused\n`);
    },
  );
});
