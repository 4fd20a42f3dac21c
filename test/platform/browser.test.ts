import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { zipOf } from "../../src/io/files.test-helper.ts";
import { saveNpy } from "../../src/io/npy.ts";
import { arange } from "../../src/tensor/create.ts";
import { chromiumArguments, findChromium } from "../setup/neighbours.ts";
import { exchangeFiles, type FilesReport } from "./files.test-helper.ts";
import type { ReadingReport } from "./main-thread.test-helper.ts";
import { type SourceServer, serveSources } from "./source-server.test-helper.ts";
import { type TrainingReport, train } from "./training.test-helper.ts";

const found = findChromium();
const profile = mkdtempSync(join(tmpdir(), "tatami-browser-"));
let browser: BrowserContext | undefined;
let servers: Record<"isolated" | "plain", SourceServer>;

beforeAll(async () => {
  if (found.path === undefined) return;
  servers = { isolated: await serveSources(true), plain: await serveSources(false) };
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: found.path,
    headless: true,
    args: [...chromiumArguments],
  });
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await Promise.all(Object.values(servers ?? {}).map((s) => s.close()));
  rmSync(profile, { recursive: true, force: true });
});

beforeEach((context) => context.skip(found.path === undefined, found.missing));

/** Opens an empty page, evaluates an expression in it and gives its value; what the page complains of is an error. */
async function inPage<T>(kind: "isolated" | "plain", expression: string): Promise<T> {
  const page = (await browser?.newPage()) as Page;
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  try {
    await page.goto(servers[kind].origin);
    const value = await page.evaluate<T>(expression);
    expect(errors).toEqual([]);
    return value;
  } finally {
    await page.close();
  }
}

/** Trains in a module worker of a page. */
async function trainInWorker(kind: "isolated" | "plain"): Promise<TrainingReport> {
  const worker = "/test/platform/training-worker.test-helper.js";
  const answer = await inPage<{ report?: TrainingReport; error?: string }>(
    kind,
    `new Promise((resolve) => {
      const worker = new Worker("${worker}", { type: "module" });
      worker.onmessage = (event) => resolve(event.data);
      worker.onerror = (event) => resolve({ error: "the worker failed: " + event.message });
    })`,
  );
  if (answer.report === undefined) {
    throw new Error(`${answer.error}; not found: ${servers[kind].missing.join() || "nothing"}`);
  }
  return answer.report;
}

describe("training in a worker of a web page", () => {
  const isolated = [2, /^Worker threads that run programs: 2/m] as const;
  const plain = [1, /^Memory cannot be shared.*Cross-Origin-Opener-Policy: same-origin/m] as const;

  test.each([
    ["isolated", ...isolated],
    ["plain", ...plain],
  ] as const)(
    "%s: gives Node's losses to the last bit, on threads: %i",
    async (kind, threads, note) => {
      const [here, there] = [await train(2), await trainInWorker(kind)];
      expect(there.losses).toEqual(here.losses);
      expect(there).toMatchObject({ engine: "wasm", threads, lateCompilations: 0, blocking: here.blocking });
      expect(there.notes.join("\n")).toMatch(note);
      expect(here.losses[4]).toBeLessThan(here.losses[0] as number);
    },
    60_000,
  );
});

describe("the main thread of a web page", () => {
  const readIn = (kind: "isolated" | "plain"): Promise<ReadingReport> =>
    inPage(kind, `import("/test/platform/main-thread.test-helper.js").then((m) => m.readValues(2))`);

  test("reads with await; a blocking read is refused with the way out", async () => {
    const report = await readIn("isolated");
    expect(report).toMatchObject({
      threads: 2,
      array: [
        [7, 10],
        [15, 22],
      ],
      after: 20,
    });
    expect(report.blocking).toMatch(/EngineError.*must not block.*await/);
  }, 60_000);

  test("without isolation there is nothing to wait for, and both ways of reading work", async () => {
    expect(await readIn("plain")).toEqual({
      threads: 1,
      array: [
        [7, 10],
        [15, 22],
      ],
      blocking: "10",
      after: 20,
    });
  }, 60_000);
});

test("files of PyTorch, NumPy and TensorBoard are read and written as in Node", async () => {
  const checkpoint = readFileSync(new URL("../reference/testdata/files/checkpoint.pt", import.meta.url));
  const torch = checkpoint.toString("base64");
  const packed = zipOf({ "y.npy": await saveNpy(arange(1000)) }, { deflate: true });
  const npz = Buffer.from(packed).toString("base64");
  const here = await exchangeFiles(torch, npz);
  const there = await inPage<FilesReport>(
    "plain",
    `import("/test/platform/files.test-helper.js").then((m) => m.exchangeFiles("${torch}", "${npz}"))`,
  );
  expect(there).toEqual({
    ...here,
    folder: expect.stringMatching(/there is no file system here .* pass sink/),
  });
  expect(here).toMatchObject({ events: ["scalar", "image"], folder: "" });
  expect(there.array.length).toBe(1000);
}, 60_000);
