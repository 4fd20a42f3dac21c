import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileFormatError } from "../../base/errors.ts";
import { ImageDataset } from "../image-dataset.ts";
import type { MnistSpec } from "../mnist.ts";
import type { DownloadProgress } from "./download.ts";
import { FashionMNIST, type MnistOptions, readMnist } from "./mnist.ts";

const images = new Uint8Array([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 51, 102]);
const labels = new Uint8Array([0, 0, 8, 1, 0, 0, 0, 2, 1, 0]);
const imageFile = gzipSync(images);
const labelFile = gzipSync(labels);
const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

let root = "";
let server: Server;
let url = "";
let requests: string[] = [];
/** What the server does with a request; each test sets it. */
let answer: (path: string, response: ServerResponse) => void;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tatami-mnist-"));
  requests = [];
  answer = (path, response) => response.end(path.includes("images") ? imageFile : labelFile);
  server = createServer((request, response) => {
    requests.push(request.url ?? "");
    answer(request.url ?? "", response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(root, { recursive: true });
});

function spec(changes: Partial<MnistSpec> = {}): MnistSpec {
  const pair = {
    images: { name: "train-images-idx3-ubyte.gz", md5: md5(imageFile) },
    labels: { name: "train-labels-idx1-ubyte.gz", md5: md5(labelFile) },
  };
  return { name: "Tiny", url, classes: ["a", "b"], train: pair, test: pair, ...changes };
}

async function load(options: MnistOptions = {}, changes: Partial<MnistSpec> = {}): Promise<ImageDataset> {
  return new ImageDataset(await readMnist(spec(changes), { root, ...options }));
}

async function expectNothingLeft(): Promise<void> {
  expect(await readdir(join(root, "Tiny", "raw"))).toEqual([]);
}

describe("files that are there", () => {
  const expected = new Float32Array([0, 1, 51 / 255, 102 / 255]);

  it.each(["", "Tiny/raw"])("are found in root/%s, packed or not", async (folder) => {
    await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, folder, "train-images-idx3-ubyte"), images);
    await writeFile(join(root, folder, "train-labels-idx1-ubyte.gz"), labelFile);
    const dataset = await load({ download: true });
    expect(dataset.batch([0, 1])[0].data).toEqual(expected);
    expect([...dataset.labels]).toEqual([1, 0]);
    expect(requests).toEqual([]);
  });

  it("are found in Debian's folder", async () => {
    const folder = join(root, "usr");
    await mkdir(folder);
    await writeFile(join(folder, "train-images-idx3-ubyte.gz"), imageFile);
    await writeFile(join(folder, "train-labels-idx1-ubyte.gz"), labelFile);
    expect(await load({ root: "nowhere" }, { debian: { package: "p", folder } })).toHaveLength(2);
  });

  it("are named when they are damaged", async () => {
    await writeFile(join(root, "train-images-idx3-ubyte.gz"), imageFile.subarray(0, 20));
    await expect(load()).rejects.toThrow(
      `${join(root, "train-images-idx3-ubyte.gz")}: found damaged gzip data`,
    );
  });
});

it("says every way to get files that are not there", async () => {
  const attempt = load({}, { debian: { package: "dataset-tiny", folder: "/nowhere" } });
  await expect(attempt).rejects.toThrow(FileFormatError);
  await expect(attempt).rejects.toThrow(
    `Tiny: found no train-images-idx3-ubyte.gz (or train-images-idx3-ubyte) in ${root}, ` +
      `${join(root, "Tiny", "raw")}, ` +
      "/nowhere; pass download: true, or run apt-get install dataset-tiny, or put the four files of " +
      `${url} into ${root}`,
  );
});

describe("download", () => {
  it("happens once, with progress", async () => {
    const progress: DownloadProgress[] = [];
    const dataset = await load({ download: true, onProgress: (p) => progress.push(p) });
    expect(dataset).toHaveLength(2);
    expect(progress[0]?.total).toBe(imageFile.length);
    expect(progress.filter((p) => p.url.includes("images")).at(-1)?.received).toBe(imageFile.length);
    await load();
    expect(requests).toEqual(["/train-images-idx3-ubyte.gz", "/train-labels-idx1-ubyte.gz"]);
    expect(await readdir(join(root, "Tiny", "raw"))).toHaveLength(2);
  });

  it("refuses a wrong checksum", async () => {
    answer = (_, response) => response.end("a login page");
    await expect(load({ download: true })).rejects.toThrow(
      `found content with MD5 ${md5(Buffer.from("a login page"))}, expected ${md5(imageFile)}`,
    );
    await expectNothingLeft();
  });

  it("reports the server's answer", async () => {
    answer = (_, response) => {
      response.statusCode = 404;
      response.end();
    };
    await expect(load({ download: true })).rejects.toThrow(
      `${url}train-images-idx3-ubyte.gz: the server answered 404 Not Found`,
    );
    await expectNothingLeft();
  });

  it("reports a connection that is cut, and works at the next try", async () => {
    answer = (_, response) => {
      response.setHeader("content-length", imageFile.length);
      response.write(imageFile.subarray(0, 10), () => response.destroy());
    };
    const attempt = load({ download: true });
    await expect(attempt).rejects.toThrow(FileFormatError);
    await expect(attempt).rejects.toThrow(/the download failed: terminated .*check the connection/);
    await expectNothingLeft();
    answer = (path, response) => response.end(path.includes("images") ? imageFile : labelFile);
    expect(await load({ download: true })).toHaveLength(2);
  });

  it("reports a server that is not there", async () => {
    server.close();
    await expect(load({ download: true })).rejects.toThrow(
      /the download failed: fetch failed \(.*ECONNREFUSED.*; or without downloading: put the four files of/,
    );
    await expectNothingLeft();
  });

  it("can be stopped", async () => {
    const controller = new AbortController();
    answer = (_, response) => {
      response.write(imageFile.subarray(0, 10));
      setTimeout(() => controller.abort(new Error("enough")), 20);
    };
    await expect(load({ download: true, signal: controller.signal })).rejects.toThrow("enough");
    await expectNothingLeft();
  });
});

it.skipIf(!existsSync("/usr/share/datasets/fashion-mnist"))("reads Debian's Fashion-MNIST", async () => {
  const test = await FashionMNIST.load({ root, train: false });
  expect(test).toBeInstanceOf(FashionMNIST);
  expect([test.length, test.classes[test.labels[0] ?? 0]]).toEqual([10000, "Ankle boot"]);
  expect(test.batch([0, 9999])[0].shape).toEqual([2, 1, 28, 28]);
});
