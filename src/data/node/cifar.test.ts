import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type CifarSpec, cifar10Spec, cifar100Spec } from "../cifar.ts";
import { ImageDataset } from "../image-dataset.ts";
import { type CifarOptions, readCifar } from "./cifar.ts";
import { readTar } from "./tar.ts";

let root = "";
let server: Server;
let url = "";
let requests = 0;
let archive: Buffer = Buffer.alloc(0);

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tatami-cifar-"));
  requests = 0;
  server = createServer((_, response) => {
    requests++;
    response.end(archive);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(root, { recursive: true });
});

/** An image whose red, green and blue are three bytes, under its labels. */
function record(labels: readonly number[], colour: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from(labels), ...colour.map((c) => Buffer.alloc(1024, c))]);
}

function tarEntry(name: string, content: Buffer, type = "0"): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(`${content.length.toString(8).padStart(11, "0")} `, 124);
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar\0", 257);
  const sum = header.reduce((a, b) => a + b, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

const tar = (...entries: Buffer[]): Buffer => Buffer.concat([...entries, Buffer.alloc(1024)]);

/** CIFAR-10 with two images in each file: their labels are 2 i and 2 i + 1 of file i, the test file's 9 and 8. */
function tiny(changes: Partial<CifarSpec> = {}): CifarSpec {
  const { folder, train } = cifar10Spec;
  archive = gzipSync(
    tar(
      tarEntry(`${folder}/`, Buffer.alloc(0), "5"),
      tarEntry(`${folder}/readme.html`, Buffer.from("<p>")),
      ...train.map((name, i) =>
        tarEntry(
          `${folder}/${name}`,
          Buffer.concat([record([2 * i], [i, 0, 0]), record([2 * i + 1], [0, 255, i])]),
        ),
      ),
      tarEntry(`${folder}/test_batch.bin`, Buffer.concat([record([9], [9, 9, 9]), record([8], [8, 8, 8])])),
    ),
  );
  const { images: _, ...spec } = cifar10Spec;
  return { ...spec, url, md5: createHash("md5").update(archive).digest("hex"), ...changes };
}

const load = async (spec: CifarSpec, options: CifarOptions = {}): Promise<ImageDataset> =>
  new ImageDataset(await readCifar(spec, { root, ...options }));

it("downloads and unpacks once, and reads both splits", async () => {
  const spec = tiny();
  const train = await load(spec, { download: true });
  expect([...train.labels]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect([train.channels, train.height, train.width]).toEqual([3, 32, 32]);
  const [image, label] = train.get(9);
  expect(train.classes[label]).toBe("truck");
  expect([0, 1023, 1024, 2047, 2048, 3071].map((i) => image.data[i])).toEqual(
    [0, 0, 1, 1, 4 / 255, 4 / 255].map(Math.fround),
  );
  expect([...(await load(spec, { train: false })).labels]).toEqual([9, 8]);
  expect(requests).toBe(1);
  expect((await readdir(join(root, spec.folder))).sort()).toEqual([...spec.train, ...spec.test].sort());
});

it("takes an archive that was put there by hand", async () => {
  const spec = tiny();
  await writeFile(join(root, spec.archive), archive);
  expect(await load(spec)).toHaveLength(10);
  expect(requests).toBe(0);
});

it("reads CIFAR-100's fine and coarse labels", async () => {
  const { folder, labels } = cifar100Spec;
  expect(labels.map((names) => [names.length, new Set(names).size])).toEqual([
    [20, 20],
    [100, 100],
  ]);
  for (const names of labels) expect([...names].sort()).toEqual(names);
  await mkdir(join(root, folder), { recursive: true });
  await writeFile(join(root, folder, "test.bin"), record([4, 53], [1, 2, 3]));
  const { images: _, ...spec } = cifar100Spec;
  const [coarse, fine] = [0, 1].map((label) =>
    readCifar(spec, { root, train: false }, label).then((content) => new ImageDataset(content)),
  );
  const nameOf = (dataset: ImageDataset | undefined): unknown => dataset?.classes[dataset.get(0)[1]];
  expect([nameOf(await coarse), nameOf(await fine)]).toEqual(["fruit_and_vegetables", "orange"]);
  expect((await fine)?.get(0)[0].data[3071]).toBeCloseTo(3 / 255, 6);
});

it("says how to get files that are not there, and what is wrong with damaged ones", async () => {
  const spec = tiny();
  await expect(load(spec)).rejects.toThrow(
    `CIFAR10: found neither the files of ${join(root, spec.folder)} nor ${join(root, spec.archive)}; ` +
      `pass download: true, or put ${url}${spec.archive} into ${root}`,
  );
  await expect(load({ ...spec, md5: "0".repeat(32) }, { download: true })).rejects.toThrow(
    "found content with MD5",
  );
  expect(await readdir(root)).toEqual([]);
  await writeFile(join(root, spec.archive), archive.subarray(0, 300));
  await expect(load(spec)).rejects.toThrow("found damaged gzip data");
  await writeFile(join(root, spec.archive), gzipSync(tar(tarEntry("other.bin", Buffer.alloc(3)))));
  await expect(load(spec)).rejects.toThrow(`found no ${spec.folder}/data_batch_1.bin in it`);

  await mkdir(join(root, spec.folder), { recursive: true });
  const path = join(root, spec.folder, "test_batch.bin");
  await writeFile(path, Buffer.alloc(3000));
  await expect(load(spec, { train: false })).rejects.toThrow(
    `${path}: found 3000 bytes, expected a multiple of 3073`,
  );
  await writeFile(path, Buffer.concat([record([1], [0, 0, 0]), record([10], [0, 0, 0])]));
  await expect(load(spec, { train: false })).rejects.toThrow("found label 10 at image 1, expected 0 to 9");
});

it("refuses a file that is cut off between two images, and a wrong coarse label", async () => {
  const { folder } = cifar100Spec;
  await mkdir(join(root, folder), { recursive: true });
  const path = join(root, folder, "test.bin");
  await writeFile(path, record([4, 53], [1, 2, 3]));
  await expect(load(cifar100Spec, { train: false })).rejects.toThrow(
    `${path}: found 1 images, expected 10000; the file is cut off`,
  );
  await writeFile(path, record([20, 53], [1, 2, 3]));
  await expect(load(cifar100Spec, { train: false })).rejects.toThrow(
    "found label 20 at image 0, expected 0 to 19",
  );
  await writeFile(path, Buffer.alloc(10_000 * 3074));
  expect(await load(cifar100Spec, { train: false })).toHaveLength(10_000);
});

it("refuses what is no tar archive, or a part of one", () => {
  const good = tar(tarEntry("a/b", Buffer.from("content")));
  expect(Buffer.from(readTar(good, "x").get("a/b") ?? []).toString()).toBe("content");
  expect(() => readTar(good.subarray(0, 515), "x.tar")).toThrow(
    "x.tar: found 3 bytes of a/b, expected 7; the archive is cut off",
  );
  expect(() => readTar(Buffer.alloc(1024, 65), "x.tar")).toThrow("x.tar: found no tar header at byte 0");
});
