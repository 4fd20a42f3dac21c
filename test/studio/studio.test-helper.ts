/**
 * What the tests of the studio's page stand on: the page, built once for each file of tests, and the fixture's server behind
 * it. `useStage` sets it up, skips where there is no Chromium, and fails a test whose page complained.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { chromiumArguments, findChromium } from "../setup/neighbours.ts";
import { type FixtureServer, serveFixture } from "./fixture-server.test-helper.ts";

const studio = fileURLToPath(new URL("../../studio", import.meta.url));

export interface Stage {
  readonly server: FixtureServer;
  readonly browser: Browser;
  /** Folder of the built page. */
  readonly folder: string;
  /** Opens the page at an address from "?" on; what it complains of is in `complaints`. */
  open(search: string, options?: { width?: number; colorScheme?: "light" | "dark" }): Promise<Page>;
  /** Errors of scripts, and what the Content-Security-Policy refused. */
  readonly complaints: string[];
  close(): Promise<void>;
}

export const chromiumFound: ReturnType<typeof findChromium> = findChromium();

export const launchChromium = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: [...chromiumArguments] });

/** Writes down errors of a page's scripts, and what the Content-Security-Policy refused. */
export function listen(page: Page, complaints: string[]): void {
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|Uncaught/.test(message.text())) complaints.push(message.text());
  });
}

/** The stage of a file of tests, and the page that its test has open, which is closed at the end of it. */
export interface OpenStage {
  readonly stage: Stage;
  readonly page: Page;
  /** Closes the page that is open, and opens it anew. */
  open(...args: Parameters<Stage["open"]>): Promise<Page>;
}

/** Registers what every test of the page needs; called once, at the top of a file. */
export function useStage(): OpenStage {
  let stage: Stage | undefined;
  let page: Page | undefined;
  const there = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("useStage: the page is there inside of a test, after open()");
    return value;
  };
  beforeAll(async () => {
    if (chromiumFound.path !== undefined) stage = await setStage(chromiumFound.path);
  }, 120_000);
  afterAll(() => stage?.close());
  beforeEach((context) => context.skip(chromiumFound.path === undefined, chromiumFound.missing));
  afterEach(async () => {
    await page?.close();
    page = undefined;
    if (stage === undefined) return;
    Object.assign(stage.server, { answers: true, empty: false, gone: "" });
    expect(stage.complaints.splice(0)).toEqual([]);
  });
  return {
    get stage() {
      return there(stage);
    },
    get page() {
      return there(page);
    },
    async open(...args) {
      await page?.close();
      page = await there(stage).open(...args);
      return page;
    },
  };
}

async function setStage(executablePath: string): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "tatami-studio-"));
  await build({
    root: studio,
    configFile: join(studio, "vite.config.ts"),
    logLevel: "error",
    build: { outDir: folder },
  });
  const server = await serveFixture(folder);
  const browser = await launchChromium(executablePath);
  const complaints: string[] = [];
  return {
    server,
    browser,
    folder,
    complaints,
    async open(search, { width = 1280, colorScheme = "light" } = {}) {
      const viewport = { width, height: 800 };
      const page = await browser.newPage({ viewport, colorScheme, locale: "en", reducedMotion: "reduce" });
      page.setDefaultTimeout(10_000);
      listen(page, complaints);
      await page.goto(`${server.origin}/${search}`);
      return page;
    },
    async close() {
      await browser.close();
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
